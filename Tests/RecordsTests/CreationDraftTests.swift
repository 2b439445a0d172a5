import CRMSDK
import Foundation
import Query
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
            if let draft, let id = try unit.create(draft) { return id }
            return try unit.create("account", values)
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let entity: String
        let values: [String: Value]
        let why: String
        var testDescription: String { "\(entity): \(why)" }
    }

    static let cases = [
        Case(
            entity: "account",
            values: [
                "account_name": "Łódź Steel", "industry": "banking", "employees": 12, "website": "",
                "annual_revenue": .decimal(FixedDecimal(units: 12_500_000, scale: 4)),
            ], why: "an amount, a text beyond ASCII, an empty one"),
        Case(entity: "account", values: ["account_name": "東京 Acme"], why: "little but a name"),
        Case(
            entity: "contact",
            values: [
                "last_name": "Ørsted", "first_name": "Ann CON00009", "email": "ann@example.org",
                "birthday": .date(CalendarDate(year: 1980, month: 2, day: 29)!), "phone": "+44 20 7946 0018",
                "description": "Two\nlines", "language": "de",
            ], why: "hooks that look at it, a key of duplicates, a word like a number"),
        Case(
            entity: "contact", values: ["last_name": "Lee", "contact_no": "con7"], why: "a number of its own"),
    ]

    @Test("a draft makes the same record as the values do: row, label, log, words, keys", arguments: cases)
    func same(_ test: Case) throws {
        try office.create(
            "duplicate_rule",
            ["rule_name": "Mail", "entity": "contact", "fields": "email, last_name", "action": "allow"])
        let entity = try office.snapshot.registry.entity(test.entity)
        var call = office.root
        call = Office.call(call.principal.user, isAdministrator: true, source: .import)
        let draft = try #require(CreationDraft(entity, test.values, call, office.snapshot))
        let plain = try office.unit(as: call) { unit throws(CRMError) in
            try unit.create(test.entity, test.values)
        }
        let before = try stored(plain, entity)
        var again = test.values
        if again["contact_no"] != nil { again["contact_no"] = "con8" }
        let other =
            again == test.values ? draft : try #require(CreationDraft(entity, again, call, office.snapshot))
        let drafted = try #require(
            try office.unit(as: call) { unit throws(CRMError) in try unit.create(other) })
        #expect(try stored(drafted, entity) == before)
    }

    /// All that is kept of a record, without what no two records share: the id and the number.
    private func stored(_ id: RecordID, _ entity: Entity) throws -> [String] {
        let reader = try office.database.makeReader()
        let columns = entity.fields.filter { $0.name != "id" && !$0.isNumber }
            .flatMap { [$0.column] + ($0.keyColumn.map { [$0] } ?? []) }
        let number = try #require(entity.numbers.first)
        var all: [String] = []
        func read(_ sql: String, _ count: Int = 1) throws {
            try reader.rows(Statement(sql, [.integer(id.rawValue)])) { row in
                all += (0..<count).map { row.text($0) }
                return .next
            }
        }
        try read(
            "SELECT \(columns.map { "quote(\($0))" }.joined(separator: ", ")) FROM \(entity.table) WHERE id = ?1",
            columns.count)
        try read("SELECT label FROM crm_record WHERE id = ?1")
        try read("SELECT text FROM crm_search_text WHERE id = ?1")
        try read("SELECT rule || ' ' || key FROM crm_duplicate_key WHERE record = ?1")
        try read(
            """
            SELECT source || method || kind || version || CAST(payload AS TEXT) FROM crm_change
            JOIN crm_change_payload USING (seq) WHERE record = ?1
            """)
        var given = ""
        try reader.rows(
            Statement("SELECT \(number.column) FROM \(entity.table) WHERE id = ?1", [.integer(id.rawValue)])
        ) { row in
            given = row.text(0)
            return .stop
        }
        #expect(!given.isEmpty && all.count > columns.count + 2)
        return all.map {
            $0.replacingOccurrences(of: "\"\(given)\"", with: "#")
                .replacingOccurrences(of: " \(given.lowercased())", with: " #")
        }
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
