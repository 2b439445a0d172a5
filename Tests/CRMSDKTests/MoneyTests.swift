import CRMSDK
import TestRandom
import Testing

@Suite("Money and currency codes")
struct MoneyTests {
    private let euro: CurrencyCode
    private let dollar: CurrencyCode

    init() throws {
        euro = try #require(CurrencyCode("EUR"))
        dollar = try #require(CurrencyCode("USD"))
    }

    @Test("is held in ten-thousandths and printed with at least two decimals")
    func printing() throws {
        #expect(try Money(parsing: "12.34", currency: euro).tenThousandths == 123_400)
        #expect(try Money(parsing: "1234.5", currency: euro).description == "1234.50 EUR")
        #expect(try Money(parsing: "0.0001", currency: euro).amountText(minimumDecimals: 2) == "0.0001")
        #expect(try Money(parsing: "15642", currency: euro).amountText(minimumDecimals: 0) == "15642")
    }

    @Test("four decimals are accepted, a fifth is refused")
    func decimals() {
        #expect((try? Money(parsing: "1.2345", currency: euro))?.tenThousandths == 12_345)
        #expect((try? Money(parsing: "1.23456", currency: euro)) == nil)
    }

    @Test("amounts of one currency add; of two they are refused; beyond the range too")
    func adding() throws {
        let one = try Money(parsing: "0.10", currency: euro)
        #expect(
            try one.adding(Money(parsing: "0.20", currency: euro)) == Money(parsing: "0.30", currency: euro))
        #expect(try one.adding(Money(parsing: "-0.20", currency: euro)).description == "-0.10 EUR")
        let mixed = #expect(throws: CRMError.self) { try one.adding(Money(parsing: "1", currency: dollar)) }
        #expect(mixed?.message == "cannot add USD to EUR")
        let largest = Money(tenThousandths: .max, currency: euro)
        let smallest = Money(tenThousandths: 1, currency: euro)
        let beyond = #expect(throws: CRMError.self) { try largest.adding(smallest) }
        #expect(beyond?.kind == .limitExceeded)
        #expect(try largest.adding(Money(tenThousandths: 0, currency: euro)) == largest)
    }

    struct Product: Sendable, CustomTestStringConvertible {
        let amount: String, factor: String, decimals: Int, result: String
        var testDescription: String { "\(amount) × \(factor) to \(decimals) → \(result)" }

        init(_ amount: String, _ factor: String, _ decimals: Int, _ result: String) {
            (self.amount, self.factor, self.decimals, self.result) = (amount, factor, decimals, result)
        }
    }

    @Test(
        "a product is rounded once, half up",
        arguments: [
            Product("33.33", "2.5", 2, "83.33"), Product("99.99", "0.333", 2, "33.30"),
            Product("0.20", "0.125", 2, "0.03"), Product("0.60", "0.125", 2, "0.08"),
            Product("-0.20", "0.125", 2, "-0.03"), Product("12.3455", "4", 3, "49.382"),
            Product("49.382", "0.025", 3, "1.235"), Product("2331", "0.15", 0, "350"),
            Product("100.00", "1.0837", 2, "108.37"), Product("100", "156.42", 0, "15642"),
            Product("1.00", "0.00005", 4, "0.0001"),
            Product("922337203685477.58", "1", 2, "922337203685477.58"),
            Product("5.00", "0", 2, "0.00"),
        ])
    func multiplied(_ product: Product) throws {
        let factor = try FixedDecimal(parsing: product.factor, scale: 6)
        let result = try Money(parsing: product.amount, currency: euro)
            .multiplied(by: factor, decimals: product.decimals)
        #expect(try result == Money(parsing: product.result, currency: euro))
    }

    @Test("a product that needs more than 64 bits in between is exact, and one beyond the range is refused")
    func wideProducts() throws {
        let large = try Money(parsing: "900000000000000", currency: euro)
        let third = try FixedDecimal(parsing: "0.333333", scale: 6)
        #expect(try large.multiplied(by: third, decimals: 2).description == "299999700000000.00 EUR")
        let error = #expect(throws: CRMError.self) {
            try large.multiplied(by: FixedDecimal(units: 1_100_000, scale: 6), decimals: 2)
        }
        #expect(error?.kind == .limitExceeded)
    }

    @Test("what is printed reads back as the same amount")
    func roundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        for _ in 0..<3000 {
            let money = Money(
                tenThousandths: Int64.random(in: .min ... .max, using: &random)
                    >> Int.random(in: 0...63, using: &random), currency: euro)
            let text = money.amountText(minimumDecimals: Int.random(in: 0...4, using: &random))
            #expect(try Money(parsing: text, currency: euro) == money, "seed \(seed)")
        }
    }

    @Test(
        "a code is three capital letters",
        arguments: [
            ("EUR", true), ("AAA", true), ("ZZZ", true), ("eur", false), ("EU", false), ("EURO", false),
            ("", false), ("E1R", false), ("EÜR", false), ("E R", false), ("@AA", false), ("[AA", false),
        ])
    func code(_ text: String, _ isCode: Bool) {
        #expect((CurrencyCode(text) != nil) == isCode)
        #expect(CurrencyCode(text)?.description == (isCode ? text : nil))
    }
}
