import JSON
import TestKit
import Testing

/// Lines of a record, written over TLS as any client does: a document's items, which its module prices and adds up.
@Suite("End to end: lines", .onePlatform(with: "inventory"))
struct LinesOverTheWireTests {
    private let platform: TestPlatform
    private let admin: Caller
    private let bolt: Int64
    private let quote: Int64

    /// Each test has products and a quote of its own, of two lines: 2 × 10.00 and 1 × 4.50.
    init() throws {
        platform = try OnePlatform.current
        admin = try platform.logIn()
        let account = try admin.create("account", #"{"account_name":"Acme"}"#)
        bolt = try admin.create("product", #"{"product_name":"Bolt","unit_price":"10.00"}"#)
        let nut = try admin.create("product", #"{"product_name":"Nut","unit_price":"4.50"}"#)
        let currency = try admin.call(
            "record.list", #"{"entity":"currency","filter":["is_base","=",true]}"#
        ).array("records")[0].integer("id")
        quote = try admin.create(
            "quote",
            #"""
            {"subject":"Parts","account":\#(account),"currency":\#(currency),"taxes":"none",
             "lines":[{"item":\#(bolt),"quantity":"2"},{"item":\#(nut),"quantity":"1"}]}
            """#)
    }

    /// What the quote's lines are, in order, and what they come to.
    private func read() throws -> (ids: [Int64], lines: [String], total: String?, version: Int64) {
        let record = try admin.call("record.get", #"{"id":\#(quote)}"#)
        let lines = try record.array("lines")
        #expect(
            lines.compactMap { $0["position"]?.int64 }
                == (1...max(lines.count, 1)).prefix(lines.count).map { Int64($0) })
        return (
            try lines.map { try $0.integer("id") },
            try lines.map {
                "\(try $0.string("item_name")) \(try $0.string("quantity").prefix { $0 != "." })"
            },
            record["subtotal"]?["amount"]?.string, try record.integer("version")
        )
    }

    private func update(_ lines: String, version: Int64? = nil) throws -> JSONNode {
        let version = version.map { #","version":\#($0)"# } ?? ""
        return try admin.call("record.update", #"{"id":\#(quote),"values":{"lines":\#(lines)}\#(version)}"#)
    }

    @Test(
        "some lines are changed, added and taken away, and the others stay; all at once they are put in order"
    )
    func changes() throws {
        let first = try read()
        #expect(first.lines == ["Bolt 2", "Nut 1"] && first.total == "24.50")
        _ = try update(#"{"set":[{"id":\#(first.ids[1]),"quantity":"3"},{"item":\#(bolt),"quantity":"7"}]}"#)
        let second = try read()
        #expect(second.lines == ["Bolt 2", "Nut 3", "Bolt 7"] && second.total == "103.50")
        #expect(second.ids.prefix(2) == first.ids.prefix(2))

        _ = try update(#"{"remove":[\#(first.ids[0])]}"#)
        let order = [second.ids[2], second.ids[1]]
        _ = try update(#"[{"id":\#(order[0])},{"id":\#(order[1])}]"#)
        let last = try read()
        #expect(last.ids == order && last.lines == ["Bolt 7", "Nut 3"] && last.total == "83.50")
        #expect(last.version == 4)

        // The same again changes nothing.
        _ = try update(#"[{"id":\#(order[0]),"quantity":"7"},{"id":\#(order[1]),"position":2}]"#)
        #expect(try read().version == 4)
        let history = try admin.call("record.history", #"{"id":\#(quote)}"#).array("entries")
        #expect(history.map { $0["kind"]?.string } == ["create", "update", "update", "update"])
    }

    @Test("of two who change lines at once the second is told, and nothing of theirs is written")
    func stale() throws {
        let before = try read()
        _ = try update(#"{"set":[{"id":\#(before.ids[0]),"quantity":"5"}]}"#, version: before.version)
        let refusal = try admin.refusal(
            of: "record.update",
            #"{"id":\#(quote),"version":\#(before.version),"values":{"lines":{"remove":[\#(before.ids[0])]}}}"#
        )
        #expect(refusal.code == -32005 && refusal.data?["conflict"]?["version"]?.int64 == 2)
        #expect(refusal.data?["conflict"]?["fields"]?.elements.contains { $0.string == "lines" } == true)
        #expect(try read().lines == ["Bolt 5", "Nut 1"])
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        /// `FIRST` and `SECOND` are the lines' ids.
        let lines: String
        let place: String
        var testDescription: String { lines }

        init(_ lines: String, _ place: String) {
            self.lines = lines
            self.place = place
        }
    }

    @Test(
        "a wrong line is named by its place, and the others are not written either",
        arguments: [
            Bad(#"[{"id":FIRST},{"id":SECOND,"quantity":"0"}]"#, "lines[1].quantity"),
            Bad(#"[{"id":FIRST,"quantity":"9"},{"quantity":"1"}]"#, "lines[1].item"),
            Bad(#"[{"id":FIRST},{"id":FIRST}]"#, "lines[1].id"),
            Bad(#"[{"id":FIRST},7]"#, "lines[1]"),
            Bad(#"[{"id":FIRST,"quantity":"9"},{"id":SECOND,"quantity":3}]"#, "lines[1].quantity"),
            Bad(#"[{"id":FIRST},{"id":SECOND,"position":1}]"#, "lines[1].position"),
            Bad(#"[{"id":FIRST},{"id":SECOND,"item":999999}]"#, "lines[1].item"),
            Bad(#"{"set":[{"id":FIRST,"quantity":"9"},{"id":999999,"quantity":"1"}]}"#, "lines.set[1].id"),
            Bad(#"{"set":[{"id":FIRST,"quantity":"-1"}]}"#, "lines.set[0].quantity"),
            Bad(#"{"set":[{"id":FIRST,"colour":"red"}]}"#, "lines.set[0].colour"),
            Bad(#"{"remove":[FIRST,999999]}"#, "lines.remove[1]"),
            Bad(#"{"set":[{"id":FIRST,"quantity":"9"}],"remove":[FIRST]}"#, "lines.set[0].id"),
            Bad(#"{"sets":[]}"#, "lines"), Bad(#""2 bolts""#, "lines"),
        ])
    func wrong(_ bad: Bad) throws {
        let before = try read()
        let lines = bad.lines.replacing("FIRST", with: "\(before.ids[0])")
            .replacing("SECOND", with: "\(before.ids[1])")
        let refusal = try admin.refusal(
            of: "record.update", #"{"id":\#(quote),"values":{"subject":"Other","lines":\#(lines)}}"#)
        #expect(refusal.code == -32004 && refusal.fields.first?.hasPrefix(bad.place) == true, "\(refusal)")
        let after = try read()
        #expect(after.lines == before.lines && after.version == before.version)
    }

    @Test("the console writes single lines and shows them as a table")
    func console() throws {
        let before = try read()
        let ended = try platform.admin(
            "record", "update", "quote", "\(quote)", "lines+=id=\(before.ids[1]) quantity=4",
            "lines+=item=\(bolt) quantity=1", "lines-=\(before.ids[0])", "--columns", "subject,lines",
            "--output",
            "table")
        #expect(ended.code == 0, "\(ended)")
        #expect(try read().lines == ["Nut 4", "Bolt 1"])
        let rows = ended.output.split(separator: "\n").map {
            $0.split(separator: " ").prefix(5).joined(separator: " ")
        }
        #expect(rows[0] == "subject Parts" && rows[1] == "lines:")
        #expect(rows[3].hasPrefix("\(before.ids[1]) 1 Nut") && rows[4].contains(" 2 Bolt"), "\(ended)")
    }
}
