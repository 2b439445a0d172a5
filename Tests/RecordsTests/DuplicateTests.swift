import CRMSDK
import Core
import Installation
import Query
import Registry
import Security
import Storage
import TestRandom
import Testing
import Text

@testable import Records

extension Office {
    /// As a person creates it, who is asked.
    @discardableResult
    func enter(_ entity: String, _ values: [String: Value], as call: CallContext? = nil) throws(CRMError)
        -> RecordID
    {
        let (service, call) = (records, call ?? root)
        return try database.writer.perform { (transaction) throws(CRMError) in
            try service.unit(transaction, call) { (unit) throws(CRMError) in
                try unit.create(entity, values, warnings: .heard)
            }
        }
    }

    func change(_ id: RecordID, _ values: [String: Value], _ warnings: DuplicateWarnings) throws(CRMError) {
        let (service, call) = (records, root)
        try database.writer.perform { (transaction) throws(CRMError) in
            _ = try service.unit(transaction, call) { (unit) throws(CRMError) in
                try unit.update(id, entity: nil, values, version: nil, warnings: warnings)
            }
        }
    }

    @discardableResult
    func rule(
        _ name: String, _ entity: String, _ fields: String, _ action: String = "warn", onUpdate: Bool = false
    ) throws(CRMError) -> RecordID {
        try create(
            "duplicate_rule",
            [
                "rule_name": .text(name), "entity": .text(entity), "fields": .text(fields),
                "action": .text(action), "on_update": .bool(onUpdate),
            ])
    }

    /// All groups, page by page, by the rule's name.
    func groups(_ entity: String, limit: Int = 50, as call: CallContext? = nil) throws(CRMError)
        -> [String: Set<Set<RecordID>>]
    {
        var groups: [String: Set<Set<RecordID>>] = [:]
        var cursor: String?
        let reader = try database.makeReader()
        repeat {
            let page = try records.duplicateGroups(
                call ?? root, snapshot, on: reader, snapshot.registry.entity(entity), limit: limit,
                cursor: cursor)
            for group in page.groups {
                groups[group.rule.name, default: []].insert(Set(group.records.map(\.id)))
            }
            cursor = page.next
        } while cursor != nil
        return groups
    }

    func like(_ id: RecordID, as call: CallContext? = nil) throws(CRMError) -> [RecordID] {
        try records.duplicates(
            call ?? root, snapshot, on: database.makeReader(), of: id, entity: nil
        ).1.records.map(\.id)
    }

    func fillDuplicates(_ batchSize: Int = 1000) throws(CRMError) {
        let filling = DuplicateFilling(records, database.writer, batchSize: batchSize)
        while try filling.step() {}
    }

    func storedKeys() throws(CRMError) -> Int64 {
        try database.makeReader().first(Statement("SELECT count(*) FROM crm_duplicate_key")) { $0.int64(0) }
            ?? 0
    }
}

/// What rules for duplicates find, ask and refuse.
@Suite("Duplicates")
struct DuplicateTests {
    private let office: Office

    init() throws { office = try Office() }

    // MARK: Asking

    @Test("a new record like another is refused with the record, and made where its maker says so")
    func warning() throws {
        let ada = try office.enter("contact", ["last_name": "Lovelace", "email": "Ada@Acme.example"])
        let error = #expect(throws: CRMError.self) {
            try office.enter("contact", ["last_name": "Byron", "email": "ada@acme.EXAMPLE"])
        }
        #expect(error?.kind == .duplicate)
        #expect(error?.message == "contact \(ada) \"Lovelace\" has the same E-mail")
        #expect(error?.rule == "Contact by e-mail")
        #expect(error?.candidates == [ada.description])
        #expect(error?.fields.map(\.field) == ["email"])
        let found = DuplicateRecords.Found(
            id: ada, entity: "contact", label: "Lovelace", rules: ["Contact by e-mail"])
        #expect(error?.duplicates == DuplicateRecords(action: "warn", records: [found], hidden: 0))
        try office.create("contact", ["last_name": "Byron", "email": "ada@acme.EXAMPLE"])
        #expect(try office.groups("contact")["Contact by e-mail"]?.count == 1)
    }

    @Test("an account is like another by name or by website, and is named once")
    func either() throws {
        let acme = try office.enter(
            "account", ["account_name": "Acme GmbH", "website": "https://www.acme.example/de"])
        for values: [String: Value] in [
            ["account_name": "ACME Ltd."], ["account_name": "Other", "website": "acme.example"],
            ["account_name": "Acme", "website": "http://acme.example:8080"],
        ] {
            let error = #expect(throws: CRMError.self) { try office.enter("account", values) }
            #expect(error?.candidates == [acme.description])
        }
        try office.enter("account", ["account_name": "Acme Shipping", "website": "shop.acme.example"])
        try office.enter("account", ["account_name": "Nobody"])
    }

    @Test("a rule that blocks asks nobody, in any unit; one that allows only finds")
    func actions() throws {
        let block = try office.rule("By ticker", "account", "ticker_symbol", "block", onUpdate: true)
        try office.rule("By phone", "account", "phone", "allow")
        let first = try office.create(
            "account", ["account_name": "One", "ticker_symbol": "ACM", "phone": "+49 30 1234567"])
        let second = try office.enter("account", ["account_name": "Two", "phone": "030 123 45 67"])
        #expect(try office.like(second) == [first])
        let made = #expect(throws: CRMError.self) {
            try office.create("account", ["account_name": "Three", "ticker_symbol": "acm"])
        }
        #expect(made?.kind == .duplicate)
        #expect(made?.duplicates?.action == "block")
        let changed = #expect(throws: CRMError.self) { try office.update(second, ["ticker_symbol": "ACM"]) }
        #expect(changed?.kind == .duplicate)
        // What does not change what it is like is no matter of the rule.
        try office.update(first, ["ticker_symbol": "acm", "ownership": "private"])
        try office.update(block, ["active": false])
        try office.update(second, ["ticker_symbol": "ACM"])
    }

    @Test("a change is asked about only by rules for changes")
    func changes() throws {
        let ada = try office.enter("contact", ["last_name": "Ada", "email": "ada@acme.example"])
        let bob = try office.enter("contact", ["last_name": "Bob"])
        try office.change(bob, ["email": "ada@acme.example"], .heard)
        try office.change(bob, ["email": .null], .heard)
        let rule = try #require(
            try office.ids("duplicate_rule", where: .where("rule_name", .equal, "Contact by e-mail")).first)
        try office.update(rule, ["on_update": true])
        let error = #expect(throws: CRMError.self) {
            try office.change(bob, ["email": "ADA@acme.example"], .heard)
        }
        #expect(error?.candidates == [ada.description])
        try office.change(bob, ["email": "ADA@acme.example"], .waived)
        try office.change(bob, ["email": "ada@acme.example"], .heard)
    }

    @Test("what is deleted is like nothing; what comes back, is again")
    func bin() throws {
        let ada = try office.create("contact", ["last_name": "Ada", "email": "ada@acme.example"])
        let bob = try office.create("contact", ["last_name": "Bob", "email": "ada@acme.example"])
        try office.delete(ada)
        #expect(try office.like(bob).isEmpty)
        try office.restore(ada)
        #expect(try office.like(bob) == [ada])
        try office.update(bob, ["email": "bob@acme.example"])
        #expect(try office.like(bob).isEmpty)
        _ = try office.undo(try office.lastChangeSet())
        #expect(try office.like(bob) == [ada])
        try office.merge(ada, [bob])
        #expect(try office.like(ada).isEmpty)
        _ = try office.undo(try office.lastChangeSet())
        #expect(try office.like(ada) == [bob])
    }

    // MARK: Rights

    @Test("records that the caller may not view are counted, never named, and only to who may create one")
    func hidden() throws {
        // Contacts follow their accounts.
        try office.create("sharing_default", ["entity": "account", "sharing": "private"])
        let role = try office.create(
            "role", ["role_name": "Seller", "parent_role": .reference(RecordID(1))])
        let profile = try #require(
            try office.ids("profile", where: .where("profile_name", .equal, "Sales")).first)
        try office.create("role_profile", ["role": .reference(role), "profile": .reference(profile)])
        let user = try office.create(
            "user", ["username": "sam", "last_name": "Sam", "role": .reference(role)])
        let sam = Office.call(user)
        let secret = try office.create("contact", ["last_name": "Secret", "email": "x@acme.example"])
        let own = try office.create(
            "contact", ["last_name": "Own", "email": "x@acme.example", "owner": .reference(user)])

        let error = #expect(throws: CRMError.self) {
            try office.enter("contact", ["last_name": "New", "email": "x@acme.example"], as: sam)
        }
        #expect(error?.candidates == [own.description])
        #expect(error?.duplicates?.hidden == 1)
        #expect(error?.message.contains("Secret") == false)
        #expect(error?.message.contains(secret.description) == false)
        let (entity, found) = try office.records.duplicates(
            sam, office.snapshot, on: office.database.makeReader(), of: own, entity: nil)
        #expect(entity.name == "contact" && found.records.isEmpty && found.hidden == 1)
        #expect(try office.groups("contact", as: sam).isEmpty)
        #expect(throws: CRMError.self) { try office.like(secret, as: sam) }

        try office.delete(own)
        let alone = #expect(throws: CRMError.self) {
            try office.enter("contact", ["last_name": "New", "email": "x@acme.example"], as: sam)
        }
        #expect(alone?.message == "1 contact that you may not view has the same E-mail")
        #expect(alone?.candidates == [])
    }

    @Test("a rule over a field that the caller may not see finds nothing for them")
    func hiddenField() throws {
        let user = try office.create(
            "user", ["username": "kim", "last_name": "Kim", "role": .reference(RecordID(1))])
        let kim = Office.call(user)
        let first = try office.create("contact", ["last_name": "A", "email": "a@acme.example"])
        let second = try office.create("contact", ["last_name": "B", "email": "a@acme.example"])
        let before = try office.like(first, as: kim)
        try office.create(
            "field_access", ["entity": "contact", "field": "email", "visible": false, "read_only": true])
        #expect(before == [second])
        #expect(try office.like(first, as: kim).isEmpty)
        #expect(try office.groups("contact", as: kim).isEmpty)
    }

    // MARK: Rules

    struct Wrong: Sendable, CustomTestStringConvertible {
        let entity: String, fields: String, field: String, code: String, says: String
        var testDescription: String { "\(entity): \(fields)" }
    }

    @Test(
        "a rule that cannot work is refused when it is saved, with the reason",
        arguments: [
            Wrong(entity: "acount", fields: "email", field: "entity", code: "not_found", says: "acount"),
            Wrong(entity: "user", fields: "email", field: "entity", code: "rule", says: "cannot be merged"),
            Wrong(entity: "account", fields: "emial", field: "fields", code: "not_found", says: "emial"),
            Wrong(
                entity: "account", fields: "email,,phone", field: "fields", code: "not_found", says: "\"\""),
            Wrong(
                entity: "account", fields: "description", field: "fields", code: "rule",
                says: "nothing that could be compared"),
            Wrong(
                entity: "account", fields: "annual_revenue", field: "fields", code: "rule",
                says: "nothing that could be compared"),
            Wrong(
                entity: "account", fields: "account_no", field: "fields", code: "rule",
                says: "nothing that could be compared"),
            Wrong(
                entity: "account", fields: "owner", field: "fields", code: "rule",
                says: "nothing that could be compared"),
            Wrong(
                entity: "account", fields: "email:phone", field: "fields", code: "rule",
                says: "cannot be compared as \"phone\""),
            Wrong(
                entity: "account", fields: "email:email:text", field: "fields", code: "rule",
                says: "cannot be compared as \"email:text\""),
            Wrong(
                entity: "account", fields: "email, email:text", field: "fields", code: "rule",
                says: "named twice"),
            Wrong(
                entity: "account", fields: "industry, notify_owner", field: "fields", code: "rule",
                says: "half of all Accounts"),
            Wrong(
                entity: "account", fields: "email,other_email,phone,other_phone,fax,website", field: "fields",
                code: "rule", says: "at most 5"),
            Wrong(
                entity: "account", fields: " website : host ", field: "fields", code: "duplicate",
                says: "\"Account by website\" compares the same"),
        ])
    func wrongRule(_ wrong: Wrong) throws {
        let error = #expect(throws: CRMError.self) {
            try office.rule("Wrong", wrong.entity, wrong.fields)
        }
        #expect(error?.fields.map(\.field) == [wrong.field])
        #expect(error?.fields.first?.code == wrong.code)
        #expect(error?.message.contains(wrong.says) == true, "\(error?.message ?? "")")
        #expect(try office.ids("duplicate_rule", where: .where("rule_name", .equal, "Wrong")).isEmpty)
    }

    @Test("several fields of a rule must all be alike, and one that is empty is like none")
    func conjunction() throws {
        try office.rule("By name and birthday", "contact", "first_name, last_name:name, birthday", "warn")
        let day = Value.date(CalendarDate("1815-12-10")!)
        let ada: [String: Value] = ["first_name": "Ada", "last_name": "Lovelace", "birthday": day]
        try office.enter("contact", ada)
        try office.enter("contact", ada.merging(["first_name": "Byron"]) { $1 })
        try office.enter("contact", ada.merging(["birthday": .null]) { $1 })
        try office.enter("contact", ada.merging(["birthday": .null]) { $1 })
        let error = #expect(throws: CRMError.self) {
            try office.enter("contact", ada.merging(["first_name": "ADA", "last_name": "LOVELACE"]) { $1 })
        }
        #expect(
            error?.fields.first?.message == "First Name and Last Name and Birthday is that of another contact"
        )
    }

    // MARK: Filling

    @Test("a new rule finds older records once its keys are filled, batch by batch, through a kill")
    func filling() throws {
        for index in 0..<7 {
            try office.create(
                "contact", ["last_name": .text("N\(index)"), "mobile": .text("0170 000000\(index / 2)")])
        }
        try office.fillDuplicates()
        let rule = try office.rule("By mobile", "contact", "mobile", "allow")
        #expect(try office.groups("contact").isEmpty)
        let entity = try office.snapshot.registry.entity("contact")
        func waiting() throws -> [String] {
            try office.records.rulesBeingFilled(
                office.root, office.snapshot, on: office.database.makeReader(), entity)
        }
        #expect(try waiting() == ["By mobile"])
        // One batch, then another filling, as after a kill; between them normal work goes on.
        #expect(try DuplicateFilling(office.records, office.database.writer, batchSize: 2).step())
        let late = try office.create("contact", ["last_name": "Late", "mobile": "+49 170 0000003"])
        #expect(try office.groups("contact")["By mobile"]?.count == 1)
        try office.fillDuplicates(2)
        #expect(try waiting().isEmpty)
        #expect(try office.groups("contact")["By mobile"]?.count == 4)
        #expect(try office.like(late).count == 1)

        // Another field, and back: older keys go, and count for nothing before they are gone.
        let before = try office.storedKeys()
        try office.update(rule, ["fields": "last_name:name"])
        #expect(try office.groups("contact").isEmpty)
        try office.fillDuplicates(3)
        #expect(try office.groups("contact").isEmpty)
        try office.update(rule, ["fields": "mobile"])
        try office.fillDuplicates(3)
        #expect(try office.groups("contact")["By mobile"]?.count == 4)
        #expect(try office.storedKeys() == before)

        // What was written while the rule rested is found when it wakes.
        try office.update(rule, ["active": false])
        try office.delete(late)
        try office.create("contact", ["last_name": "Rest", "mobile": "0170 0000000"])
        try office.update(rule, ["active": true])
        try office.fillDuplicates(3)
        #expect(try office.groups("contact")["By mobile"]?.map(\.count).sorted() == [2, 2, 3])
        try office.delete(rule)
        try office.fillDuplicates(3)
        #expect(try office.storedKeys() == 0)
    }

    @Test("groups are those that a comparison of all records with all would find")
    func bruteForce() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed)
        try office.rule("By name and phone", "account", "account_name:name, phone", "allow")
        try office.rule("By industry and mail", "account", "industry, email", "allow")
        let names = ["Acme", "ACME Ltd", "Łódź SA", "lodz", "Straße", "STRASSE AG", "東京都", "Bee"]
        let phones: [Value] = ["+49 30 1234567", "030 1234567", "0301234568", .null]
        let mails: [Value] = ["a@x.example", "A@X.example", "b@x.example", .null]
        let sites: [Value] = ["https://www.x.example", "x.example/a", "y.example", .null]
        let industries: [Value] = ["banking", "retail", .null]
        var ids: [RecordID] = []
        for _ in 0..<120 {
            let values: [String: Value] = [
                "account_name": .text(names.randomElement(using: &random)!),
                "phone": phones.randomElement(using: &random)!, "email": mails.randomElement(using: &random)!,
                "website": sites.randomElement(using: &random)!,
                "industry": industries.randomElement(using: &random)!,
            ]
            if let id = ids.randomElement(using: &random), Bool.random(using: &random) {
                try office.update(id, values)
            } else {
                ids.append(try office.create("account", values))
            }
            if ids.count > 20, Int.random(in: 0..<12, using: &random) == 0 {
                try office.delete(ids.remove(at: Int.random(in: 0..<ids.count, using: &random)))
            }
        }
        let rules: [(String, [(String, MatchForm)])] = [
            ("Account by name", [("account_name", .name)]), ("Account by website", [("website", .host)]),
            ("By name and phone", [("account_name", .name), ("phone", .phone)]),
            ("By industry and mail", [("industry", .exact), ("email", .email)]),
        ]
        var expected: [String: Set<Set<RecordID>>] = [:]
        for (name, parts) in rules {
            var groups: [[String]: Set<RecordID>] = [:]
            for id in ids {
                let record = try office.get(id)
                let key = parts.compactMap { part in record[part.0].text.flatMap { part.1.key($0) } }
                if key.count == parts.count { groups[key, default: []].insert(id) }
            }
            let doubled = groups.values.filter { $0.count > 1 }
            if !doubled.isEmpty { expected[name] = Set(doubled) }
        }
        for limit in [1, 3, 1000] {
            #expect(try office.groups("account", limit: limit) == expected, "limit \(limit), seed \(seed)")
        }
        try office.fillDuplicates(7)
        #expect(try office.groups("account") == expected, "filled, seed \(seed)")
    }
}
