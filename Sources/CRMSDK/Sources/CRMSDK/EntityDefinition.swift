/// A kind of record: its fields, how it is labelled, sorted and listed.
///
/// Every business entity also has the system fields `id`, `owner`, `created_at`, `created_by`, `modified_at`,
/// `modified_by`, `version`, `deleted_at`, `origin`; they are not listed here.
public struct EntityDefinition: Hashable, Sendable, Codable {
    /// Snake case, singular, unique in the installation.
    public let name: String
    /// What people read, in English.
    public var label: String
    public var pluralLabel: String
    public var fields: [FieldDefinition]
    /// The fields whose values, joined by a space, name a record.
    public var labelFields: [String] = []
    /// The sort of a list that names none: field names, `-` in front for descending. The id always ends it.
    public var defaultSort: [String] = ["-modified_at"]
    /// The columns that a list shows when none are named.
    public var listFields: [String] = []
    /// Further indexes for lists that people use: each names the fields it sorts by, in order.
    public var indexes: [[String]] = []
    /// Who may see and change records when nothing else decides.
    public var sharing: SharingDefault = .publicReadEditDelete
    /// The groups of fields on a form, in order. A heading that a field names and this list does not comes last.
    public var sections: [SectionDefinition] = []
    /// Rules of records on whose fields nobody but an administrator may write: users, roles, currencies.
    public var isAdministrative = false
    /// The entity whose records these lines belong to; nil for an entity of records.
    ///
    /// A line has the system fields `id`, `parent` and `position` (1 … n) and no others; who may see and change it is
    /// decided by its record.
    public var lineOf: String?

    public init(_ name: String, label: String, plural: String, fields: [FieldDefinition]) {
        self.name = name
        self.label = label
        self.pluralLabel = plural
        self.fields = fields
    }

    /// Lines of records of `parent`, which has one field `FieldType.lines(of:)` for them.
    ///
    /// All kinds of fields are permitted but owner, autonumber and lines, and none is unique.
    public static func line(
        _ name: String, of parent: String, label: String, plural: String, fields: [FieldDefinition]
    ) -> Self {
        var definition = Self(name, label: label, plural: plural, fields: fields)
        definition.lineOf = parent
        definition.defaultSort = ["parent", "position"]
        definition.listFields = ["parent", "position"] + fields.prefix(6).map(\.name)
        return definition
    }
}

extension EntityDefinition {
    public func labelled(by fields: String...) -> Self { changing { $0.labelFields = fields } }
    public func sorted(by fields: String...) -> Self { changing { $0.defaultSort = fields } }
    public func listing(_ fields: String...) -> Self { changing { $0.listFields = fields } }
    /// One more index over these fields, in this order.
    public func index(_ fields: String...) -> Self { changing { $0.indexes.append(fields) } }
    public func sharing(_ sharing: SharingDefault) -> Self { changing { $0.sharing = sharing } }
    public func administrative() -> Self { changing { $0.isAdministrative = true } }

    private func changing(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }
}

/// A group of fields on a form. A field belongs to it by naming its key in `FieldDefinition.section`.
public struct SectionDefinition: Hashable, Sendable, Codable {
    /// Stable: the heading that the module gave first.
    public let key: String
    /// What people read, in English.
    public var label: String
    /// The order of its fields by name; those that are not named follow in the order of their making.
    public var fields: [String] = []

    public init(_ key: String, label: String? = nil) {
        self.key = key
        self.label = label ?? key
    }
}

/// What everyone may do with the records of an entity when neither ownership nor a rule decides.
public struct SharingDefault: Hashable, Sendable, Codable {
    /// Snake case, as `sharing.*` takes it.
    public let name: String

    init(_ name: String) { self.name = name }

    public static let `private` = Self("private")
    public static let publicRead = Self("public_read")
    public static let publicReadEdit = Self("public_read_edit")
    public static let publicReadEditDelete = Self("public_read_edit_delete")
    /// Owners do not matter: the right to the entity alone decides.
    public static let notShareable = Self("not_shareable")

    public static let all = [`private`, publicRead, publicReadEdit, publicReadEditDelete, notShareable]
}

/// Fields that a module adds to an entity of another module or of the kernel.
///
/// Sleeps while that entity is not there, and wakes when its module is enabled.
public struct EntityExtension: Hashable, Sendable, Codable {
    public let entity: String
    /// Names start with the module's name.
    public var fields: [FieldDefinition]

    public init(_ entity: String, fields: [FieldDefinition]) {
        self.entity = entity
        self.fields = fields
    }
}
