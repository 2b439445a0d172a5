import Admin
import JSON
import Testing

@Suite("Console: the value at a path")
struct CellTextTests {
    @Test(
        "a member, a part of one, a member named by a path, a part of that",
        arguments: [
            ("name", #""Fabrikam""#), ("owner.label", #""Ann""#), ("account.city", #""Köln""#),
            ("account.owner.id", "7"), ("account.owner.label.x", nil), ("account", nil), ("account.x", nil),
            ("owner", #"{"id":3,"label":"Ann"}"#), ("", nil), (".", nil), ("name.x", nil),
        ] as [(String, String?)])
    func value(_ path: String, _ expected: String?) throws {
        let record = try JSONDocument(
            parsing: Array(
                #"{"name":"Fabrikam","owner":{"id":3,"label":"Ann"},"account.city":"Köln","account.owner":{"id":7}}"#
                    .utf8)
        ).root
        let found = CellText.value(at: path, in: record).map { String(decoding: $0.rawBytes, as: UTF8.self) }
        #expect(found == expected)
    }

    @Test(
        "a cell says what a person reads; what has no form of its own is JSON",
        arguments: [
            ("null", ""), ("[]", ""), (#"["a","b"]"#, "a, b"),
            (#"{"amount":"1.00","currency":"EUR"}"#, "1.00 EUR"),
            (#"[{"field":"a","text":"x"},{"field":"b","text":"y"}]"#, "a: x; b: y"),
            (#"[{"field":"a","text":"x"},1]"#, #"[{"field":"a","text":"x"},1]"#),
            (#"[{"field":"a","text":"x","z":1}]"#, #"[{"field":"a","text":"x","z":1}]"#),
        ])
    func text(_ json: String, _ expected: String) throws {
        #expect(CellText.text(of: try JSONDocument(parsing: Array(json.utf8)).root) == expected)
    }

    @Test("a sentence of elsewhere can neither break a line nor command the terminal")
    func harmless() {
        let error = AdminError(
            "no account has \"a\rb\u{1B}[2J\"", hint: "hint\nerror: forged", problems: ["x: \u{202E}y"])
        #expect(
            error.lines == [
                #"error: no account has "a\rb\u{1b}[2J""#, #"  x: \u{202e}y"#, #"hint: hint\nerror: forged"#,
            ])
        #expect(CellText.harmless(#"C:\temp Łódź 東京"#) == #"C:\temp Łódź 東京"#)
        #expect(CellText.visible(#"C:\temp"#) == #"C:\\temp"#)
    }
}
