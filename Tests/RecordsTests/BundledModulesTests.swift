import CRMSDK
import Foundation
import Installation
import Query
import Records
import Registry
import Security
import Storage
import Testing

/// All bundled modules on one kernel, and some of them alone.
@Suite("Bundled modules together")
struct BundledModulesTests {
    static let modules = ["collaboration", "inventory", "marketing", "sales", "support"]

    /// A kernel with these modules enabled, in this order.
    static func office(_ modules: [String]) throws -> Office {
        let office = try Office(modulesFolder: programFolder)
        for module in modules {
            let prepared = try office.installation.prepare(office.root, module: module)
            _ = try office.database.writer.perform { (transaction) throws(CRMError) in
                try office.installation.enable(office.root, prepared, in: transaction)
            }
        }
        return office
    }

    /// Where the build puts libraries: beside the running program.
    private static var programFolder: String {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return program.deletingLastPathComponent().path
    }

    /// Records of all entities that the modules bring, each with what it must have, by entity.
    static func createAll(in office: Office) throws -> [String: RecordID] {
        let currency = try #require(try office.ids("currency", where: nil).first)
        var ids: [String: RecordID] = [:]
        func create(_ entity: String, _ values: [String: Value]) throws {
            ids[entity] = try office.create(entity, values)
        }
        func id(_ entity: String) throws -> Value { .reference(try #require(ids[entity])) }
        func day(_ text: String) -> Value { CalendarDate(text).map { .date($0) } ?? .null }
        func decimal(_ units: Int64) -> Value { .decimal(FixedDecimal(units: units, scale: 4)) }

        try create("account", ["account_name": "Fabrikam"])
        try create("lead", ["last_name": "Young", "company": "Fabrikam"])
        try create(
            "lead_mapping", ["lead_field": "mobile", "target": "account", "target_field": "other_phone"])
        try create(
            "potential",
            ["potential_name": "Lathes", "related_to": id("account"), "closing_date": day("2026-12-01")])
        _ = try office.update(try #require(ids["potential"]), ["sales_stage": "qualification"])
        ids["stage_history"] = try office.ids("stage_history", where: nil).first
        try create(
            "web_form",
            [
                "name": "Contact", "run_as": .reference(office.root.principal.user),
                "form_fields": .lines(
                    ["last_name", "company"].map { Line(["field": .text($0), "required": true]) }),
            ])
        let submission = [
            "form": try id("web_form"), "state": "waiting", "forget_at": .instant(Instant.current()),
        ]
        ids["web_submission"] = try office.database.writer.perform { transaction throws(CRMError) in
            try office.records.unit(transaction, office.root) { unit throws(CRMError) in
                try unit.create("web_submission", submission, module: "sales")
            }
        }
        try create("vendor", ["vendor_name": "Contoso"])
        try create("product", ["product_name": "Lathe", "vendor": id("vendor")])
        try create("price_book", ["price_book_name": "List", "currency": .reference(currency)])
        try create(
            "price_book_entry",
            ["price_book": id("price_book"), "product": id("product"), "list_price": decimal(950_000)])
        try create(
            "product_price",
            [
                "product": id("product"), "currency": .reference(currency), "unit_price": decimal(990_000),
            ])
        try create("tax", ["name": "VAT", "percent": decimal(210_000)])
        try create("inventory_settings", ["name": "Trade settings"])
        let header: [String: Value] = ["subject": "Three lathes", "currency": .reference(currency)]
        let sale = header.merging(["account": try id("account")]) { $1 }
        try create("quote", sale)
        try create("sales_order", sale.merging(["quote": try id("quote")]) { $1 })
        try create("purchase_order", header.merging(["vendor": try id("vendor")]) { $1 })
        try create("invoice", sale.merging(["invoice_date": day("2026-11-22")]) { $1 })
        try create(
            "credit_note",
            sale.merging([
                "invoice": try id("invoice"), "credit_note_date": day("2026-11-22"), "reason": "Broken.",
            ]) { $1 })
        try create(
            "stock_movement", ["product": id("product"), "quantity": decimal(100_000), "reason": "receipt"])
        try create("ticket", ["title": "Noise", "related_to": id("account"), "product": id("product")])
        try create("faq", ["question": "Why the noise?", "answer": "It works."])
        try create("campaign", ["campaign_name": "Fair", "closing_date": day("2026-12-01")])
        try create("task", ["subject": "Call", "due_date": day("2026-12-01"), "related_to": id("ticket")])
        let moment = Value.instant(try #require(Instant("2026-12-01T14:00:00Z")))
        try create("event", ["subject": "Demo", "start_at": moment, "end_at": moment])
        let colleague = try office.create(
            "user", ["username": "kim", "last_name": "Kim", "role": .reference(RecordID(1))])
        try create("calendar_share", ["shared_with": .reference(colleague)])
        try create("comment", ["body": "They liked it.", "related_to": id("invoice")])
        try create("folder", ["folder_name": "Prices"])
        try create("document", ["title": "Price list", "related_to": id("product")])
        try create("tag", ["name": "VIP"])
        try create("tagging", ["tag": id("tag"), "record": id("account")])
        return ids
    }

    @Test("beside another problem what nobody gives is called missing, and what a hook fills is not")
    func missing() throws {
        let office = try Self.office(["inventory"])
        let error = #expect(throws: CRMError.self) {
            try office.create("quote", ["subject": "One lathe", "quote_stage": "sold"])
        }
        #expect(error?.fields.map(\.field) == ["quote_stage", "account"])
        #expect(try office.ids("quote", where: nil).isEmpty)
    }

    @Test("every entity of every module takes a record and lists it")
    func everyEntity() throws {
        let office = try Self.office(Self.modules)
        let ids = try Self.createAll(in: office)
        for module in office.snapshot.registry.modules where module.name != "core" {
            for entity in module.manifest.entities where entity.lineOf == nil {
                let id = try #require(ids[entity.name], "no record of \(entity.name)")
                #expect(try office.walk(ListParameters(entity: entity.name)).contains(id), "\(entity.name)")
                #expect(try office.get(id).version >= 1)
            }
        }
    }

    @Test("the default list of every entity walks an index: nothing is scanned, nothing is sorted")
    func defaultLists() throws {
        let office = try Self.office(Self.modules)
        let reader = try office.database.makeReader()
        for entity in office.snapshot.registry.entities {
            let plan = try office.records.planList(
                office.root, office.snapshot, ListParameters(entity: entity.name))
            for statement in plan.read.statements {
                let steps = try reader.queryPlan(statement)
                #expect(!steps.contains { $0.contains("TEMP B-TREE") }, "\(entity.name): \(steps)")
                #expect(
                    !steps.contains { $0.hasPrefix("SCAN") && !$0.contains("INDEX") },
                    "\(entity.name): \(steps)")
            }
        }
    }

    @Test("a module works without the others", arguments: modules)
    func alone(_ module: String) throws {
        let office = try Self.office([module])
        for entity in office.snapshot.registry.entities {
            _ = try office.walk(ListParameters(entity: entity.name))
        }
        #expect(office.snapshot.registry.modules.map(\.name) == ["core", module])
    }

    @Test("potentials without Inventory, quotes without Sales")
    func eitherWay() throws {
        let sales = try Self.office(["sales"])
        let account = try sales.create("account", ["account_name": "Fabrikam"])
        let closing = try #require(CalendarDate("2026-12-01"))
        try sales.create(
            "potential",
            [
                "potential_name": "Lathes", "related_to": .reference(account), "closing_date": .date(closing),
            ])
        let inventory = try Self.office(["inventory"])
        let customer = try inventory.create("account", ["account_name": "Fabrikam"])
        let currency = try #require(try inventory.ids("currency", where: nil).first)
        try inventory.create(
            "quote",
            ["subject": "Lathes", "account": .reference(customer), "currency": .reference(currency)])
    }

    @Test(
        "a won deal counts for its campaign in whichever order the two modules came",
        arguments: [true, false])
    func campaignRevenue(_ isSalesFirst: Bool) throws {
        let office = try Self.office(isSalesFirst ? ["sales", "marketing"] : ["marketing", "sales"])
        let day = Value.date(try #require(CalendarDate("2026-12-01")))
        let campaign = try office.create("campaign", ["campaign_name": "Fair", "closing_date": day])
        let account = try office.create("account", ["account_name": "Fabrikam"])
        try office.create(
            "potential",
            [
                "potential_name": "Lathes", "related_to": .reference(account), "closing_date": day,
                "sales_stage": "closed_won", "marketing_campaign": .reference(campaign),
                "amount": .decimal(FixedDecimal(units: 94_500_000, scale: 4)),
            ])
        let earned = try office.get(campaign)
        #expect(earned["actual_revenue"].money?.tenThousandths == 94_500_000)
        #expect(earned["actual_roi"] == earned["actual_revenue"])
    }

    @Test("who may view a record views the comments on it, and nobody else's")
    func commentsFollow() throws {
        let office = try Self.office(["collaboration"])
        let account = try office.create("account", ["account_name": "Fabrikam"])
        let role = try #require(try office.ids("role", where: nil).first)
        let person = try office.create(
            "user",
            [
                "username": "bob", "first_name": "Bob", "last_name": "Young", "email": "bob@example.com",
                "role": .reference(role),
            ])
        let bob = Office.call(person)
        let comment = try office.create("comment", ["body": "Good.", "related_to": .reference(account)])
        let task = try office.create(
            "task", ["subject": "Mine", "due_date": .date(try #require(CalendarDate("2026-12-01")))])
        #expect(try office.ids("comment", where: nil, as: bob) == [comment])
        #expect(try office.ids("task", where: nil, as: bob) == [])
        #expect(try office.ids("task", where: nil) == [task])
        try office.delete(account)
        #expect(try office.ids("comment", where: nil, as: bob) == [])
    }

    /// What a text of a table is for: an entity, a field, a value or a section; by the notation of `LabelTable`.
    private static func names(_ snapshot: RegistrySnapshot) -> Set<String> {
        var names: Set<String> = []
        for entity in snapshot.entities + snapshot.lineEntities {
            names.formUnion([entity.name, entity.name + "/plural"])
            for field in entity.fields {
                for place in ["\(entity.name).\(field.name)", ".\(field.name)"] {
                    names.formUnion([place, place + "/help"])
                    names.formUnion(field.type.values.map { "\(place)=\($0.key)" })
                }
                guard let section = field.definition.section else { continue }
                names.formUnion(["\(entity.name)#\(section)", "#\(section)"])
            }
        }
        return names
    }

    @Test("every text of every table of labels is for something that there is")
    func labelTables() throws {
        let snapshot = try Self.office(Self.modules).snapshot.registry
        let names = Self.names(snapshot)
        for table in snapshot.modules.flatMap(\.manifest.translations) {
            let lost = table.texts.keys.filter { !names.contains($0) }.sorted()
            #expect(lost == [], "\(table.language)")
        }
    }

    @Test("every entity and field of Core's business entities and of Sales has a German label")
    func german() throws {
        let snapshot = try Self.office(["sales"]).snapshot.registry
        let tables = snapshot.modules.flatMap(\.manifest.translations).filter { $0.language == "de" }
        let texts = tables.reduce(into: [String: String]()) { all, table in all.merge(table.texts) { $1 } }
        for name in ["account", "contact", "user", "role", "currency", "lead", "potential", "stage_history"] {
            let entity = try #require(snapshot[entity: name])
            #expect(texts[name] != nil && texts[name + "/plural"] != nil, "\(name)")
            let missing = entity.fields.map(\.name).filter {
                $0 != "id" && texts["\(name).\($0)"] == nil && texts[".\($0)"] == nil
            }
            #expect(missing == [], "\(name)")
        }
    }
}
