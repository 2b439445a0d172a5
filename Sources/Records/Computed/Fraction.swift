/// An exact number: a fraction of 128-bit integers, shortened, with a positive denominator.
///
/// Every operation answers nil where the exact result does not fit, and for a division by zero.
struct Fraction: Hashable {
    let numerator: Int128
    let denominator: Int128

    /// - Parameter denominator: not 0.
    init?(_ numerator: Int128, over denominator: Int128) {
        guard denominator != 0, numerator != .min, denominator != .min else { return nil }
        let divisor = Self.divisor(numerator, denominator) * denominator.signum()
        self.numerator = numerator / divisor
        self.denominator = denominator / divisor
    }

    init(_ units: Int64, scale: Int) {
        var divisor: Int128 = 1
        for _ in 0..<scale { divisor *= 10 }
        let shared = Self.divisor(Int128(units), divisor)
        numerator = Int128(units) / shared
        denominator = divisor / shared
    }

    private static func divisor(_ left: Int128, _ right: Int128) -> Int128 {
        var (a, b) = (left.magnitude, right.magnitude)
        while b != 0 { (a, b) = (b, a % b) }
        return a == 0 ? 1 : Int128(a)
    }

    static let zero = Fraction(0, scale: 0)

    var isZero: Bool { numerator == 0 }

    func negated() -> Fraction? { Fraction(-numerator, over: denominator) }

    func adding(_ other: Fraction) -> Fraction? {
        let shared = Self.divisor(denominator, other.denominator)
        let (left, one) = numerator.multipliedReportingOverflow(by: other.denominator / shared)
        let (right, two) = other.numerator.multipliedReportingOverflow(by: denominator / shared)
        let (sum, three) = left.addingReportingOverflow(right)
        let (bottom, four) = denominator.multipliedReportingOverflow(by: other.denominator / shared)
        return one || two || three || four ? nil : Fraction(sum, over: bottom)
    }

    func subtracting(_ other: Fraction) -> Fraction? { other.negated().flatMap(adding) }

    func multiplied(by other: Fraction) -> Fraction? {
        // Shortened crosswise first, so that the products are as small as they can be.
        let (first, second) = (
            Self.divisor(numerator, other.denominator), Self.divisor(other.numerator, denominator)
        )
        let (top, one) = (numerator / first).multipliedReportingOverflow(by: other.numerator / second)
        let (bottom, two) = (denominator / second).multipliedReportingOverflow(by: other.denominator / first)
        return one || two ? nil : Fraction(top, over: bottom)
    }

    func divided(by other: Fraction) -> Fraction? {
        Fraction(other.denominator, over: other.numerator).flatMap(multiplied(by:))
    }

    /// Below, the same, or above: −1, 0, 1.
    func compared(with other: Fraction) -> Int? { subtracting(other).map { Int($0.numerator.signum()) } }

    /// The number times 10^scale, rounded half away from zero; nil beyond 64 bits.
    func units(scale: Int) -> Int64? {
        var factor: Int128 = 1
        for _ in 0..<scale { factor *= 10 }
        guard let scaled = multiplied(by: Fraction(factor, over: 1) ?? .zero) else { return nil }
        let (quotient, rest) = scaled.numerator.quotientAndRemainder(dividingBy: scaled.denominator)
        // Twice the rest may leave 128 bits; what is left to the whole does not.
        let goesUp = rest.magnitude >= scaled.denominator.magnitude - rest.magnitude
        return Int64(exactly: goesUp && rest != 0 ? quotient + rest.signum() : quotient)
    }
}
