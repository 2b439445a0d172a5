import CRMSDK
import Query
import Records
import Registry
import Security
import Storage
import Testing

/// What a customer's key reaches: of what its user may do, that which is the contact's or their account's.
@Suite("Customers in a portal")
struct CustomerTests {
    private let office: Office
    private let portal: RecordID
    private var ids: [String: RecordID] = [:]

    /// Ann and her colleague Abe are at Acme, Bob is at Beta, Cid at no company.
    init() throws {
        let office = try BundledModulesTests.office(["inventory", "support", "collaboration", "sales"])
        self.office = office
        portal = try office.create(
            "user", ["username": "portal", "last_name": "Portal", "role": .reference(RecordID(1))])
        try make("acme", "account", ["account_name": "Acme"])
        try make("beta", "account", ["account_name": "Beta", "parent_account": .reference(id("acme"))])
        for (name, company) in [("ann", "acme"), ("abe", "acme"), ("bob", "beta"), ("cid", "")] {
            var values: [String: Value] = ["last_name": .text(name)]
            if let company = ids[company] { values["account"] = .reference(company) }
            try make(name, "contact", values)
        }
        for (name, whom) in [
            ("of acme", "acme"), ("of ann", "ann"), ("of abe", "abe"), ("of beta", "beta"), ("of cid", "cid"),
        ] {
            try make("ticket \(name)", "ticket", ["title": .text(name), "related_to": .reference(id(whom))])
            let about: [String: Value] = try [
                "body": .text(name), "related_to": .reference(id("ticket \(name)")),
            ]
            try make("comment \(name)", "comment", about)
            try make("secret \(name)", "comment", about.merging(["internal": true]) { $1 })
        }
        try make("ticket of nobody", "ticket", ["title": "nobody"])
        try make("lathe", "product", ["product_name": "Lathe"])
        try make("gossip", "comment", ["body": "Too dear.", "related_to": .reference(id("lathe"))])
        try make("lead", "lead", ["last_name": "Young", "company": "Acme"])
        for (name, audience) in [("answer", "portal"), ("rule", "internal"), ("draft", "portal")] {
            try make(
                name, "faq", ["question": .text(name), "answer": "So.", "audience": .text(audience)])
            for status in name == "draft" ? [] : ["reviewed", "published"] {
                try office.update(id(name), ["status": .text(status)])
            }
        }
        ids["currency"] = try office.ids("currency", where: nil).first
        for company in ["acme", "beta"] {
            let line = Line([
                "item": .reference(try id("lathe")),
                "quantity": .decimal(FixedDecimal(units: 10_000, scale: 4)),
                "list_price": .decimal(FixedDecimal(units: 5_000_000, scale: 6)),
            ])
            try make(
                "quote \(company)", "quote",
                [
                    "subject": "Lathes", "account": .reference(id(company)),
                    "currency": .reference(id("currency")), "lines": .lines([line]),
                ])
        }
    }

    private mutating func make(_ name: String, _ entity: String, _ values: [String: Value]) throws {
        ids[name] = try office.create(entity, values)
    }

    private func id(_ name: String) throws -> RecordID { try #require(ids[name], "\(name)") }

    private func key(_ name: String) throws -> CallContext {
        CallContext(
            principal: Principal(
                user: portal, isAdministrator: false, source: .apiKey, customer: try id(name)),
            source: .api, method: "test", requestID: "r1")
    }

    private func refusal(_ body: () throws -> Void) -> CRMError? {
        do { try body() } catch { return error as? CRMError }
        return nil
    }

    // MARK: Reading

    struct Customer: Sendable, CustomTestStringConvertible {
        let name: String
        let reaches: Set<String>
        var testDescription: String { name }
    }

    private static let forAll: Set = ["lathe", "answer", "currency"]

    @Test(
        "a customer reaches what is theirs and what is for all, by list, count, search and single read alike",
        arguments: [
            Customer(
                name: "ann",
                reaches: forAll.union([
                    "acme", "ann", "abe", "ticket of acme", "ticket of ann", "comment of acme",
                    "comment of ann",
                    "quote acme",
                ])),
            Customer(
                name: "bob",
                reaches: forAll.union(["beta", "bob", "ticket of beta", "comment of beta", "quote beta"])),
            Customer(name: "cid", reaches: forAll.union(["cid", "ticket of cid", "comment of cid"])),
        ])
    func reading(_ customer: Customer) throws {
        let call = try key(customer.name)
        let names = Dictionary(uniqueKeysWithValues: ids.map { ($0.value, $0.key) })
        var listed: Set<String> = []
        for entity in office.snapshot.registry.entities {
            // What a customer may not even ask for lists nothing.
            guard let found = try? office.ids(entity.name, where: nil, as: call) else { continue }
            for id in found { listed.insert(names[id] ?? "\(entity.name) \(id)") }
            var parameters = ListParameters(entity: entity.name)
            parameters.limit = 1000
            let count = try office.records.planCount(call, office.snapshot, parameters)
            #expect(try office.records.count(count, on: office.database.makeReader()) == found.count)
        }
        #expect(listed == customer.reaches)
        for (name, id) in ids {
            let isThere = (try? office.get(id, as: call)) != nil
            #expect(isThere == customer.reaches.contains(name), "\(name)")
        }
        for word in ["of", "lathe", "acme", "beta", "nobody", "young"] {
            for hit in try office.searchAll(word, as: call) {
                #expect(customer.reaches.contains(names[hit.id] ?? ""), "\(word): \(hit)")
            }
        }
        // Lines are there with their document.
        let quotes = customer.reaches.count { $0.hasPrefix("quote") }
        #expect(try office.ids("quote_line", where: nil, as: call).count == quotes)
    }

    @Test("a reference to what is another's has no label, and a path through it is empty")
    func labels() throws {
        let call = try key("bob")
        let parent = try office.get(try id("beta"), as: call)["parent_account"]
        #expect(parent.reference == ids["acme"])
        let through = try office.ids(
            "account", where: .where("parent_account.account_name", .equal, "Acme"), as: call)
        #expect(through.isEmpty)
        #expect(
            try office.ids("account", where: .where("account_name", .equal, "Beta"), as: call) == [id("beta")]
        )
    }

    @Test("a contact in the recycle bin reaches nothing of theirs")
    func goneContact() throws {
        let call = try key("ann")
        try office.delete(try id("ann"))
        #expect(try office.ids("ticket", where: nil, as: call).isEmpty)
        #expect(try office.ids("account", where: nil, as: call).isEmpty)
    }

    // MARK: Writing

    @Test("what a customer makes is theirs, and a comment is signed with their name")
    func making() throws {
        for (name, whom) in [("ann", "acme"), ("cid", "cid")] {
            let call = try key(name)
            let ticket = try office.create("ticket", ["title": "Help"], as: call)
            #expect(try office.get(ticket)["related_to"].reference == ids[whom])
            let comment = try office.create(
                "comment", ["body": "Please.", "related_to": .reference(ticket)], as: call)
            #expect(try office.get(comment)["author"].reference == ids[name])
            #expect(
                try office.ids("comment", where: .where("related_to", .equal, .reference(ticket)), as: call)
                    == [comment])
        }
        let quote = try office.create(
            "quote",
            ["subject": "Wanted", "contact": .reference(id("ann")), "currency": .reference(id("currency"))],
            as: key("ann"))
        #expect(try office.get(quote)["account"].reference == ids["acme"])
    }

    @Test("a rule that warns of duplicates does not tell a customer whose address is known here")
    func duplicates() throws {
        try office.update(try id("bob"), ["email": "bob@beta.example"])
        let twin: [String: Value] = ["last_name": "Bo", "email": "bob@beta.example"]
        let (service, call) = (office.records, try key("ann"))
        func create(as call: CallContext) throws(CRMError) -> RecordID {
            try office.database.writer.perform { (transaction) throws(CRMError) in
                try service.unit(transaction, call) { (unit) throws(CRMError) in
                    try unit.create("contact", twin, warnings: .heard)
                }
            }
        }
        let warned = #expect(throws: CRMError.self) { try create(as: office.root) }
        #expect(warned?.kind == .duplicate)
        let made = try create(as: call)
        #expect(try office.get(made)["account"].reference == ids["acme"])
    }

    @Test("nothing is made for others, and nothing moved away")
    func refusedWrites() throws {
        let call = try key("ann")
        let (beta, mine) = (Value.reference(try id("beta")), try id("ticket of ann"))
        let count = try office.ids("ticket", where: nil).count
        let attempts: [(String, () throws -> Void)] = [
            ("for another", { try office.create("ticket", ["title": "x", "related_to": beta], as: call) }),
            ("moved", { try office.update(mine, ["related_to": beta], as: call) }),
            ("orphaned", { try office.update(mine, ["related_to": .null], as: call) }),
            ("another's", { try office.update(try id("ticket of beta"), ["title": "x"], as: call) }),
            ("deleted", { try office.delete(try id("ticket of beta"), as: call) }),
            ("moved house", { try office.update(try id("ann"), ["account": beta], as: call) }),
            ("colleague dismissed", { try office.update(try id("abe"), ["account": .null], as: call) }),
            (
                "secret",
                {
                    try office.create(
                        "comment", ["body": "x", "related_to": .reference(mine), "internal": true], as: call)
                }
            ),
            ("a lead", { try office.create("lead", ["last_name": "x", "company": "x"], as: call) }),
            ("a user", { try office.update(portal, ["last_name": "x"], as: call) }),
        ]
        for (name, attempt) in attempts {
            let error = refusal(attempt)
            #expect(
                [.forbidden, .notFound, .invalidRecord].contains(error?.kind),
                "\(name): \(String(describing: error))")
        }
        #expect(try office.ids("ticket", where: nil).count == count)
        #expect(try office.get(mine)["related_to"].reference == ids["ann"])
        #expect(try office.get(try id("abe"))["account"].reference == ids["acme"])
        try office.update(mine, ["title": "Mine"], as: call)
        #expect(try office.get(mine)["title"] == "Mine")
    }

    @Test("a list of a customer's records goes by the indexes of the references, not through everybody's")
    func queryPlan() throws {
        var parameters = ListParameters(entity: "ticket")
        parameters.fields = ["id"]
        let plan = try office.records.planList(key("ann"), office.snapshot, parameters)
        let lines = try office.database.makeReader().queryPlan(plan.read.statements[0])
        let text = lines.joined(separator: "\n")
        #expect(text.contains("e_ticket.") && text.contains("related_to"), "\(text)")
        #expect(!text.contains("SCAN e_ticket"), "\(text)")
    }
}
