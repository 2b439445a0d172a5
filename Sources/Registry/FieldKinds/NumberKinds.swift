import CRMSDK

/// True or false.
struct BooleanKind: FieldKind {
    let name = "boolean"
    let storage = StorageClass.integer
    let comparisons = FilterOperator.forChoice
    let ordering: Ordering? = .stored

    func wire(_ type: FieldType) -> WireForm { .boolean }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard case .bool = value else { throw .type(field, wants: "true or false") }
        return value
    }

    /// `true`, `yes`, `1` and `false`, `no`, `0`, in any case.
    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        switch text.lowercased() {
        case "true", "yes", "1": .bool(true)
        case "false", "no", "0": .bool(false)
        default: throw .type(field, wants: "true or false")
        }
    }
}

/// A whole number in 64 bits.
struct IntegerKind: FieldKind {
    let name = "integer"
    let storage = StorageClass.integer
    let comparisons = FilterOperator.forOrder
    let ordering: Ordering? = .stored

    func wire(_ type: FieldType) -> WireForm { .integer }

    func problems(in type: FieldType) -> [String] { NumberRules.rangeProblems(type, scale: 0) }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard case .integer(let number) = value else { throw .type(field, wants: "a whole number") }
        try NumberRules.checkRange(FixedDecimal(units: number, scale: 0), field)
        return value
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard let number = Int64(text), !text.hasPrefix("+") else {
            throw .type(field, wants: "a whole number")
        }
        return try accept(.integer(number), for: field)
    }
}

/// An exact decimal with the field's number of decimals.
struct DecimalKind: FieldKind {
    let name = "decimal"
    let storage = StorageClass.integer
    let comparisons = FilterOperator.forOrder
    let ordering: Ordering? = .stored

    func wire(_ type: FieldType) -> WireForm { .decimal(scale: type.scale ?? 2) }

    func problems(in type: FieldType) -> [String] { NumberRules.problems(type) }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try NumberRules.decimal(value, field)
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try NumberRules.parse(text, field)
    }
}

/// A percentage: 100 is all of it. The field says its range, 0–100 unless it is given another.
struct PercentKind: FieldKind {
    let name = "percent"
    let storage = StorageClass.integer
    let comparisons = FilterOperator.forOrder
    let ordering: Ordering? = .stored

    func wire(_ type: FieldType) -> WireForm { .decimal(scale: type.scale ?? 2) }

    func problems(in type: FieldType) -> [String] { NumberRules.problems(type) }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try NumberRules.decimal(value, field)
    }

    /// A percent sign behind the number is permitted.
    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        try NumberRules.parse(text.hasSuffix("%") ? String(text.dropLast()) : text, field)
    }
}

/// An exact amount. Where the value names no currency (a decimal at scale 4) the record's is meant.
struct MoneyKind: FieldKind {
    let name = "money"
    let storage = StorageClass.integer
    let comparisons = FilterOperator.forOrder
    let ordering: Ordering? = .stored

    func wire(_ type: FieldType) -> WireForm { .money }

    func problems(in type: FieldType) -> [String] { NumberRules.rangeProblems(type, scale: 4) }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        switch value {
        case .money(let money):
            try NumberRules.checkRange(FixedDecimal(units: money.tenThousandths, scale: 4), field)
            return value
        case .decimal(let amount):
            guard let exact = try? amount.rescaled(to: 4) else {
                throw FieldRefusal("range", "\(field.label) is out of the range of money")
            }
            try NumberRules.checkRange(exact, field)
            return .decimal(exact)
        default:
            throw .type(field, wants: "an amount such as \"12.50\", or an amount with a currency")
        }
    }

    /// `12.50` in the record's currency, or `12.50 EUR`.
    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        let parts = text.split(separator: " ")
        do throws(CRMError) {
            if parts.count == 2, let currency = CurrencyCode(parts[1]) {
                return try accepting(.money(Money(parsing: parts[0], currency: currency)), field)
            }
            return try accepting(.decimal(FixedDecimal(parsing: text, scale: 4)), field)
        } catch {
            throw FieldRefusal("type", "\(field.label): \(error.message)")
        }
    }

    private func accepting(_ value: Value, _ field: FieldDefinition) throws(CRMError) -> Value {
        do throws(FieldRefusal) {
            return try accept(value, for: field)
        } catch {
            throw CRMError(.invalidParameters, error.message)
        }
    }
}

enum NumberRules {
    static func problems(_ type: FieldType) -> [String] {
        let scale = type.scale ?? 2
        guard (0...6).contains(scale) else { return ["a decimal has 0 to 6 decimals, not \(scale)"] }
        return rangeProblems(type, scale: scale)
    }

    static func rangeProblems(_ type: FieldType, scale: Int) -> [String] {
        var problems: [String] = []
        var bounds: [FixedDecimal] = []
        for bound in [type.minimum, type.maximum].compactMap({ $0 }) {
            do throws(CRMError) {
                bounds.append(try FixedDecimal(parsing: bound, scale: scale))
            } catch {
                problems.append("the range: \(error.message)")
            }
        }
        if bounds.count == 2, bounds[0].units > bounds[1].units { problems.append("the range is empty") }
        return problems
    }

    static func decimal(_ value: Value, _ field: FieldDefinition) throws(FieldRefusal) -> Value {
        let scale = field.type.scale ?? 2
        let exact: FixedDecimal
        switch value {
        case .decimal(let number):
            guard let rescaled = try? number.rescaled(to: scale),
                (try? rescaled.rescaled(to: number.scale)) == number
            else {
                throw FieldRefusal("range", "\(field.label) has at most \(scale) decimals and 64 bits")
            }
            exact = rescaled
        case .integer(let number):
            guard let rescaled = try? FixedDecimal(units: number, scale: 0).rescaled(to: scale) else {
                throw FieldRefusal("range", "\(field.label) is out of range")
            }
            exact = rescaled
        default:
            throw .type(field, wants: "a decimal number such as \"12.50\"")
        }
        try checkRange(exact, field)
        return .decimal(exact)
    }

    static func parse(_ text: String, _ field: FieldDefinition) throws(FieldRefusal) -> Value {
        let number: FixedDecimal
        do throws(CRMError) {
            number = try FixedDecimal(parsing: text, scale: field.type.scale ?? 2)
        } catch {
            throw FieldRefusal("type", "\(field.label): \(error.message)")
        }
        return try decimal(.decimal(number), field)
    }

    static func checkRange(_ number: FixedDecimal, _ field: FieldDefinition) throws(FieldRefusal) {
        if let text = field.type.minimum, let bound = try? FixedDecimal(parsing: text, scale: number.scale),
            number.units < bound.units
        {
            throw FieldRefusal("range", "\(field.label) \(number.text(minimumDecimals: 0)) is below \(text)")
        }
        if let text = field.type.maximum, let bound = try? FixedDecimal(parsing: text, scale: number.scale),
            number.units > bound.units
        {
            throw FieldRefusal("range", "\(field.label) \(number.text(minimumDecimals: 0)) is above \(text)")
        }
    }
}
