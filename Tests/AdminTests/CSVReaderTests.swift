import Admin
import TestRandom
import Testing

@Suite("CSV reader")
struct CSVReaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let records: [[String]]
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ records: [[String]]) {
            self.name = name
            self.text = text
            self.records = records
        }
    }

    static let cases = [
        Case("LF", "a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        Case("CR LF", "a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        Case("CR", "a,b\r1,2\r", [["a", "b"], ["1", "2"]]),
        Case("no line end at the end", "a,b\n1,2", [["a", "b"], ["1", "2"]]),
        Case("byte order mark", "\u{FEFF}a\n1\n", [["a"], ["1"]]),
        Case("empty fields", ",\n,,\n", [["", ""], ["", "", ""]]),
        Case("delimiter at the very end", "a,", [["a", ""]]),
        Case("quotes", "\"a\",\"b\"\n", [["a", "b"]]),
        Case("delimiter in quotes", "\"a,b\",c\n", [["a,b", "c"]]),
        Case("line breaks in quotes", "\"a\r\nb\nc\",d\n", [["a\r\nb\nc", "d"]]),
        Case("quotes in quotes", "\"say \"\"hi\"\"\"\n", [["say \"hi\""]]),
        Case("empty quotes", "\"\"\n\"\",x\n", [[""], ["", "x"]]),
        Case("blank lines", "a\n\n\r\n\nb\n", [["a"], ["b"]]),
        Case("nothing", "", []),
        Case("only line ends", "\n\r\n\n", []),
        Case("Unicode", "Łódź,東京,😀\n", [["Łódź", "東京", "😀"]]),
        Case("spaces are kept", " a , b \n", [[" a ", " b "]]),
    ]

    private func read(_ pieces: [[UInt8]], _ reader: CSVReader = CSVReader()) throws(CSVError) -> [CSVReader
        .Record]
    {
        var reader = reader
        var records: [CSVReader.Record] = []
        for piece in pieces {
            reader.append(piece)
            while let record = try reader.next() { records.append(record) }
        }
        reader.end()
        while let record = try reader.next() { records.append(record) }
        return records
    }

    @Test("reads each form, split at every point", arguments: cases)
    func splits(_ sample: Case) throws {
        let bytes = Array(sample.text.utf8)
        let whole = try read([bytes])
        #expect(whole.map(\.fields) == sample.records)
        #expect(whole.allSatisfy { $0.problem == nil })
        for split in 0...bytes.count {
            #expect(try read([Array(bytes[..<split]), Array(bytes[split...])]) == whole, "split at \(split)")
        }
        #expect(try read(bytes.map { [$0] }) == whole, "byte by byte")
    }

    @Test("a record knows the line of its first character")
    func lines() throws {
        let records = try read([Array("a\n\"b\nc\"\n\nd\r\n\"e\r\nf\"\r\ng".utf8)])
        #expect(records.map(\.line) == [1, 2, 5, 6, 8])
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let problem: String
        var testDescription: String { problem }

        init(_ text: String, _ problem: String) {
            bytes = Array(text.utf8)
            self.problem = problem
        }

        init(_ bytes: [UInt8], _ problem: String) {
            self.bytes = bytes
            self.problem = problem
        }
    }

    @Test(
        "a broken record has its problem, and the next is read",
        arguments: [
            Broken("a\"b\n", "has a quote within field 1, which is not quoted"),
            Broken("x,\"a\"b\n", "has text behind the closing quote of field 2"),
            Broken([0x61, 0x2C, 0xFF, 0x0A], "is not UTF-8 in field 2"),
            Broken([0xC3, 0x0A], "is not UTF-8 in field 1"),
            Broken([0x61, 0x00, 0x0A], "has a zero byte in field 1"),
        ])
    func broken(_ sample: Broken) throws {
        let records = try read([sample.bytes + Array("next\n".utf8)])
        #expect(records.map(\.problem) == [sample.problem, nil])
        #expect(records.last?.fields == ["next"])
    }

    @Test("a quote that is never closed names its line")
    func unclosed() {
        #expect(throws: CSVError(line: 3, message: "a quote is opened here and never closed")) {
            try read([Array("a\nb\n\"c\nd\n".utf8)])
        }
    }

    @Test("other encodings are named", arguments: [[0xFF, 0xFE, 0x61, 0x00], [0xFE, 0xFF, 0x00, 0x61]])
    func otherEncodings(_ bytes: [UInt8]) {
        #expect(throws: CSVError(line: 1, message: "the file is UTF-16; save it as UTF-8")) {
            try read([bytes])
        }
    }

    @Test("a field at the limit is read, one byte more is refused")
    func fieldLimit() throws {
        var limits = CSVReader.Limits()
        limits.fieldBytes = 10
        let reader = CSVReader(limits: limits)
        #expect(try read([Array("0123456789,b\n".utf8)], reader).map(\.fields) == [["0123456789", "b"]])
        #expect(throws: CSVError.self) { try read([Array("01234567890\n".utf8)], reader) }
        #expect {
            try read([Array("a\n\"01234567890\n".utf8)], reader)
        } throws: { error in
            (error as? CSVError)?.message.contains("is the quote in line 2 not closed?") == true
        }
    }

    @Test("fields and bytes of a record are bounded")
    func recordLimits() throws {
        var limits = CSVReader.Limits()
        limits.fields = 3
        limits.recordBytes = 6
        let reader = CSVReader(limits: limits)
        #expect(try read([Array("ab,cd,ef\n".utf8)], reader).count == 1)
        #expect(throws: CSVError.self) { try read([Array("a,b,c,d\n".utf8)], reader) }
        #expect(throws: CSVError.self) { try read([Array("ab,cd,efg\n".utf8)], reader) }
    }

    @Test("what is written is what is read", arguments: 0..<20)
    func roundTrip(_ seed: UInt64) throws {
        var generator = SeededRandom(seed)
        let alphabet = ["a", ",", "\"", "\n", "\r", " ", "é", "東", "'", "="]
        let records = (0..<20).map { _ in
            (0..<3).map { _ in
                (0..<Int.random(in: 0...6, using: &generator)).map { _ in
                    alphabet.randomElement(using: &generator) ?? ""
                }.joined()
            }
        }
        // A record of one empty field would be a blank line; three fields never are.
        let text = records.map { DelimitedText.exactRecord($0) }.joined()
        #expect(try read([Array(text.utf8)]).map(\.fields) == records, "seed \(seed)")
    }

    @Test("random bytes never trap", arguments: 0..<50)
    func randomBytes(_ seed: UInt64) {
        var generator = SeededRandom(seed)
        let choices: [UInt8] = [0x22, 0x2C, 0x0A, 0x0D, 0x61, 0xC3, 0xA9, 0xFF, 0x00, 0xEF, 0xBB, 0xBF]
        let bytes = (0..<200).map { _ in choices.randomElement(using: &generator) ?? 0 }
        // Refused or read: either is right for noise.
        _ = try? read([bytes])
    }
}
