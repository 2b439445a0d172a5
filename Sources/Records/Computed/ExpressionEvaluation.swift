import CRMSDK
import Registry

/// Computes an expression. Null in, null out, but for `and`, `or`, `if`, `coalesce` and `empty`.
struct ExpressionEvaluation {
    /// The value at a path; null for what is not there.
    let value: ([String]) throws(CRMError) -> Value
    /// As a filter takes it: every comparison is true or false, for null too, and only `!=` holds for it.
    var isFilter = false

    func evaluate(_ expression: Expression) throws(CRMError) -> ExpressionValue {
        switch expression {
        case .null: return .null
        case .flag(let flag): return .flag(flag)
        case .number(let number): return .number(Fraction(number.units, scale: number.scale))
        case .text(let text): return .text(text)
        case .path(let names): return ExpressionValue(try value(names))
        case .negated(let inner):
            guard let measure = try evaluate(inner).measure else { return .null }
            return ExpressionValue(measure.number.negated(), in: measure.currency)
        case .not(let inner):
            let flag = try evaluate(inner).flag
            if isFilter { return .flag(flag != true) }
            return flag.map { .flag(!$0) } ?? .null
        case .binary(.and, let left, let right): return try joined(left, right, decidedBy: false)
        case .binary(.or, let left, let right): return try joined(left, right, decidedBy: true)
        case .binary(let sign, let left, let right):
            let (one, two) = (try evaluate(left), try evaluate(right))
            return sign.isComparison ? compared(sign, one, two) : computed(sign, one, two)
        case .call(let function, let arguments): return try call(function, arguments)
        }
    }

    /// `and` is decided by a false, `or` by a true, whatever the other side is.
    private func joined(
        _ left: Expression, _ right: Expression, decidedBy decisive: Bool
    ) throws(CRMError) -> ExpressionValue {
        let one = try evaluate(left).flag
        if one == decisive { return .flag(decisive) }
        let two = try evaluate(right).flag
        if two == decisive { return .flag(decisive) }
        return one == nil || two == nil ? .null : .flag(!decisive)
    }

    private func compared(
        _ sign: Expression.Operator, _ left: ExpressionValue, _ right: ExpressionValue
    ) -> ExpressionValue {
        guard let order = left.compared(with: right) else {
            return isFilter ? .flag(sign == .notEqual) : .null
        }
        switch sign {
        case .equal: return .flag(order == 0)
        case .notEqual: return .flag(order != 0)
        case .less: return .flag(order < 0)
        case .lessOrEqual: return .flag(order <= 0)
        case .greater: return .flag(order > 0)
        default: return .flag(order >= 0)
        }
    }

    private func computed(
        _ sign: Expression.Operator, _ left: ExpressionValue, _ right: ExpressionValue
    ) -> ExpressionValue {
        if case .date(let date) = left, case .number(let days) = right {
            guard let whole = days.units(scale: 0), whole.magnitude < 10_000_000 else { return .null }
            return .date(date.adding(days: sign == .minus ? -whole : whole))
        }
        guard let one = left.measure, let two = right.measure else { return .null }
        if let first = one.currency, let second = two.currency, first != second { return .null }
        switch sign {
        case .plus: return ExpressionValue(one.number.adding(two.number), in: one.currency ?? two.currency)
        case .minus:
            return ExpressionValue(one.number.subtracting(two.number), in: one.currency ?? two.currency)
        case .times:
            return ExpressionValue(one.number.multiplied(by: two.number), in: one.currency ?? two.currency)
        default:
            // An amount by an amount is a number.
            return ExpressionValue(
                one.number.divided(by: two.number), in: two.currency == nil ? one.currency : nil)
        }
    }

    private func call(
        _ function: Expression.Function, _ arguments: [Expression]
    ) throws(CRMError) -> ExpressionValue {
        switch function {
        case .if: return try evaluate(arguments[try evaluate(arguments[0]).flag == true ? 1 : 2])
        case .coalesce:
            for argument in arguments {
                let value = try evaluate(argument)
                if value != .null { return value }
            }
            return .null
        case .empty: return .flag(try evaluate(arguments[0]) == .null)
        default: break
        }
        var values: [ExpressionValue] = []
        for argument in arguments {
            let value = try evaluate(argument)
            guard value != .null else { return .null }
            values.append(value)
        }
        return plain(function, values)
    }

    /// Functions of values of which none is null.
    private func plain(_ function: Expression.Function, _ values: [ExpressionValue]) -> ExpressionValue {
        switch function {
        case .round:
            guard let measure = values[0].measure, let places = values[1].measure?.number.units(scale: 0),
                let units = measure.number.units(scale: Int(places))
            else { return .null }
            return ExpressionValue(Fraction(units, scale: Int(places)), in: measure.currency)
        case .abs:
            guard let measure = values[0].measure else { return .null }
            let positive = measure.number.numerator < 0 ? measure.number.negated() : measure.number
            return ExpressionValue(positive, in: measure.currency)
        case .min, .max:
            var best = values[0]
            for value in values.dropFirst() {
                guard let order = value.compared(with: best) else { return .null }
                if function == .min ? order < 0 : order > 0 { best = value }
            }
            return best
        case .concat:
            return .text(values.map { if case .text(let text) = $0 { text } else { "" } }.joined())
        case .days:
            guard case .date(let from) = values[0], case .date(let to) = values[1] else { return .null }
            return .number(Fraction(to.daysSince1970 - from.daysSince1970, scale: 0))
        case .date:
            guard case .text(let text) = values[0], let date = CalendarDate(text) else { return .null }
            return .date(date)
        case .if, .coalesce, .empty: return .null
        }
    }
}
