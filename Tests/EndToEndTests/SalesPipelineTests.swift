import Foundation
import JSON
import TestKit
import Testing

/// Every ninth deal of the sales-pipeline set, imported by one command, counted by the module and beside it by the test.
@Suite("End to end: the sales pipeline's figures")
struct SalesPipelineTests {
    /// What one agent or one quarter has, as the file says.
    private struct Tally: Equatable {
        var won = 0, lost = 0, value = 0

        var rate: String? {
            guard won + lost > 0 else { return nil }
            let units = (won * 20_000 + won + lost) / (2 * (won + lost))
            return "\(units / 100).\(String(100 + units % 100).dropFirst())"
        }
    }

    /// The set with fewer deals, in a folder of its own, and its deals' fields.
    private static func smallerSet(in folder: TemporaryFolder) throws -> [[Substring]] {
        let whole = Files.repository("Tests/Fixtures/sales-pipeline")
        for name in ["accounts.csv", "products.csv", "sales_teams.csv"] {
            try folder.write(String(contentsOfFile: "\(whole)/\(name)", encoding: .utf8), to: name)
        }
        let text = try String(contentsOfFile: "\(whole)/sales_pipeline.csv", encoding: .utf8)
        let lines = text.split(separator: "\r\n")
        let chosen = [lines[0]] + lines.dropFirst().enumerated().filter { $0.offset % 9 == 0 }.map(\.element)
        try folder.write(chosen.joined(separator: "\r\n") + "\r\n", to: "sales_pipeline.csv")
        return chosen.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    }

    private static func tallies(_ deals: [[Substring]], by key: ([Substring]) -> String?) -> [String: Tally] {
        var tallies: [String: Tally] = [:]
        for deal in deals {
            guard let name = key(deal) else { continue }
            var tally = tallies[name] ?? Tally()
            if deal[4] == "Won" { tally.won += 1 }
            if deal[4] == "Lost" { tally.lost += 1 }
            if deal[4] == "Won" { tally.value += Int(deal[7]) ?? 0 }
            tallies[name] = tally
        }
        return tallies
    }

    @Test("deals won, their values and win rates by agent and quarter are those of the file")
    func figures() throws {
        let folder = try TemporaryFolder()
        let deals = try Self.smallerSet(in: folder)
        let platform = try TestPlatform(options: ["--currency", "USD"])
        let admin = try platform.logIn()
        try platform.enable("sales")
        let imported = try platform.admin(
            "import", "--mapping", Files.repository("config/import/sales-pipeline.json5"), "--from",
            folder.url.path)
        try #require(imported.code == 0, "\(imported)")

        let byAgent = Self.tallies(deals) { String($0[1]) }
        let byQuarter = Self.tallies(deals) { deal in
            Int(deal[6].dropFirst(5).prefix(2)).map { "\(deal[6].prefix(4))-Q\(($0 + 2) / 3)" }
        }
        for (by, expected) in [("owner", byAgent), ("quarter", byQuarter)] {
            for group in try admin.call("sales.win_rate", #"{"by":"\#(by)"}"#).array("groups") {
                guard let name = group["label"]?.string ?? group["key"]?.string else { continue }
                let known = try #require(expected[name], "\(name)")
                let value = group["won_value"]?["amount"]?.string.flatMap { Double($0) } ?? 0
                let counted = Tally(
                    won: Int(try group.integer("won")), lost: Int(try group.integer("lost")),
                    value: Int(value))
                #expect(counted == known, "\(by) \(name)")
                #expect(group["win_rate"]?.string == known.rate, "\(by) \(name)")
            }
        }

        let open = deals.count { !["Won", "Lost"].contains($0[4]) }
        let teams = try admin.call("sales.forecast", #"{"by":"team"}"#).array("totals")
        #expect(teams.count == 6)
        #expect(try teams.map { try $0.integer("count") }.reduce(0, +) == Int64(open))
        let console = try platform.admin("sales", "win-rate", "by=pipeline", "--json")
        let all = Self.tallies(deals) { _ in "" }[""]
        #expect(
            console.code == 0 && console.output.contains(#""win_rate":"\#(all?.rate ?? "")""#), "\(console)")

        // An agent who sees her own deals alone gets her own figures; without the amounts, none.
        try admin.call("sharing.set_default", #"{"entity":"potential","sharing":"private"}"#)
        let found = try admin.call(
            "record.list", #"{"entity":"user","filter":["last_name","=","Schlecht"],"fields":["role"]}"#)
        let user = try #require(found.array("records").first)
        let key = try admin.call("api_key.create", #"{"name":"figures","user":\#(try user.integer("id"))}"#)
        let agent = Caller(platform, token: try key.string("token"))
        let own = try #require(try agent.call("sales.win_rate")["total"])
        let known = byAgent["Darcel Schlecht"]
        #expect(try own.integer("won") == Int64(known?.won ?? -1))
        #expect(own["won_value"]?["amount"]?.string == "\(known?.value ?? -1).00")
        #expect(
            try agent.call("sales.stage_conversion").array("stages")[8].integer("entered")
                == Int64(known?.won ?? -1))
        let profiles = try admin.call("profile.list").array("profiles")
        let sales = try #require(profiles.first { $0["name"]?.string == "Sales" }).integer("id")
        let role = try #require(user["role"]).integer("id")
        try admin.call("role.update", #"{"id":\#(role),"profiles":[\#(sales)]}"#)
        try admin.call(
            "field_access.set",
            #"{"entity":"potential","field":"amount_base","profile":\#(sales),"visible":false}"#)
        let refused = try agent.refusal(of: "sales.win_rate")
        #expect(refused.code == -32602 && refused.message.contains("amount_base"), "\(refused)")
    }
}
