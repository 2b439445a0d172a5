import JSON
import Testing

@Suite("JSON: reading a document")
struct JSONNodeTests {
    @Test("a value answers only as its own kind")
    func kinds() throws {
        let texts = ["null", "true", "7", "\"7\"", "[7]", "{\"a\":7}"]
        let kinds: [JSONNode.Kind] = [.null, .bool, .number, .string, .array, .object]
        for (text, kind) in zip(texts, kinds) {
            let node = try JSONDocument(parsing: text).root
            #expect(node.kind == kind)
            #expect(node.isNull == (kind == .null))
            #expect((node.bool != nil) == (kind == .bool))
            #expect((node.numberText != nil) == (kind == .number))
            #expect((node.int64 != nil) == (kind == .number))
            #expect((node.string != nil) == (kind == .string))
            #expect((node.stringBytes != nil) == (kind == .string))
            #expect(node.elements.map(\.int64) == (kind == .array ? [7] : []))
            #expect(node.members.map(\.name) == (kind == .object ? ["a"] : []))
            #expect((node["a"] != nil) == (kind == .object))
            #expect(node.count == ([.array, .object].contains(kind) ? 1 : 0))
        }
    }

    @Test(
        "an integer is read only from an integer literal that fits",
        arguments: [
            ("0", 0), ("-0", 0), ("42", 42), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("99999999999999999999", nil),
            ("1.0", nil), ("1e0", nil), ("1E3", nil), ("-1.5", nil),
        ] as [(String, Int64?)])
    func integers(_ text: String, _ expected: Int64?) throws {
        let node = try JSONDocument(parsing: "[\(text)]").root.elements.first { _ in true }
        #expect(node?.int64 == expected)
        #expect(node?.numberText == text)
    }

    @Test(
        "escapes are decoded",
        arguments: [
            (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{C}\n\r\tz"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
            (#""\ud83d\ude00\uD834\uDD1E""#, "😀𝄞"), (#""\u0000x""#, "\u{0}x"), (#""é\n日本""#, "é\n日本"),
            (#""\uFFFF""#, "\u{FFFF}"), (#""\udbff\udfff""#, "\u{10FFFF}"),
        ])
    func escapes(_ text: String, _ expected: String) throws {
        let node = try JSONDocument(parsing: text).root
        #expect(node.string == expected)
        #expect(node.stringBytes == Array(expected.utf8))
    }

    @Test("a string is compared without and with escapes, by bytes")
    func comparison() throws {
        let node = try JSONDocument(parsing: #"["2.0","2\u002e0","2.","2.00",2.0,"é"]"#).root
        #expect(node.elements.map { $0.stringEquals("2.0") } == [true, true, false, false, false, false])
        #expect(node.elements.map { $0.stringEquals("é") }.last == true)
        #expect(node.elements.map { $0.stringEquals("e\u{301}") }.last == false)
    }

    @Test("an id is echoed byte for byte")
    func rawBytes() throws {
        let text = #" { "id" : 1.0e+0 , "s" : "a\u0041" , "o" : { "x" : [ 1 , 2 ] } } "#
        let root = try JSONDocument(parsing: text).root
        let raw = root.members.map { String(decoding: $0.value.rawBytes, as: UTF8.self) }
        #expect(raw == ["1.0e+0", #""a\u0041""#, #"{ "x" : [ 1 , 2 ] }"#])
        #expect(root.members.map(\.value.offset) == [10, 25, 43])
        #expect(root.offset == 1)
    }

    @Test("members and elements come in source order, over nested values")
    func order() throws {
        let root = try JSONDocument(parsing: #"{"z":[[1],{"q":2},3],"a":{"b":{"c":4}},"m":5}"#).root
        #expect(root.members.map(\.name) == ["z", "a", "m"])
        #expect(root["z"]?.elements.map(\.kind) == [.array, .object, .number])
        #expect(root["a"]?["b"]?["c"]?.int64 == 4)
        #expect(root["m"]?.int64 == 5)
        #expect(root["c"] == nil)
    }

    @Test("a member is found by its decoded name")
    func escapedName() throws {
        let root = try JSONDocument(parsing: #"{"\u006dethod":"x"}"#).root
        #expect(root["method"]?.string == "x")
        #expect(root.members.map(\.name) == ["method"])
    }
}
