import JSON
import Testing

@Suite("JSON: what is accepted and what is refused")
struct JSONReadingTests {
    @Test(
        "a valid text is accepted",
        arguments: [
            "null", "true", "false", "0", "-0", "-1", "1.5", "1e9", "1E+09", "1.25e-7", "\"\"", "\"a\"", "[]",
            "{}",
            " \t\r\n[ 1 , 2 ] ", "[[],{},[{}]]", "{\"a\":1,\"b\":2}", "{\"\":1}", "\"\\u0000\"",
            "\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t\"", "\"\\ud83d\\ude00\"", "\"\u{7F}\"", "\"\u{2028}\"",
            "\"\u{10FFFF}\"", "\"\u{FFFF}\"", "{\"a\":{\"a\":{\"a\":1}}}",
        ])
    func accepts(_ text: String) throws {
        let root = try JSONDocument(parsing: text).root
        let again = try JSONDocument(parsing: root.rawBytes).root
        #expect(again.kind == root.kind && again.offset == 0)
        #expect(again.rawBytes == root.rawBytes)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let text: String, message: String, offset: Int
        init(_ text: String, _ message: String, at offset: Int) {
            (self.text, self.message, self.offset) = (text, message, offset)
        }
        var testDescription: String { "\(text): \(message)" }
    }

    @Test(
        "an invalid text is refused, with reason and place",
        arguments: [
            Refusal("", "text ends too early", at: 0),
            Refusal("  ", "text ends too early", at: 2),
            Refusal("[1,", "text ends too early", at: 3),
            Refusal("[", "text ends too early", at: 1),
            Refusal("{\"a\"", "text ends too early", at: 4),
            Refusal("{\"a\":", "text ends too early", at: 5),
            Refusal("1 2", "unexpected character \"2\" after the value", at: 2),
            Refusal("{}}", "unexpected character \"}\" after the value", at: 2),
            Refusal("[1,]", "unexpected character \"]\" where a value should begin", at: 3),
            Refusal("[,1]", "unexpected character \",\" where a value should begin", at: 1),
            Refusal("[1 2]", "unexpected character \"2\" instead of \",\" or \"]\"", at: 3),
            Refusal("[1}", "unexpected character \"}\" instead of \",\" or \"]\"", at: 2),
            Refusal("{\"a\":1]", "unexpected character \"]\" instead of \",\" or \"}\"", at: 6),
            Refusal("{\"a\":1,}", "unexpected character \"}\" where a member name should begin", at: 7),
            Refusal("{a:1}", "unexpected character \"a\" where a member name should begin", at: 1),
            Refusal("{1:1}", "unexpected character \"1\" where a member name should begin", at: 1),
            Refusal("{\"a\" 1}", "unexpected character \"1\" instead of \":\"", at: 5),
            Refusal("nul", "unexpected character \"n\" where a value should begin", at: 0),
            Refusal("True", "unexpected character \"T\" where a value should begin", at: 0),
            Refusal("truer", "unexpected character \"r\" after the value", at: 4),
            Refusal("NaN", "unexpected character \"N\" where a value should begin", at: 0),
            Refusal("+1", "unexpected character \"+\" where a value should begin", at: 0),
            Refusal(".5", "unexpected character \".\" where a value should begin", at: 0),
            Refusal("01", "number begins with a superfluous zero", at: 0),
            Refusal("-01", "number begins with a superfluous zero", at: 0),
            Refusal("1.", "number lacks a digit", at: 2),
            Refusal("-", "number lacks a digit", at: 1),
            Refusal("1e", "number lacks a digit", at: 2),
            Refusal("1e+", "number lacks a digit", at: 3),
            Refusal("1.e1", "number lacks a digit", at: 2),
            Refusal("0x1", "unexpected character \"x\" after the value", at: 1),
            Refusal("-Infinity", "number lacks a digit", at: 1),
            Refusal("'a'", "unexpected character \"'\" where a value should begin", at: 0),
            Refusal("// c\n1", "unexpected character \"/\" where a value should begin", at: 0),
            Refusal("\u{FEFF}1", "unexpected byte 0xef where a value should begin", at: 0),
            Refusal("\u{A0}1", "unexpected byte 0xc2 where a value should begin", at: 0),
            Refusal("\u{0}", "unexpected byte 0x0 where a value should begin", at: 0),
            Refusal("\"abc", "string is not closed", at: 4),
            Refusal("\"abc\\\"", "string is not closed", at: 6),
            Refusal("\"abc\\", "string is not closed", at: 5),
            Refusal("\"a\nb\"", "control character in string must be escaped", at: 2),
            Refusal("\"a\u{0}b\"", "control character in string must be escaped", at: 2),
            Refusal("\"\\x41\"", "unknown escape in string", at: 1),
            Refusal("\"\\u12g4\"", "\\u needs four hexadecimal digits", at: 1),
            Refusal("\"\\u12", "\\u needs four hexadecimal digits", at: 1),
            Refusal("\"\\ud800\"", "escape is half a surrogate pair", at: 1),
            Refusal("\"\\udc00\"", "escape is half a surrogate pair", at: 1),
            Refusal("\"\\ud800\\n\"", "escape is half a surrogate pair", at: 1),
            Refusal("\"\\ud800\\ud800\"", "escape is half a surrogate pair", at: 1),
            Refusal("{\"id\":1,\"id\":2}", "duplicate name \"id\"", at: 8),
            Refusal("{\"id\":1,\"\\u0069d\":2}", "duplicate name \"id\"", at: 8),
            Refusal("[{\"a\":{\"b\":1,\"b\":1}}]", "duplicate name \"b\"", at: 13),
            Refusal("{\"\\n\":1,\"\\n\":2}", "duplicate name \"\\n\"", at: 8),
        ])
    func refuses(_ refusal: Refusal) {
        #expect(throws: JSONError(message: refusal.message, offset: refusal.offset)) {
            try JSONDocument(parsing: refusal.text)
        }
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x28, 0xA1],
            [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func refusesInvalidUTF8(_ bytes: [UInt8]) {
        let quote = [UInt8(ascii: "\"")]
        #expect(throws: JSONError(message: "string is not valid UTF-8", offset: 2)) {
            try JSONDocument(parsing: quote + [0x61] + bytes + quote)
        }
    }

    @Test("every prefix of a text is refused and no prefix traps")
    func everyPrefix() throws {
        let text = Array(#"{"a":[1,-2.5e+3,"é\ud83d\ude00\n"],"b":{"c":null,"d":true}}"#.utf8)
        _ = try JSONDocument(parsing: text)
        for length in text.indices {
            #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(text[..<length])) }
        }
    }

    @Test("names that are canonically equivalent but differ in bytes are different names")
    func equivalentNames() throws {
        let document = try JSONDocument(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(document.root["\u{E9}"]?.int64 == 1)
        #expect(document.root["e\u{301}"]?.int64 == 2)
    }
}

@Suite("JSON: limits")
struct JSONLimitTests {
    @Test("64 levels are accepted, 65 refused", arguments: ["[", "{\"a\":"])
    func depth(_ opening: String) throws {
        let closing = opening == "[" ? "]" : "}"
        func nested(_ levels: Int) -> String {
            String(repeating: opening, count: levels) + (opening == "[" ? "" : "1")
                + String(repeating: closing, count: levels)
        }
        _ = try JSONDocument(parsing: nested(64))
        #expect(throws: JSONError(message: "nested deeper than 64 levels", offset: 64 * opening.utf8.count)) {
            try JSONDocument(parsing: nested(65))
        }
        #expect(throws: JSONError.self) {
            try JSONDocument(parsing: String(repeating: opening, count: 100_000))
        }
    }

    @Test("a number of 400 characters is kept, one of 401 refused")
    func numberLength() throws {
        let longest = String(repeating: "9", count: 400)
        #expect(try JSONDocument(parsing: longest).root.numberText == longest)
        #expect(throws: JSONError(message: "number is longer than 400 characters", offset: 1)) {
            try JSONDocument(parsing: "[" + longest + "9]")
        }
    }

    @Test("a text of the size limit is accepted, one byte more refused")
    func size() throws {
        _ = try JSONDocument(parsing: "[1234]", sizeLimitBytes: 6)
        #expect(throws: JSONError(message: "text is longer than 5 bytes", offset: 5)) {
            try JSONDocument(parsing: "[1234]", sizeLimitBytes: 5)
        }
    }

    @Test("a duplicate is found in objects of every size", arguments: [2, 7, 8, 9, 10, 64, 1_000])
    func duplicates(_ count: Int) throws {
        let names = (0..<count).map { "\"n\($0)\":\($0)" }
        let document = try JSONDocument(parsing: "{" + names.joined(separator: ",") + "}")
        #expect(document.root.count == count)
        #expect(document.root["n\(count - 1)"]?.int64 == Int64(count - 1))
        for (early, late) in [(0, count - 1), (count - 2, count - 1)] {
            var repeated = names
            repeated[late] = "\"\\u006e\(early)\":0"
            #expect(throws: JSONError.self) {
                try JSONDocument(parsing: "{" + repeated.joined(separator: ",") + "}")
            }
        }
    }

    @Test("the message quotes a long duplicate name in part")
    func longDuplicate() {
        let name = String(repeating: "x", count: 5_000)
        #expect {
            try JSONDocument(parsing: "{\"\(name)\":1,\"\(name)\":2}")
        } throws: { error in
            (error as? JSONError)?.message == "duplicate name \"\(String(repeating: "x", count: 39))…\""
        }
    }
}
