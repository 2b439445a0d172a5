import Foundation
import JSON
import TestKit
import Testing

/// Work that goes on in batches beside everyone's is cut off by a kill, and goes on where it was.
@Suite("End to end: long work outlives a kill")
struct LongWorkTests {
    /// Enough that the work takes longer than a question about it, also with programs that were built for release.
    private static let records =
        ProcessInfo.processInfo.environment["CRM_TEST_PROGRAMS"] == nil ? 12_000 : 100_000

    @Test("a type change and a computed back-fill: killed in the midst, both end, and no value is lost")
    func killed() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        try admin.call("entity.create", #"{"name":"x_site","label":"Site","plural_label":"Sites"}"#)
        try admin.call("field.create", #"{"entity":"x_site","name":"x_year","type":"text","label":"Built"}"#)
        for start in stride(from: 0, to: Self.records, by: 200) {
            let operations = (start..<start + 200).map { number in
                #"{"method":"record.create","params":{"entity":"x_site","values":{"x_name":"Site \#(number)","x_year":"\#(number)"}}}"#
            }
            try admin.call("batch.execute", #"{"operations":[\#(operations.joined(separator: ","))]}"#)
        }
        try changeType(platform, admin)
        try backFill(platform, admin)
        let verified = try platform.admin("log", "verify")
        #expect(verified.code == 0, "\(verified)")
    }

    /// There and back until a kill has met the work in the midst: a quick machine may be done before. The number of
    /// attempts is odd, so that whichever meets it the last change is the one to whole numbers.
    private func changeType(_ platform: TestPlatform, _ admin: Caller) throws {
        var isMet = false
        var type = "text"
        for attempt in 1...7 where !isMet || type == "text" {
            type = type == "text" ? "integer" : "text"
            try admin.call("field.change_type", #"{"entity":"x_site","name":"x_year","type":"\#(type)"}"#)
            try eventually(orThrow: { platform.failure("the type does not change") }) {
                try !mustWait(attempt) || status(admin) == "done" || done(admin) > 0
            }
            try platform.waitForNewKernel(after: try platform.killKernel())
            if try status(admin) == "running" { isMet = true }
            // Everyone else's work goes on meanwhile.
            let id = try admin.create("account", #"{"account_name":"Meanwhile"}"#)
            #expect(try admin.call("record.get", #"{"id":\#(id)}"#)["account_name"]?.string == "Meanwhile")
            try eventually(orThrow: { platform.failure("the type does not change") }) {
                try status(admin) != "running"
            }
            #expect(try status(admin) == "done")
            #expect(try done(admin) == Self.records, "each record once")
            try expectYears(admin)
        }
        #expect(isMet, "no kill met the change in the midst of it")
        try #require(type == "integer")
    }

    /// The first attempt waits for a part of the work; where all of it was done too soon for that, the later ones do not.
    private func mustWait(_ attempt: Int) -> Bool { attempt == 1 }

    private func status(_ admin: Caller) throws -> String? { try changeTask(admin)["status"]?.string }

    private func done(_ admin: Caller) throws -> Int64 { try changeTask(admin).integer("done") }

    private func changeTask(_ admin: Caller) throws -> JSONNode {
        try #require(
            try admin.call("schema.tasks").array("tasks").first { $0["kind"]?.string == "change_type" })
    }

    private func expectYears(_ admin: Caller) throws {
        var years: [String] = []
        var cursor = ""
        repeat {
            let page = try admin.call(
                "record.list",
                #"{"entity":"x_site","sort":["id"],"fields":["x_year"],"limit":1000\#(cursor)}"#)
            years += try page.array("records").map { $0["x_year"]?.string ?? $0["x_year"]?.text ?? "absent" }
            cursor = page["next_cursor"]?.string.map { #","cursor":\#($0.jsonText)"# } ?? ""
        } while !cursor.isEmpty
        #expect(years == (0..<Self.records).map { "\($0)" })
    }

    private func backFill(_ platform: TestPlatform, _ admin: Caller) throws {
        var killed: Int32?
        var moved = 0
        for attempt in 1...6 where killed == nil {
            let field = "x_double_\(attempt)"
            try admin.call(
                "field.create",
                #"{"entity":"x_site","name":"\#(field)","type":"integer","label":"Double","expression":"x_year * 2"}"#
            )
            try eventually(orThrow: { platform.failure("the figures are not all there") }) {
                let done = try admin.count("x_site", #"["\#(field)","is not empty"]"#)
                guard done < Self.records else { return true }
                guard killed == nil, !mustWait(attempt) || done > 0 else { return false }
                killed = try platform.killKernel()
                try platform.waitForNewKernel(after: killed ?? 0)
                // One that has not been computed, and one that has been: both follow what is written meanwhile.
                for number in [0, Self.records - 1] {
                    let list = #"{"entity":"x_site","filter":["x_year","=",\#(number)]}"#
                    let id = try #require(try admin.call("record.list", list).array("records").first)
                        .integer("id")
                    try admin.call(
                        "record.update", #"{"id":\#(id),"values":{"x_year":\#(number + 10_000)}}"#)
                }
                moved = 20_000
                return false
            }
            let sum = try admin.call(
                "record.aggregate",
                #"{"entity":"x_site","group_by":[],"measures":[{"op":"sum","field":"x_year","as":"years"},{"op":"sum","field":"\#(field)","as":"doubles"}]}"#
            )
            let group = try #require(try sum.array("groups").first)
            let years = Self.records * (Self.records - 1) / 2 + moved
            #expect(
                group["years"]?.text == "\(years)" && group["doubles"]?.text == "\(2 * years)",
                "\(group.text)")
        }
        #expect(killed != nil, "no kill met the back-fill in the midst of it")
    }

    // MARK: What follows a change of the schema and of rates

    private static let deals = 1_200

    @Test(
        "words and base amounts that a change asks for are complete in the end, though a kill comes right behind it"
    )
    func followers() throws {
        let platform = try TestPlatform()
        try platform.enable("sales")
        let admin = try platform.logIn()
        let account = try admin.create("account", #"{"account_name":"Fabrikam"}"#)
        let dollar = try admin.create("currency", #"{"name":"Dollar","code":"USD","rate":"2"}"#)
        try admin.call(
            "field.create", #"{"entity":"potential","name":"x_lot","type":"integer","label":"Lot"}"#)
        for start in stride(from: 0, to: Self.deals, by: 200) {
            let operations = (start..<start + 200).map { number in
                #"{"method":"record.create","params":{"entity":"potential","values":{"potential_name":"Deal","related_to":\#(account),"#
                    + #""sales_stage":"qualification","closing_date":"2026-06-30","currency":\#(dollar),"amount":"\#(number).00","x_lot":\#(70_000 + number)}}}"#
            }
            try admin.call("batch.execute", #"{"operations":[\#(operations.joined(separator: ","))]}"#)
        }
        try rates(platform, admin, dollar)
        try words(platform, admin)
    }

    /// A rate for the past changes the base amounts of all deals behind it.
    private func rates(_ platform: TestPlatform, _ admin: Caller, _ dollar: Int64) throws {
        for (day, rate) in [("2026-01-01", 4), ("2026-02-01", 8), ("2026-03-01", 5)] {
            try admin.call(
                "record.create",
                #"{"entity":"exchange_rate","values":{"currency":\#(dollar),"valid_from":"\#(day)","rate":"\#(rate)"}}"#
            )
            try platform.waitForNewKernel(after: try platform.killKernel())
            // Half a cent is rounded up on each deal.
            let cents = (0..<Self.deals).reduce(0) { $0 + ($1 * 100 * 2 + rate) / (2 * rate) }
            let expected = "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
            try eventually(orThrow: { platform.failure("the base amounts are not those of rate \(rate)") }) {
                let sums = try admin.call(
                    "record.aggregate",
                    #"{"entity":"potential","group_by":[],"measures":[{"op":"sum","field":"amount_base","as":"base"},{"op":"count","as":"n"}]}"#
                )
                let group = try #require(try sums.array("groups").first)
                #expect(try group.integer("n") == Self.deals)
                return group["base"]?["amount"]?.string == expected
            }
        }
    }

    /// As text a field is searched, as a number it is not.
    private func words(_ platform: TestPlatform, _ admin: Caller) throws {
        for type in ["text", "integer", "text"] {
            try admin.call("field.change_type", #"{"entity":"potential","name":"x_lot","type":"\#(type)"}"#)
            try eventually(orThrow: { platform.failure("the type does not change") }) {
                try status(admin) == "done"
            }
            try platform.waitForNewKernel(after: try platform.killKernel())
            // Of 70,000 to 71,199 a hundred begin with 700, and as many with 711.
            for (text, hits) in [("700", 100), ("711", 100), ("70999", 1)] {
                try eventually(orThrow: { platform.failure("the words of \(text) are not those of \(type)") })
                {
                    let found = try admin.call(
                        "record.search", #"{"text":"\#(text)","entities":["potential"],"limit":1000}"#)
                    return try found.array("hits").count == (type == "text" ? hits : 0)
                }
            }
        }
    }
}
