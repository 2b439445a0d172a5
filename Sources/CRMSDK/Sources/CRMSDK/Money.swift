/// An exact amount in one currency.
///
/// Held as ten-thousandths of the currency's unit in 64 bits, for every currency: EUR 12.34 is 123,400,
/// JPY 12 is 120,000. The range is −922,337,203,685,477.5808 to +922,337,203,685,477.5807. Arithmetic that leaves it
/// throws; nothing wraps.
@frozen
public struct Money: Hashable, Sendable, Codable {
    /// Ten-thousandths of the currency's unit.
    public let tenThousandths: Int64
    public let currency: CurrencyCode

    /// How many ten-thousandths make one unit of the currency.
    public static let scale: Int64 = 10_000

    @inlinable
    public init(tenThousandths: Int64, currency: CurrencyCode) {
        self.tenThousandths = tenThousandths
        self.currency = currency
    }

    /// Reads a decimal such as `-1234.5`: digits, at most one point, at most four decimals.
    public init(parsing text: some StringProtocol, currency: CurrencyCode) throws(CRMError) {
        self.init(tenThousandths: try FixedDecimal(parsing: text, scale: 4).units, currency: currency)
    }

    /// The sum of two amounts of one currency.
    ///
    /// - Throws: `invalidParameters` when the currencies differ or the sum leaves the range.
    public func adding(_ other: Money) throws(CRMError) -> Money {
        guard currency == other.currency else {
            throw CRMError(
                .invalidParameters, "cannot add \(other.currency) to \(currency)",
                hint: "Convert both to one currency first.")
        }
        let (sum, overflow) = tenThousandths.addingReportingOverflow(other.tenThousandths)
        guard !overflow else { throw CRMError(.limitExceeded, "the sum is out of the range of money") }
        return Money(tenThousandths: sum, currency: currency)
    }

    /// This amount times a decimal, rounded to a number of decimals (0–4) of the currency.
    ///
    /// The product is formed in 128 bits and rounded once.
    public func multiplied(
        by factor: FixedDecimal, decimals: Int, rounding: RoundingRule = .halfUp
    ) throws(CRMError) -> Money {
        let product = Int128(tenThousandths) * Int128(factor.units)
        let divisor =
            Int128(FixedDecimal.powerOfTen(factor.scale)) * Int128(FixedDecimal.powerOfTen(4 - decimals))
        let rounded = rounding.quotient(product, by: divisor) * Int128(FixedDecimal.powerOfTen(4 - decimals))
        guard let units = Int64(exactly: rounded) else {
            throw CRMError(.limitExceeded, "the product is out of the range of money")
        }
        return Money(tenThousandths: units, currency: currency)
    }
}

extension Money: CustomStringConvertible {
    /// The amount with at least two decimals, and the code: `1234.50 EUR`.
    public var description: String { "\(amountText(minimumDecimals: 2)) \(currency)" }

    /// The amount alone, with at least `minimumDecimals` and at most four decimals: `1234.50`.
    public func amountText(minimumDecimals: Int) -> String {
        FixedDecimal(units: tenThousandths, scale: 4).text(minimumDecimals: minimumDecimals)
    }
}

/// An ISO 4217 code, three capital letters; packed, so that it costs no allocation.
@frozen
public struct CurrencyCode: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The three letters, first in the highest byte.
    public let packed: UInt32

    @inlinable
    public init(packed: UInt32) { self.packed = packed }

    /// Nil unless `text` is three letters A–Z.
    public init?(_ text: some StringProtocol) {
        var packed: UInt32 = 0
        var count = 0
        for byte in text.utf8 {
            guard (0x41...0x5A).contains(byte), count < 3 else { return nil }
            packed = packed << 8 | UInt32(byte)
            count += 1
        }
        guard count == 3 else { return nil }
        self.packed = packed
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let code = CurrencyCode(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not an ISO 4217 code: \"\(text)\""))
        }
        self = code
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public var description: String {
        String(
            decoding: [UInt8(packed >> 16 & 0xFF), UInt8(packed >> 8 & 0xFF), UInt8(packed & 0xFF)],
            as: UTF8.self)
    }
}
