/// A method that a module adds to the platform: `<module>.<name>`, described, validated and dispatched by the kernel.
public struct Action: Sendable {
    public typealias Body = @Sendable (StructuredValue, any ModuleContext) throws(CRMError) -> StructuredValue

    /// Whether the action writes. A reader never waits for the writer.
    public struct Effect: Hashable, Sendable {
        public let name: String

        init(_ name: String) { self.name = name }

        public static let reads = Self("reads")
        /// One unit of work: all of it or nothing.
        public static let writes = Self("writes")
    }

    /// Snake case, without the module's name.
    public let name: String
    /// One line for the list of methods.
    public var summary: String
    /// Whole sentences: meaning, effects, refusals.
    public var description: String
    public var parameters: [Parameter]
    public var result: ParameterType
    public var effect: Effect
    /// Refused at once to callers without this right.
    public var requires: AccessRight?
    public let body: Body

    public init(
        _ name: String, _ effect: Effect, summary: String, description: String = "",
        parameters: [Parameter] = [],
        result: ParameterType = .object([]), requires: AccessRight? = nil, _ body: @escaping Body
    ) {
        self.name = name
        self.effect = effect
        self.summary = summary
        self.description = description
        self.parameters = parameters
        self.result = result
        self.requires = requires
        self.body = body
    }
}

/// One named parameter of a method, or one member of an object.
public struct Parameter: Hashable, Sendable {
    public let name: String
    public let type: ParameterType
    public let isRequired: Bool
    /// One sentence: meaning, unit, range.
    public let summary: String

    public init(_ name: String, _ type: ParameterType, _ summary: String, required: Bool = false) {
        self.name = name
        self.type = type
        self.summary = summary
        self.isRequired = required
    }
}

/// The shape of a parameter or a result.
public struct ParameterType: Hashable, Sendable {
    @frozen
    public indirect enum Shape: Hashable, Sendable {
        /// A value of a field type: validated by the registry's implementation of it.
        case field(FieldType)
        case list(ParameterType)
        case object([Parameter])
        /// Field values of a record of the named entity; nil when another parameter names the entity.
        case values(entity: String?)
        /// A whole record, as a read answers it.
        case record(entity: String?)
        case filter
        /// Anything that JSON can say.
        case any
    }

    public let shape: Shape

    public init(_ shape: Shape) { self.shape = shape }

    public static func field(_ type: FieldType) -> Self { Self(.field(type)) }
    public static func list(of element: ParameterType) -> Self { Self(.list(element)) }
    public static func object(_ members: [Parameter]) -> Self { Self(.object(members)) }
    public static func values(of entity: String?) -> Self { Self(.values(entity: entity)) }
    public static func record(of entity: String?) -> Self { Self(.record(entity: entity)) }
    public static var filter: Self { Self(.filter) }
    public static var any: Self { Self(.any) }

    public static var text: Self { .field(.text(maximumLength: 65_536)) }
    public static var integer: Self { .field(.integer) }
    public static var boolean: Self { .field(.boolean) }
    public static var date: Self { .field(.date) }
    public static func id(of entities: String...) -> Self { .field(.reference(to: entities)) }
}

/// A right to do something with an entity's records.
public struct AccessRight: Hashable, Sendable {
    public let entity: String
    public let verb: AccessVerb

    public init(_ verb: AccessVerb, _ entity: String) {
        self.verb = verb
        self.entity = entity
    }
}

/// What may be done with records; the actions of a profile's matrix.
public struct AccessVerb: Hashable, Sendable {
    /// Snake case.
    public let name: String

    init(_ name: String) { self.name = name }

    public static let view = Self("view")
    public static let create = Self("create")
    public static let edit = Self("edit")
    public static let delete = Self("delete")
    public static let `import` = Self("import")
    public static let export = Self("export")

    public static let all = [view, create, edit, delete, `import`, export]

    /// A verb of a module's own, such as `convert_lead`.
    public static func utility(_ name: String) -> Self { Self(name) }
}
