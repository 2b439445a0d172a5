import CRMSDK
import Registry
import Text

/// A value on its way through an expression.
enum ExpressionValue: Hashable {
    case null
    case number(Fraction)
    /// Nil: a number that stands for an amount of any currency.
    case amount(Fraction, CurrencyCode)
    case text(String)
    case date(CalendarDate)
    case flag(Bool)
    /// There, and good for `empty` only.
    case something

    init(_ value: Value) {
        self =
            switch value {
            case .null: .null
            case .bool(let payload): .flag(payload)
            case .integer(let payload): .number(Fraction(payload, scale: 0))
            case .decimal(let payload): .number(Fraction(payload.units, scale: payload.scale))
            case .money(let payload): .amount(Fraction(payload.tenThousandths, scale: 4), payload.currency)
            case .text(let payload): .text(payload)
            case .date(let payload): .date(payload)
            default: .something
            }
    }

    init(_ number: Fraction?, in currency: CurrencyCode? = nil) {
        guard let number else {
            self = .null
            return
        }
        self = currency.map { .amount(number, $0) } ?? .number(number)
    }

    var flag: Bool? { if case .flag(let value) = self { value } else { nil } }

    /// The number, and the currency that it is in.
    var measure: (number: Fraction, currency: CurrencyCode?)? {
        switch self {
        case .number(let number): (number, nil)
        case .amount(let number, let currency): (number, currency)
        default: nil
        }
    }

    /// Rounded to what the field holds; null where it does not fit.
    ///
    /// - Parameter currency: What an amount in the field is in; another one does not fit.
    func stored(_ field: Field, currency: CurrencyCode) -> Value {
        switch (field.wire, self) {
        case (.integer, .number(let number)): return number.units(scale: 0).map { .integer($0) } ?? .null
        case (.decimal(let scale), .number(let number)):
            return number.units(scale: scale).map { .decimal(FixedDecimal(units: $0, scale: scale)) } ?? .null
        case (.money, .number(let number)):
            return number.units(scale: 4).map { .money(Money(tenThousandths: $0, currency: currency)) }
                ?? .null
        case (.money, .amount(let number, currency)):
            return number.units(scale: 4).map { .money(Money(tenThousandths: $0, currency: currency)) }
                ?? .null
        case (.boolean, .flag(let value)): return .bool(value)
        case (.date, .date(let date)): return .date(date)
        case (.string, .text(let text)):
            return text.isEmpty ? .null : .text(String(text.prefix(field.type.maximumLength ?? 255)))
        default: return .null
        }
    }

    /// −1, 0, 1; nil where one is null or they do not compare. Texts are compared folded, as lists do.
    func compared(with other: ExpressionValue) -> Int? {
        if let left = measure, let right = other.measure {
            if let one = left.currency, let two = right.currency, one != two { return nil }
            return left.number.compared(with: right.number)
        }
        switch (self, other) {
        case (.text(let left), .text(let right)):
            let (one, two) = (TextFolding.fold(left), TextFolding.fold(right))
            return one == two ? 0 : Array(one.utf8).lexicographicallyPrecedes(two.utf8) ? -1 : 1
        case (.date(let left), .date(let right)): return left == right ? 0 : left < right ? -1 : 1
        case (.flag(let left), .flag(let right)): return left == right ? 0 : left ? 1 : -1
        default: return nil
        }
    }
}
