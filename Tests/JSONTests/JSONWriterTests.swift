import JSON
import Testing

@Suite("JSON: writing")
struct JSONWriterTests {
    private func written(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        write(&writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    @Test("commas stand between values and nowhere else")
    func commas() {
        let text = written { writer in
            writer.beginObject()
            writer.key("a")
            writer.beginArray()
            writer.endArray()
            writer.key("b")
            writer.beginArray()
            writer.int(1)
            writer.beginObject()
            writer.endObject()
            writer.null()
            writer.beginArray()
            writer.bool(true)
            writer.bool(false)
            writer.endArray()
            writer.endArray()
            writer.rawKey(JSONWriter.encodedKey("c\"d"))
            writer.raw(Array("[1,2]".utf8))
            writer.key("e" as String)
            writer.number(text: "1.50")
            writer.endObject()
        }
        #expect(text == #"{"a":[],"b":[1,{},null,[true,false]],"c\"d":[1,2],"e":1.50}"#)
    }

    @Test(
        "what must be escaped is escaped, the rest is left",
        arguments: [
            ("", "\"\""), ("plain", "\"plain\""), ("\"\\/", #""\"\\/""#),
            ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#), ("\u{0}\u{1}\u{1F}", #""\u0000\u0001\u001f""#),
            ("é日😀\u{2028}\u{7F}", "\"é日😀\u{2028}\u{7F}\""), ("a\nb\nc", #""a\nb\nc""#),
        ])
    func strings(_ text: String, _ expected: String) {
        #expect(written { $0.string(text) } == expected)
        #expect(written { $0.string(utf8: Array(text.utf8).span) } == expected)
    }

    @Test(
        "bytes that are not UTF-8 become U+FFFD",
        arguments: [
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b"), ([0xC3], "\u{FFFD}"),
            ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xC3, 0xA9, 0x80], "é\u{FFFD}"),
        ] as [([UInt8], String)])
    func invalidUTF8(_ bytes: [UInt8], _ expected: String) {
        #expect(written { $0.string(utf8: bytes.span) } == "\"\(expected)\"")
    }

    @Test("integers at the ends of their range", arguments: [0, 9, 10, -1, 1_234_567, .max, .min] as [Int64])
    func integers(_ number: Int64) {
        #expect(written { $0.int(number) } == String(number))
    }

    struct Amount: Sendable {
        let units: Int64, scale: Int, fraction: Int, text: String
        init(_ units: Int64, _ scale: Int, _ fraction: Int, _ text: String) {
            (self.units, self.scale, self.fraction, self.text) = (units, scale, fraction, text)
        }
    }

    @Test(
        "scaled decimals are exact",
        arguments: [
            Amount(12_345_000, 4, 2, "1234.50"), Amount(12_345_678, 4, 2, "1234.5678"),
            Amount(0, 4, 2, "0.00"),
            Amount(1, 4, 2, "0.0001"), Amount(-1, 4, 2, "-0.0001"), Amount(-10_000, 4, 0, "-1"),
            Amount(100, 0, 0, "100"), Amount(5, 0, 2, "5.00"), Amount(50, 1, 3, "5.000"),
            Amount(1_200, 6, 0, "0.0012"),
            Amount(.max, 4, 2, "922337203685477.5807"), Amount(.min, 4, 2, "-922337203685477.5808"),
            Amount(.min, 0, 0, "-9223372036854775808"), Amount(.min, 18, 0, "-9.223372036854775808"),
        ])
    func decimals(_ amount: Amount) {
        let text = written {
            $0.scaledDecimalString(amount.units, scale: amount.scale, minimumFractionDigits: amount.fraction)
        }
        #expect(text == "\"\(amount.text)\"")
    }

    @Test(
        "dates of the proleptic Gregorian calendar",
        arguments: [
            (0, "\"1970-01-01\""), (-1, "\"1969-12-31\""), (20_779, "\"2026-11-22\""),
            (11_016, "\"2000-02-29\""),
            (-25_509, "\"1900-02-28\""), (-25_508, "\"1900-03-01\""), (-719_162, "\"0001-01-01\""),
            (2_932_896, "\"9999-12-31\""), (-719_163, "null"), (2_932_897, "null"), (.min, "null"),
            (.max, "null"),
        ] as [(Int64, String)])
    func dates(_ days: Int64, _ expected: String) {
        #expect(written { $0.calendarDateString(daysSince1970: days) } == expected)
    }

    @Test("consecutive days are consecutive dates over four centuries")
    func everyDay() throws {
        var (year, month, day) = (1799, 12, 31)
        let first: Int64 = -62_092
        for number in first...(first + 146_500) {
            let text = written { $0.calendarDateString(daysSince1970: number) }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
            try #require(text == "\"\(year)-\(padded(month))-\(padded(day))\"")
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            day += 1
            if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
    }

    @Test(
        "instants in UTC with milliseconds",
        arguments: [
            (0, "\"1970-01-01T00:00:00.000Z\""), (-1, "\"1969-12-31T23:59:59.999Z\""),
            (1_795_361_060_123, "\"2026-11-22T15:24:20.123Z\""),
            (-62_135_596_800_000, "\"0001-01-01T00:00:00.000Z\""),
            (253_402_300_799_999, "\"9999-12-31T23:59:59.999Z\""), (-62_135_596_800_001, "null"),
            (253_402_300_800_000, "null"), (.min, "null"), (.max, "null"),
        ] as [(Int64, String)])
    func instants(_ milliseconds: Int64, _ expected: String) {
        #expect(written { $0.instantString(millisecondsSince1970: milliseconds) } == expected)
    }

    @Test("a value taken back leaves no trace, not even a comma")
    func takingBack() {
        let text = written { writer in
            writer.beginArray()
            let start = writer.mark
            writer.int(1)
            writer.truncate(to: start)
            writer.int(2)
            let later = writer.mark
            writer.beginObject()
            writer.key("half")
            writer.truncate(to: later)
            writer.int(3)
            writer.endArray()
        }
        #expect(text == "[2,3]")
    }

    @Test("writing continues in a given array, and starts over after reset")
    func appending() {
        var writer = JSONWriter(appendingTo: Array("head:".utf8))
        writer.int(1)
        #expect(writer.bytes == Array("head:1".utf8))
        writer.reset()
        writer.int(2)
        #expect(writer.bytes == Array("2".utf8))
    }
}
