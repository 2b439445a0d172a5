import CRMSDK
import Query
import Records
import Registry
import Security
import Storage
import Testing

/// What `fields` reaches over references: read with the record, under the rights of where it stands.
@Suite("Fields over references")
struct FieldsOverReferencesTests {
    private let office: Office
    private let parent: RecordID
    private let account: RecordID
    private let contact: RecordID

    init() throws {
        office = try Office()
        parent = try office.create("account", ["account_name": "Fabrikam Holding", "industry": "banking"])
        account = try office.create(
            "account",
            [
                "account_name": "Fabrikam", "employees": 12, "parent_account": .reference(parent),
                "annual_revenue": .decimal(FixedDecimal(units: 1_250_000, scale: 4)),
            ])
        contact = try office.create("contact", ["last_name": "Ono", "account": .reference(account)])
        try office.create("contact", ["last_name": "Alone"])
    }

    private func list(_ fields: [String], as call: CallContext? = nil) throws -> [[String: Value]] {
        var parameters = ListParameters(entity: "contact")
        (parameters.fields, parameters.sort) = (fields, ["id"])
        let plan = try office.records.planList(call ?? office.root, office.snapshot, parameters)
        var found: [[String: Value]] = []
        _ = try office.records.list(plan, on: office.database.makeReader()) { row in
            found.append(plan.read.record(row, office.snapshot).values)
        }
        return found
    }

    private func record(_ fields: [String], as call: CallContext? = nil) throws -> [String: Value] {
        var found: [String: Value] = [:]
        try office.records.get(
            call ?? office.root, office.snapshot, on: office.database.makeReader(), id: contact, entity: nil,
            fields: fields
        ) { row, plan in
            found = plan.record(row, office.snapshot).values
        }
        return found
    }

    @Test("values of every form, one and two references away; null where nothing is named")
    func values() throws {
        let fields = [
            "account.account_name", "last_name", "account.employees", "account.annual_revenue",
            "account.parent_account", "account.parent_account.industry", "account.owner", "account.id",
            "account.created_at",
        ]
        let rows = try list(fields)
        let first = try #require(rows.first)
        #expect(Set(first.keys) == Set(fields + ["id"]))
        #expect(first["account.account_name"] == "Fabrikam" && first["last_name"] == "Ono")
        #expect(first["account.employees"] == 12)
        #expect(
            first["account.annual_revenue"]?.money
                == Money(tenThousandths: 1_250_000, currency: office.snapshot.currencies.base.code))
        #expect(first["account.parent_account"] == .reference(parent))
        #expect(first["account.parent_account.industry"] == "banking")
        #expect(first["account.owner"] == .reference(office.root.principal.user))
        #expect(first["account.id"]?.reference == account || first["account.id"]?.integer == account.rawValue)
        #expect(first["account.created_at"]?.instant != nil)
        #expect(try record(fields) == first, "list = detail")
        let alone = try #require(rows.last)
        #expect(alone["last_name"] == "Alone")
        #expect(fields.filter { $0 != "last_name" }.allSatisfy { alone[$0]?.isNull == true })
    }

    @Test("the record at the other end has its own rights, and its own place in the recycle bin")
    func rights() throws {
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        let call = Office.call(ann)
        try office.update(contact, ["owner": .reference(ann)])
        #expect(try record(["account.account_name"], as: call)["account.account_name"] == "Fabrikam")
        try office.administer { administration throws(CRMError) in
            try administration.setDefault(of: "account", to: .private, related: false)
        }
        for fields in [["account.account_name", "account.parent_account"], ["account.employees"]] {
            let seen = try record(fields, as: call)
            #expect(fields.allSatisfy { seen[$0]?.isNull == true }, "\(seen)")
        }
        #expect(try record(["account.account_name"])["account.account_name"] == "Fabrikam")
        try office.delete(account)
        #expect(try record(["account.account_name"])["account.account_name"]?.isNull == true)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let path: String, says: String
        init(_ path: String, _ says: String) { (self.path, self.says) = (path, says) }
        var testDescription: String { path }
    }

    @Test(
        "is refused",
        arguments: [
            Refusal("account.acount_name", "account has no field \"acount_name\""),
            Refusal("acount.account_name", "contact has no field \"acount\""),
            Refusal("last_name.x", "\"last_name\" in the path \"last_name.x\" is no reference"),
            Refusal("account.", "account has no field \"\""),
            Refusal(".", "contact has no field \"\""),
            Refusal(
                "account.parent_account.parent_account.parent_account.parent_account.parent_account.account_name",
                "goes over more than 5 references"),
        ])
    func refused(_ refusal: Refusal) {
        let error = #expect(throws: CRMError.self) { try list([refusal.path]) }
        #expect(error?.message.contains(refusal.says) == true, "\(error?.message ?? "")")
    }

    @Test("as many references as the database joins, and no more")
    func joins() throws {
        let fields = (0..<46).map {
            SchemaChange.createField(entity: "contact", .reference("x_r\($0)", "R", to: "account"))
        }
        try office.change(fields)
        try office.update(contact, ["x_r45": .reference(account)])
        #expect(try office.get(contact)["x_r45"] == .reference(account), "all of its own")
        let paths = (0..<46).map { "x_r\($0).account_name" }
        #expect(try record(paths)["x_r45.account_name"] == "Fabrikam")
        let twice = paths + (0..<20).map { "x_r\($0).parent_account.account_name" }
        let error = #expect(throws: CRMError.self) { try record(twice) }
        #expect(error?.kind == .limitExceeded)
        #expect(error?.message == "the query follows 61 references at once; the limit is 60")
        let tooMany = (46..<60).map {
            SchemaChange.createField(entity: "contact", .reference("x_r\($0)", "R", to: "account"))
        }
        let refusal = #expect(throws: CRMError.self) { try office.change(tooMany) }
        #expect(refusal?.message.contains("50 is the most") == true)
    }
}
