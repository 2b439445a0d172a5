import Foundation
import JSON
import TestKit
import Testing

/// Taking records out of the platform: a right of its own, under the rules of every read, and noted.
@Suite("End to end: exports")
struct ExportTests {
    @Test("an export is the list, needs its right, and says in the log what was taken out")
    func export() throws {
        let people = try SixPeople(try TestPlatform())
        let admin = people.root
        let ask =
            #"{"entity":"account","filter":["account_name","!=","Common"],"fields":["account_name"],"limit":1}"#
        let first = try admin.call("export.records", ask)
        #expect(try first.array("records").map { try $0.string("account_name") } == ["Northern"])
        let cursor = try first.string("next_cursor")
        let second = try admin.call(
            "export.records", String(ask.dropLast()) + #","cursor":"\#(cursor)"}"#)
        #expect(try second.array("records").map { try $0.string("account_name") } == ["Southern"])

        let console = try people.platform.admin(
            "record", "export", "account", "--columns", "account_name", "--csv")
        let lines = Set(console.output.split(whereSeparator: \.isNewline))
        #expect(lines == ["account_name", "Common", "Northern", "Southern"], "\(console)")

        let entries = try admin.call("log.list", #"{"limit":500}"#).array("entries")
            .filter { $0["kind"]?.string == "export" }
        #expect(entries.count == 3)
        #expect(entries.allSatisfy { $0["method"]?.string == "export.records" })

        // Whoever may read everything may not, for that, take it out.
        let audra = try #require(people.callers["audra"])
        #expect(try audra.count("account") == 3)
        let refusal = try audra.refusal(of: "export.records", #"{"entity":"account"}"#)
        #expect(refusal.code == -32002, "\(refusal)")
        #expect(try admin.call("log.verify")["intact"]?.bool == true)
    }
}
