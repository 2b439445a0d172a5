/// What a field of a record holds. The list is final; `other` carries whatever comes later.
@frozen
public enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case decimal(FixedDecimal)
    case money(Money)
    case text(String)
    case bytes([UInt8])
    case date(CalendarDate)
    case time(TimeOfDay)
    case instant(Instant)
    case reference(RecordID)
    case list([Value])
    case other(ExtendedValue)

    @inlinable
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// The payload if the value is of that case; nil otherwise, for null too.
    public var bool: Bool? { if case .bool(let payload) = self { payload } else { nil } }
    public var integer: Int64? { if case .integer(let payload) = self { payload } else { nil } }
    public var decimal: FixedDecimal? { if case .decimal(let payload) = self { payload } else { nil } }
    public var money: Money? { if case .money(let payload) = self { payload } else { nil } }
    public var text: String? { if case .text(let payload) = self { payload } else { nil } }
    public var bytes: [UInt8]? { if case .bytes(let payload) = self { payload } else { nil } }
    public var date: CalendarDate? { if case .date(let payload) = self { payload } else { nil } }
    public var time: TimeOfDay? { if case .time(let payload) = self { payload } else { nil } }
    public var instant: Instant? { if case .instant(let payload) = self { payload } else { nil } }
    public var reference: RecordID? { if case .reference(let payload) = self { payload } else { nil } }
    public var list: [Value]? { if case .list(let payload) = self { payload } else { nil } }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .null }
}

/// A value of a kind that came after the list of `Value` was settled: the lines of a record, or a kind that this SDK
/// does not know yet, as its name and an opaque encoding.
public struct ExtendedValue: Hashable, Sendable {
    public let kind: String
    public let encoded: [UInt8]
    /// The lines of a record, or those that a change sets; nil for every other kind.
    public let lines: [Line]?
    /// The lines that a change removes; nil where `lines` are all lines of the record.
    public let removed: [RecordID]?

    public init(kind: String, encoded: [UInt8]) {
        self.kind = kind
        self.encoded = encoded
        lines = nil
        removed = nil
    }

    init(lines: [Line], removed: [RecordID]?) {
        kind = removed == nil ? "lines" : "line_change"
        encoded = []
        self.lines = lines
        self.removed = removed
    }
}

/// A value or a structure of them: what an action is given and answers.
public struct StructuredValue: Hashable, Sendable {
    @frozen
    public enum Content: Hashable, Sendable {
        case value(Value)
        case list([StructuredValue])
        /// In the order in which the members are written.
        case object([Member])
    }

    public struct Member: Hashable, Sendable {
        public let name: String
        public let value: StructuredValue

        public init(_ name: String, _ value: StructuredValue) {
            self.name = name
            self.value = value
        }
    }

    public let content: Content

    public init(_ content: Content) { self.content = content }

    public static func value(_ value: Value) -> Self { Self(.value(value)) }
    public static func list(_ elements: [StructuredValue]) -> Self { Self(.list(elements)) }
    public static func object(_ members: KeyValuePairs<String, StructuredValue>) -> Self {
        Self(.object(members.map { Member($0.key, $0.value) }))
    }
    public static func object(_ members: [Member]) -> Self { Self(.object(members)) }

    /// The member of that name; nil if this is no object or has none.
    public subscript(name: String) -> StructuredValue? {
        guard case .object(let members) = content else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The plain value; null for a list or an object.
    public var value: Value { if case .value(let value) = content { value } else { .null } }

    public var elements: [StructuredValue] { if case .list(let elements) = content { elements } else { [] } }
}
