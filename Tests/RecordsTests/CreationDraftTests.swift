import CRMSDK
import Records
import Registry
import Security
import Storage
import Testing

/// Values that were checked ahead of their unit of work.
@Suite("Drafts of records")
struct CreationDraftTests {
    private let office: Office

    init() throws { office = try Office() }

    private func draft(_ values: [String: Value], as call: CallContext? = nil) throws -> CreationDraft? {
        CreationDraft(
            try office.snapshot.registry.entity("account"), values, call ?? office.root, office.snapshot)
    }

    private func create(
        _ values: [String: Value], _ draft: CreationDraft?, as call: CallContext? = nil
    ) throws(CRMError) -> RecordID {
        try office.unit(as: call) { unit throws(CRMError) in
            try unit.create("account", values, draft: draft)
        }
    }

    @Test("a draft makes the same record, with the same log, as the values do")
    func same() throws {
        let values: [String: Value] = [
            "account_name": "Łódź Steel", "industry": "banking", "employees": 12, "website": "",
            "annual_revenue": .decimal(FixedDecimal(units: 12_500_000, scale: 4)),
        ]
        let draft = try #require(try draft(values))
        let (plain, drafted) = (try create(values, nil), try create(values, draft))
        let own: Set = ["id", "account_no", "created_at", "modified_at"]
        func shown(_ id: RecordID) throws -> [String: Value] {
            try office.get(id).values.filter { !own.contains($0.key) }
        }
        #expect(try shown(plain) == shown(drafted))
        func told(_ id: RecordID) throws -> [String] {
            try office.history(of: id).flatMap(\.changes).map(\.field.name).filter { !own.contains($0) }
        }
        #expect(try told(plain) == told(drafted))
    }

    @Test("values with a problem have no draft, and the unit tells the problem")
    func problem() throws {
        let values: [String: Value] = ["account_name": "Acme", "employees": -1]
        #expect(try draft(values) == nil)
        let error = #expect(throws: CRMError.self) { try create(values, draft(values)) }
        #expect(error?.fields.map(\.field) == ["employees"])
    }

    @Test("a draft is of no use once the schema has changed")
    func schema() throws {
        let values: [String: Value] = ["account_name": "Acme", "industry": "banking"]
        let draft = try #require(try draft(values))
        try office.change(.picklist(FieldName("account", "industry"), .retire("banking")))
        let error = #expect(throws: CRMError.self) { try create(values, draft) }
        #expect(error?.fields.map(\.code) == ["unknown_value"])
    }

    @Test("a draft is of no use to anybody else")
    func others() throws {
        let role = RecordID(1)
        let ann = Office.call(
            try office.create("user", ["username": "ann", "last_name": "Ann", "role": .reference(role)]))
        try office.create(
            "field_access",
            ["entity": "account", "field": "employees", "visible": false, "read_only": true])
        let values: [String: Value] = ["account_name": "Acme", "employees": 7]
        let draft = try #require(try draft(values))
        #expect(try self.draft(values, as: ann) == nil)
        let error = #expect(throws: CRMError.self) { try create(values, draft, as: ann) }
        #expect(error?.fields.map(\.code) == ["unknown_field"])
        #expect(throws: Never.self) { try create(values, draft) }
    }
}
