/// Which records are meant: conditions joined by all, any and not.
///
/// Data, not text: values are bound, never written into a statement.
public struct Filter: Hashable, Sendable {
    @frozen
    public indirect enum Node: Hashable, Sendable {
        case condition(FilterCondition)
        case all([Filter])
        case any([Filter])
        case not(Filter)
    }

    public let node: Node

    public init(_ node: Node) { self.node = node }

    public static func all(_ filters: [Filter]) -> Self { Self(.all(filters)) }
    public static func any(_ filters: [Filter]) -> Self { Self(.any(filters)) }
    public static func not(_ filter: Filter) -> Self { Self(.not(filter)) }

    /// `.where("account.industry", .equal, "banking")`
    public static func `where`(_ path: String, _ comparison: FilterOperator, _ value: Value = .null) -> Self {
        Self(.condition(FilterCondition(path: path, comparison: comparison, operand: value)))
    }
}

/// One comparison of a filter.
public struct FilterCondition: Hashable, Sendable {
    /// A field's name, or a path over references: `account.parent_account.industry`.
    public let path: String
    public let comparison: FilterOperator
    /// A list for `in` and `between`, a phrase such as "this quarter" for `within`, null for the empty tests.
    public let operand: Value

    public init(path: String, comparison: FilterOperator, operand: Value) {
        self.path = path
        self.comparison = comparison
        self.operand = operand
    }
}

/// How a field is compared; the words of the wire contract.
///
/// Null is no value: only `isEmpty`, `notEqual` and `notIn` hold for it, as people expect of "not X".
public struct FilterOperator: Hashable, Sendable {
    /// As it stands on the wire: `=`, `not in`, `starts with`.
    public let symbol: String

    init(_ symbol: String) { self.symbol = symbol }

    public init?(symbol: String) {
        guard let known = Self.all.first(where: { $0.symbol == symbol }) else { return nil }
        self = known
    }

    public static let equal = Self("=")
    public static let notEqual = Self("!=")
    public static let less = Self("<")
    public static let lessOrEqual = Self("<=")
    public static let greater = Self(">")
    public static let greaterOrEqual = Self(">=")
    public static let isIn = Self("in")
    public static let isNotIn = Self("not in")
    public static let contains = Self("contains")
    public static let startsWith = Self("starts with")
    public static let endsWith = Self("ends with")
    public static let isEmpty = Self("is empty")
    public static let isNotEmpty = Self("is not empty")
    /// Both ends inclusive.
    public static let between = Self("between")
    /// A span of time in the caller's zone: "today", "this quarter", "last 30 days".
    public static let within = Self("within")
    /// At most so far from a point: a list of the point and the distance, as `GeoCircle` reads them.
    public static let near = Self("near")

    public static let all: [Self] = [
        .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isIn, .isNotIn, .contains,
        .startsWith,
        .endsWith, .isEmpty, .isNotEmpty, .between, .within, .near,
    ]
}

/// What a list asks for.
public struct ListRequest: Hashable, Sendable {
    public let entity: String
    public var filter: Filter?
    /// Fields to read; empty means all that the caller may see.
    public var fields: [String] = []
    /// Field names, `-` in front for descending; empty means the entity's default.
    public var sort: [String] = []
    /// 1 … 1,000.
    public var limit = 50

    public init(_ entity: String, where filter: Filter? = nil, sort: [String] = [], limit: Int = 50) {
        self.entity = entity
        self.filter = filter
        self.sort = sort
        self.limit = limit
    }
}
