import CRMSDK
import Installation
import Records
import Registry
import Storage
import Testing

/// A lead with everything that modules keep about one, converted on a real kernel, and back.
@Suite("A converted lead and what is around it")
struct LeadConversionStoryTests {
    @Test("all that is around a lead goes where it belongs, and an undo brings it back")
    func wholeLead() throws {
        let office = try BundledModulesTests.office(BundledModulesTests.modules)
        let lead = try office.create("lead", ["last_name": "Young", "company": "Fabrikam"])
        let day = CalendarDate("2026-12-01").map { Value.date($0) } ?? .null
        let moment = Instant("2026-12-01T14:00:00Z").map { Value.instant($0) } ?? .null
        let about = Value.reference(lead)
        let task = try office.create("task", ["subject": "Call", "due_date": day, "related_to": about])
        let event = try office.create(
            "event", ["subject": "Demo", "start_at": moment, "end_at": moment, "related_to": about])
        let comment = try office.create("comment", ["body": "Met in hall 4.", "related_to": about])
        let answer = try office.create(
            "comment", ["body": "Good.", "related_to": about, "parent_comment": .reference(comment)])
        let filed = try office.create("document", ["title": "Minutes", "related_to": about])
        let linked = try office.create("document", ["title": "Price list"])
        try office.link(linked, "document_lead", lead, [:])
        let tag = try office.create("tag", ["name": "VIP"])
        let tagging = try office.create("tagging", ["tag": .reference(tag), "record": about])
        let older = try office.create("campaign", ["campaign_name": "Fair", "closing_date": day])
        let newer = try office.create("campaign", ["campaign_name": "Letters", "closing_date": day])
        try office.link(newer, "campaign_lead", lead, ["response_status": "opened"])
        try office.link(older, "campaign_lead", lead, [:])
        let lathe = try office.create("product", ["product_name": "Lathe"])
        try office.link(lathe, "product_lead", lead, [:])

        let made = try office.convert(
            lead, .object(["closing_date": .value(day), "sales_stage": .value("qualification")]))
        let (account, contact, deal) = (made[0], made[1], made[2])
        func relatedTo(_ id: RecordID) throws -> RecordID? { try office.get(id)["related_to"].reference }
        #expect(try [task, event].map(relatedTo) == [deal, deal])
        #expect(try office.get(task)["contact"].reference == contact)
        #expect(try office.related(event, "event_contact") == [contact])
        #expect(try [comment, answer].map(relatedTo) == [contact, contact])
        #expect(try Set(office.related(lead, "comment_lead")) == [comment, answer])
        #expect(try office.get(tagging)["record"].reference == contact)
        #expect(try relatedTo(filed) == lead)
        #expect(try Set(office.related(contact, "document_contact")) == [filed, linked])
        #expect(try Set(office.related(account, "document_account")) == [filed, linked])
        #expect(try office.related(lead, "campaign_lead").isEmpty)
        #expect(try Set(office.related(contact, "campaign_contact")) == [older, newer])
        #expect(
            try office.linkTexts(contact, "campaign_contact", sort: ["-id"])
                == [["response_status": "opened"], [:]])
        #expect(try office.related(contact, "contact_potential") == [deal])
        #expect([older, newer].contains(try office.get(deal)["marketing_campaign"].reference))
        #expect(try office.related(account, "product_account") == [lathe])
        #expect(try office.related(contact, "product_contact") == [lathe])

        let report = try office.undo(try office.lastChangeSet(lead))
        #expect(report.left.isEmpty, "\(report.left)")
        #expect(try office.get(lead)["converted"] != true)
        #expect(try [task, event, comment, answer].map(relatedTo) == [lead, lead, lead, lead])
        #expect(try office.get(tagging)["record"].reference == lead)
        #expect(try Set(office.related(lead, "campaign_lead")) == [older, newer])
        #expect(try office.related(lead, "comment_lead").isEmpty)
        #expect(try office.related(lead, "document_lead") == [linked])
        #expect(throws: CRMError.self) { try office.get(contact) }
    }

    @Test(
        "converting a lead is a right of its own: who edits leads may still not convert them",
        arguments: [false, true])
    func ownRight(isGranted: Bool) throws {
        let office = try BundledModulesTests.office(["sales"])
        var verbs: Set<AccessVerb> = [.view, .create, .edit]
        if isGranted { verbs.insert(.utility("convert_lead")) }
        let rights = verbs
        let profile = try #require(
            try office.administer { administration throws(CRMError) in
                try administration.createProfile(
                    ["profile_name": "Desk"], [.init(entity: "*", access: true, verbs: rights)])
            }.id)
        let role = try #require(
            try office.administer { administration throws(CRMError) in
                try administration.createRole("Desk", reportsTo: RecordID(1), profiles: [profile])
            }.id)
        let kim = Office.call(
            try office.create("user", ["username": "kim", "last_name": "Kim", "role": .reference(role)]))
        let lead = try office.create("lead", ["last_name": "Young", "company": "Fabrikam"], as: kim)
        let parameters = StructuredValue.object(["lead": .value(.reference(lead))])
        if isGranted {
            _ = try office.act("sales.convert_lead", parameters, as: kim)
            #expect(try office.get(lead)["converted"] == true)
        } else {
            let refused = #expect(throws: CRMError.self) {
                try office.act("sales.convert_lead", parameters, as: kim)
            }
            #expect(refused?.kind == .forbidden)
            #expect(refused?.message.contains("convert_lead") == true, "\(refused?.message ?? "")")
            #expect(try office.get(lead)["converted"] != true)
        }
    }

    @Test("without a contact the account inherits, and what is there already is not there twice")
    func accountAlone() throws {
        let office = try BundledModulesTests.office(BundledModulesTests.modules)
        let lead = try office.create("lead", ["last_name": "Young", "company": "Fabrikam"])
        let account = try office.create("account", ["account_name": "Fabrikam"])
        let tag = try office.create("tag", ["name": "VIP"])
        for id in [lead, account] {
            try office.create("tagging", ["tag": .reference(tag), "record": .reference(id)])
        }
        let day = CalendarDate("2026-12-01").map { Value.date($0) } ?? .null
        let fair = try office.create("campaign", ["campaign_name": "Fair", "closing_date": day])
        try office.link(fair, "campaign_account", account, ["response_status": "clicked"])
        try office.link(fair, "campaign_lead", lead, ["response_status": "sent"])
        _ = try office.convert(lead, nil, skipping: "contact")
        #expect(try office.ids("tagging", where: nil).count == 1)
        #expect(try office.linkTexts(account, "campaign_account") == [["response_status": "clicked"]])
        #expect(try office.related(lead, "campaign_lead").isEmpty)
    }

    @Test("a comment that follows no lead stays where it is")
    func strayComment() throws {
        let office = try BundledModulesTests.office(BundledModulesTests.modules)
        let lead = try office.create("lead", ["last_name": "Young", "company": "Fabrikam"])
        let account = try office.create("account", ["account_name": "Contoso"])
        let comment = try office.create("comment", ["body": "Hm.", "related_to": .reference(lead)])
        let error = #expect(throws: CRMError.self) {
            try office.update(comment, ["related_to": .reference(account)])
        }
        #expect(error?.fields.map(\.field) == ["related_to"])
    }

    @Test("an offer for a deal takes the products that are linked with it, or those named")
    func offer() throws {
        let office = try BundledModulesTests.office(["sales", "inventory"])
        let account = try office.create("account", ["account_name": "Contoso"])
        let day = CalendarDate("2026-12-01").map { Value.date($0) } ?? .null
        let deal = try office.create(
            "potential",
            ["potential_name": "Lathes", "related_to": .reference(account), "closing_date": day])
        let euro = try #require(try office.ids("currency", where: nil).first)
        let price = Value.decimal(FixedDecimal(units: 100_000, scale: 4))
        var products: [RecordID] = []
        for (name, isActive) in [("Lathe", true), ("Drill", true), ("Saw", false)] {
            products.append(
                try office.create(
                    "product",
                    [
                        "product_name": .text(name), "active": .bool(isActive), "unit_price": price,
                        "unit_currency": .reference(euro),
                    ]))
        }
        for product in products { try office.link(product, "product_potential", deal, [:]) }
        func items(_ parameters: [StructuredValue.Member]) throws -> [RecordID?] {
            let answer = try office.act(
                "inventory.potential_to_quote",
                .object([.init("potential", .value(.reference(deal)))] + parameters))
            let quote = try #require(answer["ids"]?.elements.first?.value.reference)
            return try office.get(quote).lines("lines").map { $0["item"].reference }
        }
        #expect(try items([]) == [products[1], products[0]])
        let named = StructuredValue.list([.value(.reference(products[0]))])
        #expect(try items([.init("products", named)]) == [products[0]])
    }

    @Test("Sales alone converts, and a module that comes later wakes for the next lead")
    func alone() throws {
        let office = try BundledModulesTests.office(["sales"])
        let first = try office.create("lead", ["last_name": "Young", "company": "Fabrikam"])
        _ = try office.convert(first, nil)
        try office.enable("marketing")
        let second = try office.create("lead", ["last_name": "Old", "company": "Contoso"])
        let day = CalendarDate("2026-12-01").map { Value.date($0) } ?? .null
        let fair = try office.create("campaign", ["campaign_name": "Fair", "closing_date": day])
        try office.link(fair, "campaign_lead", second, [:])
        let contact = try office.convert(second, nil)[1]
        #expect(try office.related(fair, "campaign_contact") == [contact])
    }
}

extension Office {
    /// Enables a bundled module on this office.
    func enable(_ module: String) throws(CRMError) {
        let installation = installation
        let root = root
        let prepared = try installation.prepare(root, module: module)
        _ = try database.writer.perform { (transaction) throws(CRMError) in
            try installation.enable(root, prepared, in: transaction)
        }
    }

    func act(
        _ method: String, _ parameters: StructuredValue, as call: CallContext? = nil
    ) throws -> StructuredValue {
        let action = try #require(snapshot.registry.actions[method])
        let records = records
        return try unit(as: call) { unit throws(CRMError) in try records.act(action, parameters, in: unit) }
    }

    /// Converts a lead; answers what it became: account, contact, potential, those that there are.
    func convert(
        _ lead: RecordID, _ potential: StructuredValue?, skipping: String? = nil
    ) throws -> [RecordID] {
        var members = [StructuredValue.Member("lead", .value(.reference(lead)))]
        if let potential { members.append(.init("potential", potential)) }
        if let skipping { members.append(.init(skipping, .object(["skip": .value(true)]))) }
        let answer = try act("sales.convert_lead", .object(members))
        return ["account", "contact", "potential"].compactMap { answer[$0]?.value.reference }
    }
}
