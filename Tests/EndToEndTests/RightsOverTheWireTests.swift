import JSON
import TestKit
import Testing

@Suite("End to end: six people, one set of data")
struct RightsOverTheWireTests {
    private struct Expected {
        let user: String
        let sees: [String]
        /// The sum of annual_revenue; nil where the field is not there.
        let revenue: String?
        let contacts: Int64
        /// What updating and deleting the northern account come to: an error's code, or nil.
        let update: Int64?
        let delete: Int64?
    }

    private static let hidden: Int64 = -32003
    private static let forbidden: Int64 = -32002

    private static let expected = [
        Expected(
            user: "root", sees: ["Common", "Northern", "Southern"], revenue: "600.00", contacts: 1,
            update: nil,
            delete: nil),
        Expected(
            user: "mara", sees: ["Northern", "Southern"], revenue: "300.00", contacts: 1, update: nil,
            delete: nil),
        Expected(
            user: "nora", sees: ["Common", "Northern"], revenue: "400.00", contacts: 1, update: nil,
            delete: nil),
        Expected(
            user: "sid", sees: ["Common", "Southern"], revenue: "500.00", contacts: 0, update: hidden,
            delete: hidden),
        Expected(
            user: "tess", sees: ["Northern"], revenue: nil, contacts: 1, update: forbidden, delete: forbidden),
        Expected(
            user: "audra", sees: ["Common", "Northern", "Southern"], revenue: "600.00", contacts: 1,
            update: forbidden, delete: forbidden),
    ]

    @Test("lists, counts, sums, single reads and writes agree for everyone")
    func everyone() throws {
        let people = try SixPeople(TestPlatform())
        for expected in Self.expected {
            let caller = try people.caller(expected.user)
            #expect(
                try caller.texts(of: "account_name", "account", #""sort":["account_name"]"#) == expected.sees,
                "\(expected.user)")
            #expect(try caller.count("account") == Int64(expected.sees.count), "\(expected.user)")
            #expect(try caller.count("contact") == expected.contacts, "\(expected.user)")
            for (name, id) in people.accounts { try read(name, id, expected, caller) }
            try revenue(expected, caller)
            try write(expected, caller, people)
        }
    }

    private func read(_ name: String, _ id: Int64, _ expected: Expected, _ caller: Caller) throws {
        if expected.sees.contains(name) {
            let record = try caller.call("record.get", #"{"id":\#(id)}"#)
            #expect(record["account_name"]?.string == name)
            // A hidden field is absent, not null.
            #expect((record["annual_revenue"] == nil) == (expected.revenue == nil), "\(expected.user)")
        } else {
            for method in ["record.get", "record.history"] {
                #expect(try caller.refusal(of: method, #"{"id":\#(id)}"#).code == Self.hidden)
            }
        }
    }

    private func revenue(_ expected: Expected, _ caller: Caller) throws {
        let sum = #"{"entity":"account","measures":[{"op":"sum","field":"annual_revenue","as":"all"}]}"#
        guard let revenue = expected.revenue else {
            #expect(try caller.refusal(of: "record.aggregate", sum).code == -32602)
            return
        }
        let group = try caller.call("record.aggregate", sum).array("groups")[0]
        #expect(group["all"]?.text.contains(revenue) == true, "\(expected.user): \(group.text)")
    }

    private func write(_ expected: Expected, _ caller: Caller, _ people: SixPeople) throws {
        let id = people.accounts["Northern"] ?? 0
        let attempts = [
            ("record.update", #"{"id":\#(id),"values":{"phone":"555"},"dry_run":true}"#, expected.update),
            ("record.delete", #"{"id":\#(id),"dry_run":true}"#, expected.delete),
        ]
        for (method, params, code) in attempts {
            guard let code else {
                try caller.call(method, params)
                continue
            }
            #expect(try caller.refusal(of: method, params).code == code, "\(expected.user) \(method)")
        }
    }

    @Test("a change of rights is in force for the next call; what-if said what it would do")
    func atOnce() throws {
        let people = try SixPeople(TestPlatform())
        let (sid, root) = (try people.caller("sid"), people.root)
        let change = #"{"id":\#(people.users["sid"] ?? 0),"role":\#(people.roles["Manager"] ?? 0)}"#
        let whatIf = try root.call(
            "security.what_if", #"{"changes":[{"method":"user.set_role","params":\#(change)}]}"#)
        let gains = try whatIf.array("differences").first {
            $0["user"]?["username"]?.string == "sid" && $0["entity"]?.string == "account"
                && $0["action"]?.string == "view"
        }
        #expect(gains?["gains"]?["count"]?.int64 == 1, "\(whatIf.text)")
        #expect(try sid.count("account") == 2, "asking changes nothing")
        #expect(try sid.refusal(of: "role.list").rule == "administrator")
        try root.call("user.set_role", change)
        // Northern is gained; Common was reached through the role South, and is lost.
        #expect(
            try sid.texts(of: "account_name", "account", #""sort":["account_name"]"#) == [
                "Northern", "Southern",
            ])
        let entries = try root.call("log.list", #"{"limit":1000}"#).array("entries")
        #expect(entries.contains { $0["method"]?.string == "security.what_if" }, "who asks stands in the log")
        let refused = entries.filter { $0["kind"]?.string == "refusal" }.map { $0["method"]?.string }
        #expect(refused == ["role.list"], "and who tries what is for administrators")
    }
}
