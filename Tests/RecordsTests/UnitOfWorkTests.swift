import CRMSDK
import Records
import Registry
import Security
import Storage
import Testing

@Suite("Units of work")
struct UnitOfWorkTests {
    let office: Office

    init() throws { office = try Office() }

    @Test("a new record has the defaults, a number, an owner, version 1 and its label")
    func create() throws {
        let id = try office.create(
            "account",
            ["account_name": "  Łódź Steel ", "annual_revenue": .decimal(.init(units: 12_5000, scale: 4))])
        let record = try office.get(id)
        #expect(record["account_name"] == "Łódź Steel")
        #expect(record["account_no"] == "ACC00001")
        #expect(record["email_opt_out"] == false)
        #expect(record["owner"] == .reference(office.root.principal.user))
        #expect(record["origin"] == "api")
        #expect(
            record["annual_revenue"] == .money(Money(tenThousandths: 125_000, currency: CurrencyCode("EUR")!))
        )
        #expect(record.version == 1)
    }

    @Test("what was deleted, or never came to be, cannot be named, whatever the unit knew of it before")
    func forgotten() throws {
        let error = #expect(throws: CRMError.self) {
            try office.unit { (unit) throws(CRMError) in
                let account = try unit.create("account", ["account_name": "Acme"])
                _ = try unit.create("contact", ["last_name": "Noor", "account": .reference(account)])
                try unit.delete(account, entity: nil)
                _ = try unit.create("contact", ["last_name": "Lee", "account": .reference(account)])
            }
        }
        #expect(error?.fields.map(\.code) == ["not_found"])
        let second = #expect(throws: CRMError.self) {
            try office.unit { (unit) throws(CRMError) in
                var account = RecordID(0)
                do throws(CRMError) {
                    try unit.attempt { () throws(CRMError) in
                        account = try unit.create("account", ["account_name": "Acme"])
                        _ = try unit.create("contact", ["last_name": "Noor", "account": .reference(account)])
                        throw CRMError(.forbidden, "undone")
                    }
                } catch { #expect(error.message == "undone") }
                _ = try unit.create("contact", ["last_name": "Lee", "account": .reference(account)])
            }
        }
        #expect(second?.fields.map(\.code) == ["not_found"])
        #expect(try office.ids("contact", where: nil).isEmpty)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let values: [String: Value]
        let field: String
        let code: String
        var testDescription: String { "\(field): \(code)" }
    }

    @Test(
        "a value that its field does not take is refused by name",
        arguments: [
            Refusal(values: [:], field: "account_name", code: "required"),
            Refusal(values: ["account_name": ""], field: "account_name", code: "required"),
            Refusal(values: ["account_name": 5], field: "account_name", code: "type"),
            Refusal(
                values: ["account_name": "A", "nonsense": "x"], field: "nonsense", code: "unknown_field"),
            Refusal(
                values: ["account_name": "A", "account_no": "ACC1"], field: "account_no", code: "read_only"),
            Refusal(values: ["account_name": "A", "id": 5], field: "id", code: "read_only"),
            Refusal(values: ["account_name": "A", "version": 5], field: "version", code: "read_only"),
            Refusal(values: ["account_name": "A", "employees": -1], field: "employees", code: "range"),
            Refusal(values: ["account_name": "A", "email": "nobody"], field: "email", code: "format"),
            Refusal(
                values: ["account_name": "A", "industry": "magic"], field: "industry", code: "unknown_value"),
            Refusal(
                values: ["account_name": "A", "parent_account": .reference(RecordID(999))],
                field: "parent_account",
                code: "not_found"),
            Refusal(
                values: ["account_name": "A", "parent_account": .reference(RecordID(3))],
                field: "parent_account",
                code: "not_found"),
            Refusal(
                values: [
                    "account_name": "A",
                    "annual_revenue": .money(Money(tenThousandths: 1, currency: CurrencyCode("USD")!)),
                ], field: "annual_revenue", code: "type"),
        ])
    func refusal(_ refusal: Refusal) throws {
        let error = #expect(throws: CRMError.self) { try office.create("account", refusal.values) }
        #expect(error?.kind == .invalidRecord)
        #expect(
            error?.fields.contains { $0.field == refusal.field && $0.code == refusal.code } == true,
            "\(error!)")
        #expect(try office.ids("account", where: nil).isEmpty)
    }

    @Test(
        "an update changes what is named, adds a version, and one that changes nothing leaves the record alone"
    )
    func update() throws {
        let id = try office.create("account", ["account_name": "Acme", "phone": "+49 30 1234"])
        #expect(try office.update(id, ["phone": "+49 30 5678"]))
        var record = try office.get(id)
        #expect(record["phone"] == "+49 30 5678")
        #expect(record["account_name"] == "Acme")
        #expect(record.version == 2)
        #expect(try !office.update(id, ["phone": "+49 30 5678", "account_name": " Acme "]))
        record = try office.get(id)
        #expect(record.version == 2)
    }

    @Test("a stale version is refused and says what changed and by whom")
    func conflict() throws {
        let id = try office.create("account", ["account_name": "Acme"])
        try office.update(id, ["phone": "030 12"])
        let error = #expect(throws: CRMError.self) { try office.update(id, ["fax": "030 13"], version: 1) }
        #expect(error?.kind == .versionConflict)
        #expect(error?.conflict?.version == 2)
        #expect(error?.conflict?.fields == ["phone"])
        #expect(error?.conflict?.by == "Administrator")
        #expect(try office.get(id)["fax"] == .null)
        try office.update(id, ["fax": "030 13"], version: 2)
    }

    @Test("a deleted record is gone from reads and lists, keeps its history, and comes back")
    func recycleBin() throws {
        let id = try office.create("account", ["account_name": "Acme"])
        try office.delete(id)
        let error = #expect(throws: CRMError.self) { try office.get(id) }
        #expect(error?.kind == .notFound)
        #expect(error?.hint?.contains("recycle bin") == true)
        #expect(try office.ids("account", where: nil).isEmpty)
        #expect(throws: CRMError.self) { try office.update(id, ["fax": "030 13"]) }
        #expect(throws: CRMError.self) { try office.delete(id) }
        try office.restore(id)
        #expect(try office.get(id).version == 3)
        let history = try office.records.history(
            office.root, office.snapshot, on: office.database.makeReader(), id: id)
        #expect(history.map(\.kind) == ["create", "delete", "restore"])
    }

    @Test("a unique value is taken once among records that are there, folded")
    func unique() throws {
        let role = try office.create("role", ["role_name": "Sales", "parent_role": .reference(RecordID(1))])
        let error = #expect(throws: CRMError.self) {
            try office.create("role", ["role_name": "SALES", "parent_role": .reference(RecordID(1))])
        }
        #expect(error?.kind == .duplicate)
        try office.delete(role)
        let again = try office.create("role", ["role_name": "sáles", "parent_role": .reference(RecordID(1))])
        #expect(throws: CRMError.self) { try office.restore(role) }
        try office.delete(again)
        try office.restore(role)
    }

    @Test("a chain of references to itself has no cycle")
    func cycle() throws {
        let top = try office.create("account", ["account_name": "Top"])
        let middle = try office.create(
            "account", ["account_name": "Middle", "parent_account": .reference(top)])
        let bottom = try office.create(
            "account", ["account_name": "Bottom", "parent_account": .reference(middle)])
        let error = #expect(throws: CRMError.self) {
            try office.update(top, ["parent_account": .reference(bottom)])
        }
        #expect(error?.fields.first?.field == "parent_account")
        #expect(throws: CRMError.self) { try office.update(top, ["parent_account": .reference(top)]) }
    }

    @Test("history names each field with its old and new value")
    func history() throws {
        let id = try office.create("account", ["account_name": "Acme", "employees": 10])
        try office.update(id, ["employees": 12, "phone": "030 1"])
        let history = try office.records.history(
            office.root, office.snapshot, on: office.database.makeReader(), id: id)
        #expect(history.count == 2)
        let changes = Dictionary(
            uniqueKeysWithValues: history[1].changes.map { ($0.field.name, ($0.old, $0.new)) })
        #expect(changes["employees"]! == (10, 12))
        #expect(changes["phone"]! == (.null, "030 1"))
        #expect(changes.count == 2)
    }

    @Test("the last administrator stays one, and a user's name never changes")
    func users() throws {
        let admin = office.root.principal.user
        #expect(throws: CRMError.self) { try office.update(admin, ["is_admin": false]) }
        #expect(throws: CRMError.self) { try office.update(admin, ["status": "inactive"]) }
        #expect(throws: CRMError.self) { try office.update(admin, ["username": "root"]) }
        let other = try office.create(
            "user",
            ["username": "ann", "last_name": "Ant", "role": .reference(RecordID(1)), "is_admin": true])
        #expect(office.snapshot.people.user(named: "ann")?.isAdministrator == true)
        try office.update(admin, ["is_admin": false])
        #expect(office.snapshot.people[admin]?.isAdministrator == false)
        #expect(throws: CRMError.self) { try office.delete(other) }
    }

    @Test("a plain user works with business records and leaves the kernel's own alone")
    func plainUser() throws {
        let user = try office.create(
            "user", ["username": "ann", "last_name": "Ant", "role": .reference(RecordID(1))])
        let ann = Office.call(user)
        let account = try office.create("account", ["account_name": "Acme"], as: ann)
        #expect(try office.get(account, as: ann)["owner"] == .reference(user))
        let error = #expect(throws: CRMError.self) {
            try office.create("role", ["role_name": "X", "parent_role": .reference(RecordID(1))], as: ann)
        }
        #expect(error?.kind == .forbidden)
        #expect(throws: CRMError.self) { try office.update(user, ["is_admin": true], as: ann) }
    }
}
