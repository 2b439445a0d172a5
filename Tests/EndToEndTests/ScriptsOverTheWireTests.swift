import JSON
import TestKit
import Testing

/// One list in four scripts, and two spellings of each name: sorted, paged, filtered and searched as any client does.
extension CallsOverTheWireTests {
    /// As README.md has the order: by letters, then as written, the one made first before its twin.
    private static let names = [
        "Ångström", "apple", "lodz", "Lodz", "Łódź", "Łódź", "Łódź Steel", "Orsted", "Ørsted", "strasse",
        "STRASSE", "straße", "Zebra", "žebra", "שלום", "שָׁלוֹם", "محمد", "مُحَمَّد", "カメラ", "京都", "東京都",
    ]

    @Test(
        "names of several scripts sort by letters, then as written, then by age; pages neither repeat nor omit"
    )
    func scripts() throws {
        // Made in another order than theirs; what they have in common marks them among others' records.
        let shuffled = Self.names.enumerated().sorted { ($0.offset * 8 % 21) < ($1.offset * 8 % 21) }.map(
            \.element)
        var ids: [String: [Int64]] = [:]
        for name in shuffled {
            ids[name, default: []].append(
                try admin.create("account", #"{"account_name":\#(name.jsonText),"employees":2000021}"#))
        }
        let own = #"["employees","=",2000021]"#
        for limit in [1, 4, 1000] {
            #expect(try walk("account_name", own, limit) == Self.names, "pages of \(limit)")
            #expect(
                try walk("-account_name", own, limit) == Self.names.reversed(), "pages of \(limit)")
        }
        let twins = try admin.call(
            "record.list",
            #"{"entity":"account","filter":{"all":[\#(own),["account_name","=","Łódź"]]},"sort":["account_name"]}"#
        ).array("records").filter { $0["account_name"]?.string == "Łódź" }
        #expect(twins.compactMap { $0["id"]?.int64 } == ids["Łódź"])

        for found in Self.found {
            let filter = #"{"all":[\#(own),["account_name","\#(found.operation)",\#(found.text.jsonText)]]}"#
            #expect(
                try walk("account_name", filter, 1000) == found.names,
                "\(found.operation) \(found.text)")
        }
        for (text, names) in Self.searched {
            let hits = try admin.call(
                "record.search", #"{"text":\#(text.jsonText),"entities":["account"],"limit":100}"#
            ).array("hits").compactMap { $0["id"]?.int64 }
            #expect(Set(hits).isSuperset(of: names.flatMap { ids[$0] ?? [] }), "\(text)")
            let others = Set(Self.names).subtracting(names).flatMap { ids[$0] ?? [] }
            #expect(Set(hits).isDisjoint(with: others), "\(text)")
        }
    }

    private struct Found {
        let operation, text: String
        let names: [String]
    }

    private static let found = [
        Found(operation: "=", text: "LÓDZ", names: ["lodz", "Lodz", "Łódź", "Łódź"]),
        Found(operation: "=", text: "Strasse", names: ["strasse", "STRASSE", "straße"]),
        Found(operation: "=", text: "שלום", names: ["שלום", "שָׁלוֹם"]),
        Found(operation: "=", text: "مُحَمَّد", names: ["محمد", "مُحَمَّد"]),
        Found(operation: "starts with", text: "ør", names: ["Orsted", "Ørsted"]),
        Found(operation: "contains", text: "京", names: ["京都", "東京都"]),
        Found(
            operation: ">=", text: "zebra",
            names: ["Zebra", "žebra", "שלום", "שָׁלוֹם", "محمد", "مُحَمَّد", "カメラ", "京都", "東京都"]),
    ]

    private static let searched = [
        ("lodz", ["lodz", "Lodz", "Łódź", "Łódź Steel"]), ("straße", ["strasse", "STRASSE", "straße"]),
        ("orsted", ["Orsted", "Ørsted"]), ("שלום", ["שלום", "שָׁלוֹם"]), ("محمد", ["محمد", "مُحَمَّد"]),
        ("京都", ["京都", "東京都"]), ("カメラ", ["カメラ"]),
    ]

    /// The names on all pages of a list.
    private func walk(_ sort: String, _ filter: String, _ limit: Int) throws -> [String] {
        var names: [String] = []
        var cursor = ""
        while true {
            let page = try admin.call(
                "record.list",
                #"{"entity":"account","filter":\#(filter),"sort":["\#(sort)"],"limit":\#(limit)\#(cursor)}"#)
            names += try page.array("records").map { try $0.string("account_name") }
            guard let next = page["next_cursor"]?.string else { return names }
            cursor = #","cursor":\#(next.jsonText)"#
        }
    }
}
