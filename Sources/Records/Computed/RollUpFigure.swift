import CRMSDK
import Registry

/// A figure over lines that are at hand, one after the other.
struct RollUpFigure {
    private let rollUp: RollUp
    private var count: Int64 = 0
    private var sum: ExpressionValue = .number(.zero)
    private var best: ExpressionValue = .null
    /// Amounts of several currencies were met, or 128 bits were left.
    private var isLost = false

    init(_ rollUp: RollUp) { self.rollUp = rollUp }

    mutating func add(_ value: ExpressionValue) {
        guard value != .null || rollUp.field == nil else { return }
        count += 1
        switch rollUp.operation {
        case "sum", "average":
            guard let one = sum.measure, let two = value.measure,
                one.currency == nil || two.currency == nil || one.currency == two.currency,
                let total = one.number.adding(two.number)
            else { return isLost = true }
            sum = ExpressionValue(total, in: one.currency ?? two.currency)
        case "min", "max":
            guard best != .null else { return best = value }
            guard let order = value.compared(with: best) else { return isLost = true }
            if rollUp.operation == "min" ? order < 0 : order > 0 { best = value }
        default: break
        }
    }

    var value: ExpressionValue {
        if isLost { return .null }
        switch rollUp.operation {
        case "count": return .number(Fraction(count, scale: 0))
        case "sum": return sum
        case "average": return Self.average(sum, count)
        default: return best
        }
    }

    /// Null for the average of nothing.
    static func average(_ sum: ExpressionValue, _ count: Int64) -> ExpressionValue {
        guard let measure = sum.measure, count > 0 else { return .null }
        return ExpressionValue(measure.number.divided(by: Fraction(count, scale: 0)), in: measure.currency)
    }
}
