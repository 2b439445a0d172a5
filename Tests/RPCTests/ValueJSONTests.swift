import CRMSDK
import JSON
import Query
import RPC
import Testing

@Suite("Values as JSON")
struct ValueJSONTests {
    private static func entry(_ id: Int64, _ code: String, _ decimals: Int) throws -> CurrencyDirectory.Entry
    {
        .init(
            id: RecordID(id), code: try #require(CurrencyCode(code)), decimals: decimals,
            rate: FixedDecimal(units: 1_000_000, scale: 6), isActive: true)
    }

    @Test(
        "an amount has the decimals of its currency, and more where it has more",
        arguments: [
            ("EUR", 12_500_000, "1250.00"), ("EUR", 12_345, "1.2345"), ("JPY", 96_080_000, "9608"),
            ("JPY", 5_000, "0.5"), ("KWD", 10_000, "1.000"), ("KWD", -12_345, "-1.2345"),
            ("XTS", 10_000, "1.00"),
        ])
    func amounts(_ code: String, _ tenThousandths: Int64, _ text: String) throws {
        let base = try Self.entry(1, "EUR", 2)
        let all = [base, try Self.entry(2, "JPY", 0), try Self.entry(3, "KWD", 3)]
        let json = ValueJSON(CurrencyDirectory(base: base, all: all))
        let money = Money(tenThousandths: tenThousandths, currency: try #require(CurrencyCode(code)))
        var writer = JSONWriter()
        json.write(.list([.money(money), .null]), to: &writer)
        let written = String(decoding: writer.bytes, as: UTF8.self)
        #expect(written == #"[{"amount":"\#(text)","currency":"\#(code)"},null]"#)
    }
}
