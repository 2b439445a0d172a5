/// What a computed field is computed from: an expression over the record's own and referenced fields, or a roll-up over
/// records that refer to it. The value is stored, and kept up to date in the unit of work that changes an input.
///
/// The language of expressions: numbers, `"text"`, `true`, `false`, `null`, fields by name and over one reference
/// (`account.industry`); `+ - * /`, `= != < <= > >=`, `and or not`; `if(c, a, b)`, `coalesce`, `round(x, places)`,
/// `min`, `max`, `abs`, `concat`, `days(from, to)`, `date("2026-11-22")`, `empty(x)`.
///
/// Numbers are exact fractions in 128 bits and rounded once, half away from zero, to the field's decimals. Null in,
/// null out; a division by zero and what leaves 128 bits (or the field) is null; amounts of different currencies
/// together are null.
public struct Computed: Hashable, Sendable, Codable {
    /// Nil for a roll-up.
    public let expression: String?
    /// Nil for an expression.
    public let rollUp: RollUp?

    public static func expression(_ text: String) -> Self { Self(expression: text, rollUp: nil) }
    public static func rollUp(_ rollUp: RollUp) -> Self { Self(expression: nil, rollUp: rollUp) }
}

/// A figure over the records of one relation: those of an entity whose reference names the record, or its lines.
/// Records in the recycle bin do not count.
public struct RollUp: Hashable, Sendable, Codable {
    /// `count`, `sum`, `min`, `max` or `average`. Of nothing, count and sum are 0 and the others null.
    public let operation: String
    /// The field of the related records; nil only for `count`.
    public let field: String?
    /// The related entity, or that of the lines.
    public let entity: String
    /// The related entity's reference to this one; `parent` for lines.
    public let reference: String
    /// Which of them count, as an expression of comparisons between fields and constants; nil means all.
    public let filter: String?

    public init(
        _ operation: String, of field: String? = nil, over entity: String, by reference: String,
        where filter: String? = nil
    ) {
        self.operation = operation
        self.field = field
        self.entity = entity
        self.reference = reference
        self.filter = filter
    }

    public static let operations = ["count", "sum", "min", "max", "average"]
}

extension FieldDefinition {
    /// The field is computed from others, and nobody writes it: `.decimal("total", "Total", scale: 2).computed("a *
    /// b")`.
    public func computed(_ expression: String) -> Self { computing(.expression(expression)) }

    /// The field is a figure over related records: `.integer("open", "Open").rollingUp("count", over: "ticket", by:
    /// "account")`.
    public func rollingUp(
        _ operation: String, of field: String? = nil, over entity: String, by reference: String = "parent",
        where filter: String? = nil
    ) -> Self {
        computing(.rollUp(RollUp(operation, of: field, over: entity, by: reference, where: filter)))
    }

    private func computing(_ computed: Computed) -> Self {
        var copy = self
        copy.computed = computed
        copy.isReadOnly = true
        copy.defaultText = nil
        return copy
    }
}
