/// Figures over many records: `record.aggregate` of the wire, as a module asks for it.
public struct AggregateRequest: Hashable, Sendable {
    public let entity: String
    public var filter: Filter?
    /// The groups' keys, outermost first; none means one group of everything.
    public var groupBy: [Grouping]
    public var measures: [Measure]

    public init(
        _ entity: String, where filter: Filter? = nil, groupBy: [Grouping] = [], measures: [Measure]
    ) {
        self.entity = entity
        self.filter = filter
        self.groupBy = groupBy
        self.measures = measures
    }

    /// One key: a field's value, or for dates the span of time that the value is in.
    public struct Grouping: Hashable, Sendable {
        public let field: String
        /// `day`, `week`, `month`, `quarter`, `year`; nil for the value itself.
        public let span: Span?

        public init(_ field: String, by span: Span? = nil) {
            self.field = field
            self.span = span
        }
    }

    /// A span of the calendar. Keys of groups are its ISO 8601 words: `2026-11-22`, `2026-W47`, `2026-11`,
    /// `2026-Q4`, `2026`.
    public struct Span: Hashable, Sendable {
        public let name: String

        init(_ name: String) { self.name = name }

        public static let day = Self("day")
        public static let week = Self("week")
        public static let month = Self("month")
        public static let quarter = Self("quarter")
        public static let year = Self("year")

        public static let all = [day, week, month, quarter, year]
    }

    /// One figure per group. Empty values do not count; a sum of mixed currencies is refused, so group by currency.
    public struct Measure: Hashable, Sendable {
        /// `count`, `sum`, `min`, `max`.
        public let operation: String
        /// Nil for `count`.
        public let field: String?

        init(_ operation: String, _ field: String?) {
            self.operation = operation
            self.field = field
        }

        public static let count = Self("count", nil)
        public static func sum(_ field: String) -> Self { Self("sum", field) }
        public static func minimum(_ field: String) -> Self { Self("min", field) }
        public static func maximum(_ field: String) -> Self { Self("max", field) }
    }
}

/// One group's keys and figures, in the order of the request.
public struct AggregateGroup: Hashable, Sendable {
    /// Null for the group of records without a value.
    public let keys: [Value]
    /// `count` is an integer; the others have the field's kind, or null when there was nothing to sum.
    public let figures: [Value]

    public init(keys: [Value], figures: [Value]) {
        self.keys = keys
        self.figures = figures
    }
}
