import CRMSDK

/// An amount in a document's currency while it is computed: ten-thousandths in 128 bits, so that no sum overflows.
/// What is stored is checked when it becomes `Money`.
struct Amount: Hashable, Comparable, Sendable {
    let tenThousandths: Int128

    static let zero = Amount(tenThousandths: 0)

    init(tenThousandths: Int128) { self.tenThousandths = tenThousandths }

    /// The amount without its currency; nil counts as nothing.
    init(_ money: Money?) { tenThousandths = Int128(money?.tenThousandths ?? 0) }

    static func < (left: Self, right: Self) -> Bool { left.tenThousandths < right.tenThousandths }
    static func + (left: Self, right: Self) -> Self {
        Self(tenThousandths: left.tenThousandths + right.tenThousandths)
    }
    static func - (left: Self, right: Self) -> Self {
        Self(tenThousandths: left.tenThousandths - right.tenThousandths)
    }
    static func += (left: inout Self, right: Self) { left = left + right }

    /// Nil outside the range of money.
    func money(_ currency: CurrencyCode) -> Money? {
        Int64(exactly: tenThousandths).map { Money(tenThousandths: $0, currency: currency) }
    }
}

extension Sequence<Amount> {
    func sum() -> Amount { reduce(.zero, +) }
}

/// How amounts of one currency are written: its code, its decimals, and what becomes of the digit that does not fit.
/// `R` of the rules is `rounded` here, the only place where a document's figures lose digits.
struct Denomination: Hashable, Sendable {
    let code: CurrencyCode
    /// 0–4: JPY 0, EUR 2, KWD 3.
    let decimals: Int
    var rounding = RoundingRule.halfUp

    /// `numerator ÷ 10^scale`, rounded to the currency's decimals; `scale` ≥ 4.
    func rounded(_ numerator: Int128, scale: Int) -> Amount {
        quotient(numerator, by: Self.powerOfTen(scale - 4))
    }

    /// `numerator ÷ divisor` ten-thousandths, rounded to the currency's decimals; `divisor` > 0.
    func quotient(_ numerator: Int128, by divisor: Int128) -> Amount {
        Amount(tenThousandths: rounding.quotient(numerator, by: divisor * unit) * unit)
    }

    /// `amount × percent ÷ 100`, rounded.
    func percentage(_ percent: FixedDecimal, of amount: Amount) -> Amount {
        rounded(amount.tenThousandths * Int128(percent.units), scale: 4 + percent.scale + 2)
    }

    /// Ten-thousandths in the smallest unit of the currency: 100 for one with two decimals.
    var unit: Int128 { Self.powerOfTen(4 - decimals) }

    /// Whether an amount has no more decimals than the currency.
    func isWhole(_ amount: Amount) -> Bool { amount.tenThousandths % unit == 0 }

    /// As it is printed: `12.30`, `1250`.
    func text(_ amount: Amount) -> String {
        let sign = amount.tenThousandths < 0 ? "-" : ""
        let digits = String(amount.tenThousandths.magnitude / UInt128(unit))
        guard decimals > 0 else { return sign + digits }
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        return "\(sign)\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
    }

    private static func powerOfTen(_ exponent: Int) -> Int128 { Int128(FixedDecimal.powerOfTen(exponent)) }
}
