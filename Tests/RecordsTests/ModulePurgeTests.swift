import CRMSDK
import Installation
import Query
import Records
import Registry
import Storage
import Testing

/// What is left of a module, or of an administrator's entity, once it was purged: nothing but the log's envelopes.
@Suite("Purging modules and entities")
struct ModulePurgeTests {
    /// The names of all that the database has, and the rows in the kernel's own tables but for the log, the series that
    /// number things once and for ever, and the tasks themselves.
    private func contents(_ office: Office) throws -> [String: Int64] {
        let reader = try office.database.makeReader()
        var names: [String] = []
        try reader.rows(Statement("SELECT type || ' ' || name FROM sqlite_master ORDER BY 1")) { row in
            names.append(row.text(0))
            return .next
        }
        let uncounted = [
            "crm_change", "crm_change_payload", "crm_meta", "crm_schema_task", "sqlite_sequence",
            "crm_series", "crm_search_data", "crm_search_idx", "crm_search_config", "crm_search_docsize",
            "crm_search_content",
            "crm_search", "crm_search_fill", "crm_base_fill",
        ]
        var contents: [String: Int64] = [:]
        for name in names {
            contents[name] = 0
            let table = String(name.dropFirst("table ".count))
            guard name.hasPrefix("table "), !uncounted.contains(table), !table.hasPrefix("e_user") else {
                continue
            }
            try reader.rows(Statement("SELECT count(*) FROM \"\(table)\"")) { row in
                contents[name] = row.int64(0)
                return .stop
            }
        }
        return contents
    }

    @discardableResult
    private func purge(
        _ module: String, in office: Office, mode: UnitMode = .commit, for budget: Duration = .seconds(10)
    ) throws(CRMError) -> SchemaReport {
        let (installation, root) = (office.installation, office.root)
        return try office.database.writer.perform(mode: mode) { (transaction) throws(CRMError) in
            try installation.purge(root, module: module, for: budget, in: transaction)
        }
    }

    private func disable(_ module: String, in office: Office) throws(CRMError) {
        let (installation, root) = (office.installation, office.root)
        try office.database.writer.perform { (transaction) throws(CRMError) in
            _ = try installation.disable(root, module, in: transaction)
        }
    }

    /// Sales, then Marketing with a campaign, its members and a deal that names it.
    private func fair(_ office: Office) throws -> (campaign: RecordID, deal: RecordID) {
        let day = CalendarDate("2026-12-01").map { Value.date($0) } ?? .null
        let account = try #require(try office.ids("account", where: nil).first)
        let campaign = try office.create("campaign", ["campaign_name": "Fair", "closing_date": day])
        try office.link(campaign, "campaign_account", account, ["response_status": "sent"])
        let deal = try office.create(
            "potential",
            [
                "potential_name": "Lathes", "related_to": .reference(account), "closing_date": day,
                "marketing_campaign": .reference(campaign),
            ])
        return (campaign, deal)
    }

    @Test("a purged module leaves neither tables nor rows, nor values in the log, which still verifies")
    func nothingLeft() throws {
        let office = try BundledModulesTests.office(["sales", "collaboration"])
        let account = try office.create("account", ["account_name": "Fabrikam"])
        let tag = try office.create("tag", ["name": "VIP"])
        let before = try contents(office)
        try office.enable("marketing")
        let (campaign, deal) = try fair(office)
        let tagging = try office.create("tagging", ["tag": .reference(tag), "record": .reference(campaign)])
        try office.delete(tagging)
        try disable("marketing", in: office)

        let told = try purge("marketing", in: office, mode: .rollBack).steps
        #expect(told.contains(#"remove 1 records of "campaign", and its table"#))
        #expect(told.contains(#"remove the field "marketing_campaign" of "potential" with 1 values"#))
        #expect(told.contains(#"remove the relation "campaign_account" with 1 links"#))
        try office.enable("marketing")
        #expect(try office.related(account, "campaign_account") == [campaign])
        try disable("marketing", in: office)

        #expect(try purge("marketing", in: office).steps == told)
        office.installation.workOnSchema()
        var after = try contents(office)
        // The deal and the tagging were made meanwhile, and are not the module's.
        for (table, count) in [("e_potential", 1), ("e_tagging", 1)] {
            after["table \(table)"]? -= Int64(count)
        }
        after["table crm_record"]? -= 2
        after["table crm_search_text"]? -= 1
        after["table crm_owner_count"] = before["table crm_owner_count"]
        after["table crm_job"] = before["table crm_job"]
        for (name, count) in after where before[name] != count {
            Issue.record("\(name): \(before[name].map(String.init) ?? "none") before, \(count) after")
        }
        #expect(Set(before.keys).subtracting(after.keys).isEmpty)
        #expect(try office.get(deal).values["marketing_campaign"] == nil)
        let reader = try office.database.makeReader()
        let entries = try ChangeLog.entries(reader, record: campaign, limit: 100)
        #expect(entries.allSatisfy { $0.entry.kind == .erase || $0.isErased })
        let verified = try ChangeLog.verify(reader) { _ in }
        #expect(verified.firstBroken == nil)

        // The name is free: it comes back empty.
        try office.enable("marketing")
        #expect(try office.ids("campaign", where: nil).isEmpty)
        #expect(try office.get(deal)["marketing_campaign"].isNull)
    }

    @Test("a purge that a kill interrupts goes on where it was, and its module cannot be enabled meanwhile")
    func kill() throws {
        let office = try BundledModulesTests.office(["support"])
        for number in 0..<60 {
            try office.create("faq", ["question": .text("Q\(number)"), "answer": "A"])
        }
        try disable("support", in: office)
        try purge("support", in: office, for: .zero)
        let error = #expect(throws: CRMError.self) { try office.enable("support") }
        #expect(error?.message.contains("is being purged") == true)
        office.installation.workOnSchema(for: .zero, batch: .zero, page: 10)
        let again = try office.reopened()
        again.installation.workOnSchema()
        let reader = try again.database.makeReader()
        #expect(try SchemaStore.load(reader).modules.isEmpty)
        #expect(try SchemaTaskStore.running(reader).isEmpty)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let module: String
        let kind: CRMError.Kind
        let says: String
        var testDescription: String { module }
    }

    @Test(
        "what is enabled, needed, unknown or the kernel's own is not purged",
        arguments: [
            Refusal(module: "sales", kind: .invalidParameters, says: "is enabled"),
            Refusal(module: "core", kind: .invalidParameters, says: "cannot be purged"),
            Refusal(module: "marketting", kind: .notFound, says: "does not exist"),
            Refusal(module: "inventory", kind: .invalidParameters, says: "never been enabled"),
        ])
    func refused(_ refusal: Refusal) throws {
        let office = try BundledModulesTests.office(["sales", "marketing"])
        try disable("marketing", in: office)
        let error = #expect(throws: CRMError.self) { try purge(refusal.module, in: office) }
        #expect(error?.kind == refusal.kind)
        #expect(error?.message.contains(refusal.says) == true, "\(error?.message ?? "")")
        #expect(error?.candidates == (refusal.module == "marketting" ? ["marketing"] : []))
    }

    @Test("only an administrator purges, and a field that would name nothing more stands in the way")
    func guarded() throws {
        let office = try BundledModulesTests.office(["marketing"])
        try office.change(
            .createField(entity: "account", .reference("x_fair", "Fair", to: "campaign")))
        try disable("marketing", in: office)
        let blocked = #expect(throws: CRMError.self) { try purge("marketing", in: office) }
        #expect(blocked?.candidates == ["account.x_fair"])
        let (installation, call) = (office.installation, Office.call(RecordID(77)))
        let forbidden = #expect(throws: CRMError.self) {
            try office.database.writer.perform { (transaction) throws(CRMError) in
                _ = try installation.purge(call, module: "marketing", in: transaction)
            }
        }
        #expect(forbidden?.kind == .forbidden)
        try office.change(.deleteField(FieldName("account", "x_fair")))
        #expect(try purge("marketing", in: office).steps.count > 3)
    }

    @Test("a purged entity of administrators leaves nothing either: links, words, rights, references")
    func customEntity() throws {
        let office = try BundledModulesTests.office(["collaboration"])
        let account = try office.create("account", ["account_name": "Fabrikam"])
        let tag = try office.create("tag", ["name": "VIP"])
        let before = try contents(office)
        var site = EntityDefinition(
            "x_site", label: "Site", plural: "Sites",
            fields: [
                .text("x_name", "Name").mandatory(), .reference("x_account", "Account", to: "account"),
            ])
        site.labelFields = ["x_name"]
        site.defaultSort = ["x_name"]
        site.listFields = ["x_name"]
        site.sharing = .private
        try office.change(.createEntity(site))
        let id = try office.create("x_site", ["x_name": "North", "x_account": .reference(account)])
        let tagging = try office.create("tagging", ["tag": .reference(tag), "record": .reference(id)])
        try office.administer { administration throws(CRMError) in
            try administration.setDefault(of: "x_site", to: .publicRead, related: false)
        }
        try office.change(.deleteEntity("x_site"))
        try office.change(.purgeEntity("x_site"))
        office.installation.workOnSchema()
        let after = try contents(office)
        #expect(Set(after.keys) == Set(before.keys))
        #expect(after["table crm_search_text"] == before["table crm_search_text"])
        #expect(after["table crm_record"] == (before["table crm_record"] ?? 0) + 2)
        #expect(try office.get(tagging)["record"].isNull)
        #expect(try office.ids("sharing_default", where: .where("entity", .equal, "x_site")).isEmpty)
    }
}
