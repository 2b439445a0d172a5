import CRMSDK
import CRMSDKTesting
import Testing

@Suite("The mapping of leads, as an administrator changes it")
struct LeadMappingTests {
    private let office: Office
    private var context: TestModuleContext { office.context }

    init() throws {
        office = try Office()
        context.change("lead") {
            $0.fields += [.text("x_region", "Region", maximumLength: 40), .integer("x_seats", "Seats")]
        }
        context.change("account") {
            $0.fields += [.text("x_region", "Region"), .text("x_short", "Short", maximumLength: 10)]
        }
    }

    private func row(_ leadField: String, _ target: String, _ field: String, active: Bool = true) throws {
        _ = try context.create(
            "lead_mapping",
            [
                "lead_field": .text(leadField), "target": .text(target), "target_field": .text(field),
                "active": .bool(active),
            ])
    }

    private func converted(_ values: [String: Value]) throws -> (account: Record, contact: Record) {
        let lead = try context.create(
            "lead", ["last_name": "Kowalska", "company": "Nowa Huta Steel"].merging(values) { $1 })
        let answer = try context.call("sales.convert_lead", .object(["lead": .value(.reference(lead.id))]))
        let account = try #require(answer["account"]?.value.reference)
        let contact = try #require(answer["contact"]?.value.reference)
        return (try context.get("account", account), try context.get("contact", contact))
    }

    @Test("a custom field joins the mapping")
    func custom() throws {
        try row("x_region", "account", "x_region")
        #expect(try converted(["x_region": "South"]).account["x_region"] == "South")
    }

    @Test("a record takes the place of the shipped row, and one that is off leaves the field empty")
    func overridden() throws {
        try row("mobile", "contact", "phone")
        try row("description", "account", "description", active: false)
        let made = try converted(["phone": "+48 1", "mobile": "+48 2", "description": "Met in hall 4"])
        #expect(made.contact["phone"] == "+48 2")
        #expect(made.contact["mobile"] == "+48 2")
        #expect(made.account["phone"] == "+48 1")
        #expect(made.account["description"].isNull)
        #expect(made.contact["description"] == "Met in hall 4")
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let lead: String, target: String, field: String, problem: String
        var testDescription: String { problem }
    }

    @Test(
        "a row that a conversion could not follow is refused by field",
        arguments: [
            Refusal(
                lead: "x_regoin", target: "account", field: "x_region", problem: "lead_field unknown_field"),
            Refusal(
                lead: "x_region", target: "account", field: "x_regoin", problem: "target_field unknown_field"),
            Refusal(lead: "x_seats", target: "account", field: "x_region", problem: "target_field type"),
            Refusal(lead: "x_region", target: "account", field: "employees", problem: "target_field type"),
            Refusal(lead: "x_region", target: "account", field: "x_short", problem: "target_field type"),
            Refusal(
                lead: "lead_source", target: "potential", field: "opportunity_type",
                problem: "target_field type"),
            Refusal(
                lead: "x_region", target: "contact", field: "converted_from_lead",
                problem: "target_field read_only"),
        ])
    func refused(_ refusal: Refusal) throws {
        let error = SalesModuleTests.refusal { try row(refusal.lead, refusal.target, refusal.field) }
        #expect(error?.fields.map { "\($0.field) \($0.code)" } == [refusal.problem])
        #expect(try context.count("lead_mapping", where: nil) == 0)
    }

    @Test("one target field has one row")
    func twice() throws {
        try row("x_region", "account", "x_region")
        let error = refusal { try row("city", "account", "x_region") }
        #expect(error?.fields.map(\.code) == ["duplicate"])
        #expect(error?.message == "account.x_region has a mapping of its own already")
    }

    @Test("a field that is gone since is passed over")
    func gone() throws {
        try row("x_region", "account", "x_region")
        context.change("account") { $0.fields.removeAll { $0.name == "x_region" } }
        #expect(try converted(["x_region": "South"]).account["x_region"].isNull)
    }
}
