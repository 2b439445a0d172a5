import Foundation
import JSON
import TestKit
import Testing

@Suite("End to end: the first tour")
struct FirstTourTests {
    @Test("from an empty folder to a pipeline that is counted, changed, deleted and brought back")
    func tour() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        #expect(try admin.call("auth.whoami")["user"]?["username"]?.string == "admin")
        #expect(
            try admin.refusal(of: "record.count", #"{"entity":"potential"}"#).message.contains("potential"))
        try platform.enable("sales")

        // The people and the deals.
        let acme = try admin.create("account", #"{"account_name":"Acme","industry":"banking"}"#)
        let birch = try admin.create("account", #"{"account_name":"Birch","industry":"retail"}"#)
        let ada = try admin.create("contact", #"{"first_name":"Ada","last_name":"Byron","account":\#(acme)}"#)
        let fleet = try admin.create(
            "potential",
            #"""
            {"potential_name":"Fleet","related_to":\#(acme),"contact":\#(ada),"amount":"1000.10",
             "closing_date":"2026-12-01"}
            """#
        )
        _ = try admin.create(
            "potential",
            #"""
            {"potential_name":"Vans","related_to":\#(acme),"contact":\#(ada),"amount":"200.20",
             "closing_date":"2026-12-24"}
            """#
        )
        _ = try admin.create(
            "potential",
            #"""
            {"potential_name":"Shelves","related_to":\#(birch),"amount":"30.30",
             "closing_date":"2027-01-05","sales_stage":"closed_won"}
            """#
        )

        // Read by paths over references, sorted, and page by page.
        let bank = #""filter":["contact.account.industry","=","banking"],"sort":["-amount"]"#
        #expect(try admin.texts(of: "potential_name", "potential", bank) == ["Fleet", "Vans"])
        #expect(
            try pages(admin, #""entity":"potential","sort":["-closing_date"],"limit":1"#) == [
                "Shelves", "Vans", "Fleet",
            ])
        let read = try admin.call(
            "record.get", #"{"id":\#(fleet),"fields":["amount","related_to","potential_no"]}"#)
        #expect(read["amount"]?.text == #"{"amount":"1000.10","currency":"EUR"}"#)
        #expect(read["related_to"]?.text == #"{"id":\#(acme),"entity":"account","label":"Acme"}"#)
        #expect(read["potential_no"]?.string == "POT00001")

        // Counted exactly.
        let sums = try admin.call(
            "record.aggregate",
            #"""
            {"entity":"potential","group_by":[{"field":"closing_date","by":"month"}],
             "measures":[{"op":"sum","field":"amount","as":"total"},{"op":"count","as":"deals"}]}
            """#
        ).array("groups")
        #expect(sums.map { $0["total"]?["amount"]?.string } == ["1200.30", "30.30"])
        #expect(sums.map { $0["deals"]?.int64 } == [2, 1])

        // Changed by two who both read version 1.
        let won = try admin.call(
            "record.update", #"{"id":\#(fleet),"version":1,"values":{"sales_stage":"closed_won"}}"#)
        #expect(won["probability"]?.string == "100.00")
        let stale = try admin.refusal(
            of: "record.update", #"{"id":\#(fleet),"version":1,"values":{"next_step":"Call"}}"#)
        #expect(stale.code == -32005)
        #expect(stale.data?["conflict"]?["version"]?.int64 == 2)
        #expect(stale.data?["conflict"]?["fields"]?.elements.contains { $0.string == "sales_stage" } == true)

        // What became of it.
        let history = try admin.call("record.history", #"{"id":\#(fleet)}"#).array("entries")
        #expect(history.map { $0["kind"]?.string } == ["create", "update"])
        #expect(history.last?.text.contains("closed_won") == true)

        // Deleted, found only in the recycle bin, and brought back.
        try admin.call("record.delete", #"{"id":\#(fleet)}"#)
        #expect(try admin.refusal(of: "record.get", #"{"id":\#(fleet)}"#).code == -32003)
        #expect(try admin.texts(of: "potential_name", "potential", #""recycle_bin":"only""#) == ["Fleet"])
        #expect(try admin.count("potential") == 2)
        try admin.call("record.restore", #"{"id":\#(fleet)}"#)
        #expect(try admin.count("potential") == 3)
        #expect(try admin.call("log.verify")["intact"]?.bool == true)
    }

    @Test("a field made while the platform runs is at once there for filters, sorts, lists and sums")
    func customField() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        for name in ["Acme", "Birch", "Cedar"] {
            _ = try admin.create("account", #"{"account_name":"\#(name)"}"#)
        }
        let unknown = try admin.refusal(
            of: "record.create", #"{"entity":"account","values":{"account_name":"D","x_seats":1}}"#)
        #expect(unknown.fields == ["x_seats"])
        try admin.call(
            "field.create",
            #"{"entity":"account","name":"x_seats","label":"Seats","type":"integer","indexed":true}"#)
        for (name, seats) in [("Acme", 5), ("Birch", 50)] {
            let id = try admin.call(
                "record.list", #"{"entity":"account","filter":["account_name","=","\#(name)"]}"#
            )
            .array("records")[0].integer("id")
            try admin.call("record.update", #"{"id":\#(id),"values":{"x_seats":\#(seats)}}"#)
        }
        #expect(try admin.texts(of: "account_name", "account", #""filter":["x_seats",">",5]"#) == ["Birch"])
        #expect(
            try admin.texts(of: "x_seats", "account", #""sort":["-x_seats"],"fields":["x_seats"]"#) == [
                "50", "5", "null",
            ])
        let sum = try admin.call(
            "record.aggregate",
            #"{"entity":"account","measures":[{"op":"sum","field":"x_seats","as":"seats"}]}"#)
        #expect(try sum.array("groups")[0]["seats"]?.int64 == 55)

        // It is a part of the data, not of the process.
        try platform.restart()
        let again = try platform.logIn()
        #expect(try again.texts(of: "account_name", "account", #""filter":["x_seats","=",50]"#) == ["Birch"])
    }

    @Test("a password that the platform made opens nothing but its own change")
    func generatedPassword() throws {
        let platform = try TestPlatform(firstPassword: .generated)
        let file = "\(platform.dataPath)/kernel/initial-admin-password"
        #expect(platform.process.standardOutput.contains(file))
        let password = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")[0]
        let admin = try platform.logIn("admin", String(password))
        let refusal = try admin.refusal(of: "record.list", #"{"entity":"account"}"#)
        #expect(refusal.kind == "forbidden" && refusal.hint?.contains("auth.change_password") == true)

        let weak = try admin.refusal(
            of: "auth.change_password", #"{"current":"\#(password)","new":"password"}"#)
        #expect(weak.kind == "invalid_record")
        try admin.call(
            "auth.change_password", #"{"current":"\#(password)","new":"nine green bottles hanging"}"#)
        #expect(throws: Caller.Refusal.self) { try platform.logIn("admin", String(password)) }
        let changed = try platform.logIn("admin", "nine green bottles hanging")
        #expect(try changed.call("record.list", #"{"entity":"account"}"#).array("records").isEmpty)
    }

    /// The names on all pages of a list.
    private func pages(_ caller: Caller, _ parameters: String) throws -> [String] {
        var names: [String] = []
        var cursor = ""
        while true {
            let page = try caller.call("record.list", "{\(parameters)\(cursor)}")
            names += try page.array("records").map { try $0.string("potential_name") }
            guard let next = page["next_cursor"]?.string else { return names }
            cursor = #","cursor":\#(next.jsonText)"#
        }
    }
}
