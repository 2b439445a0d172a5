/// An exact decimal number with a declared number of decimals (0–6), in 64 bits.
///
/// `12.50` at scale 2 is 1250 units. Equality is of value and scale: what a field declares it also answers.
@frozen
public struct FixedDecimal: Hashable, Sendable, Codable {
    /// The number times 10^scale.
    public let units: Int64
    /// Decimals, 0–6.
    public let scale: Int

    @inlinable
    public init(units: Int64, scale: Int) {
        self.units = units
        self.scale = scale
    }

    /// Reads `-12.5`: an optional minus, digits, at most one point followed by at most `scale` digits.
    ///
    /// No exponent, no plus sign, no grouping, no spaces: one way to write a number. Further zeros behind the
    /// last permitted decimal are accepted, since they lose nothing.
    public init(parsing text: some StringProtocol, scale: Int) throws(CRMError) {
        var negative = false
        var units: Int64 = 0
        var digits = 0
        var decimals = -1
        for (position, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "-") where position == 0:
                negative = true
            case UInt8(ascii: ".") where decimals < 0 && digits > 0:
                decimals = 0
            case 0x30...0x39:
                digits += 1
                if decimals >= 0 {
                    decimals += 1
                    if decimals > scale {
                        guard byte == 0x30 else { throw .notADecimal(text, scale: scale) }
                        continue
                    }
                }
                let (shifted, overflow) = units.multipliedReportingOverflow(by: 10)
                let (sum, carry) = shifted.subtractingReportingOverflow(Int64(byte - 0x30))
                guard !overflow, !carry else { throw .outOfRange(text) }
                units = sum
            default:
                throw .notADecimal(text, scale: scale)
            }
        }
        guard digits > 0, decimals != 0 else { throw .notADecimal(text, scale: scale) }
        for _ in max(0, min(decimals, scale))..<scale {
            let (shifted, overflow) = units.multipliedReportingOverflow(by: 10)
            guard !overflow else { throw .outOfRange(text) }
            units = shifted
        }
        // Collected as a negative number, whose range is one larger.
        if !negative {
            guard units != Int64.min else { throw .outOfRange(text) }
            units = -units
        }
        self.init(units: units, scale: scale)
    }

    /// 10^exponent for 0…18.
    @inlinable
    public static func powerOfTen(_ exponent: Int) -> Int64 {
        var result: Int64 = 1
        for _ in 0..<exponent { result *= 10 }
        return result
    }

    /// The same number at another scale, rounded when decimals are lost.
    public func rescaled(to newScale: Int, rounding: RoundingRule = .halfUp) throws(CRMError) -> FixedDecimal
    {
        if newScale >= scale {
            let (product, overflow) = units.multipliedReportingOverflow(by: Self.powerOfTen(newScale - scale))
            guard !overflow else { throw .outOfRange(description) }
            return FixedDecimal(units: product, scale: newScale)
        }
        let quotient = rounding.quotient(Int128(units), by: Int128(Self.powerOfTen(scale - newScale)))
        return FixedDecimal(units: Int64(quotient), scale: newScale)
    }

    /// The number with at least `minimumDecimals` decimals and no further trailing zeros.
    public func text(minimumDecimals: Int) -> String {
        let magnitude = units.magnitude
        let divisor = UInt64(Self.powerOfTen(scale))
        var fraction = String(magnitude % divisor)
        fraction =
            String(repeating: "0", count: scale - (scale == 0 ? 0 : fraction.count))
            + (scale == 0 ? "" : fraction)
        while fraction.count > minimumDecimals, fraction.last == "0" { fraction.removeLast() }
        let whole = (units < 0 ? "-" : "") + String(magnitude / divisor)
        return fraction.isEmpty ? whole : "\(whole).\(fraction)"
    }
}

extension FixedDecimal: CustomStringConvertible {
    /// All declared decimals: 12.50 at scale 2.
    public var description: String { text(minimumDecimals: scale) }
}

/// What happens to the digit that does not fit.
@frozen
public struct RoundingRule: Hashable, Sendable {
    @usableFromInline
    let rawValue: UInt8

    @usableFromInline
    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Half away from zero: what people recompute by hand. R(0.025) = 0.03, R(−0.025) = −0.03.
    public static let halfUp = RoundingRule(rawValue: 0)
    /// Half to the even neighbour, IEEE 754's default.
    public static let halfEven = RoundingRule(rawValue: 1)
    /// Towards zero.
    public static let down = RoundingRule(rawValue: 2)

    /// The rounded quotient of two integers; `divisor` > 0.
    public func quotient(_ dividend: Int128, by divisor: Int128) -> Int128 {
        let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
        let twice = remainder.magnitude * 2
        let goesUp =
            switch self {
            case .down: false
            case .halfEven: twice > divisor.magnitude || (twice == divisor.magnitude && quotient % 2 != 0)
            default: twice >= divisor.magnitude
            }
        return goesUp ? quotient + (dividend < 0 ? -1 : 1) : quotient
    }
}

extension CRMError {
    static func notADecimal(_ text: some StringProtocol, scale: Int) -> CRMError {
        CRMError(
            .invalidParameters,
            "\"\(text.prefix(40))\" is not a decimal number with at most \(scale) decimals",
            hint: "Write it as -1234.50: digits and one point.")
    }

    static func outOfRange(_ text: some StringProtocol) -> CRMError {
        CRMError(.invalidParameters, "\"\(text.prefix(40))\" is out of range")
    }
}
