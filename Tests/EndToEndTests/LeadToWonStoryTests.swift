import JSON
import TestKit
import Testing

/// A sale from the first interest to the money, with Sales alone and then with Inventory beside it.
@Suite("End to end: from a lead to a deal that is won")
struct LeadToWonStoryTests {
    @Test("a lead is converted, its potential goes through the stages and is won, and the forecast follows")
    func story() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        try platform.enable("sales")

        // The office has a region on its leads; an administrator has it carried over.
        for entity in ["lead", "account"] {
            let field = try platform.admin("field", "create", entity, "x_region", "text", "label=Region")
            try #require(field.code == 0, "\(field)")
        }
        _ = try admin.create(
            "lead_mapping", #"{"lead_field":"x_region","target":"account","target_field":"x_region"}"#)
        let lead = try admin.create(
            "lead",
            #"{"last_name":"Young","company":"Fabrikam","email":"y@fabrikam.example","x_region":"North"}"#)

        // Tried first: nothing stays of it. Then refused for what is missing, then done.
        let tried = try platform.admin("lead", "convert", "\(lead)", "--dry-run", "--json")
        #expect(tried.code == 0 && tried.output.contains(#""account_created":true"#), "\(tried)")
        #expect(try admin.count("account") == 0)
        let missing = try admin.refusal(
            of: "sales.convert_lead", #"{"lead":\#(lead),"potential":{"amount":"1000.00"}}"#)
        #expect(missing.message.contains("potential.closing_date"), "\(missing)")
        // What the module writes about a deal is nobody's to give along with a conversion.
        let closed = try admin.refusal(
            of: "sales.convert_lead",
            #"{"lead":\#(lead),"potential":{"closed_at":"2001-01-01T00:00:00Z","probability":"20"}}"#)
        #expect(closed.code == -32004 && closed.message.contains("cannot be written"), "\(closed)")
        let made = try admin.call(
            "sales.convert_lead",
            #"""
            {"lead":\#(lead),
             "potential":{"amount":"1000.00","closing_date":"2031-03-31","sales_stage":"prospecting"}}
            """#)
        let (account, deal) = (try made.integer("account"), try made.integer("potential"))
        #expect(try admin.call("record.get", #"{"id":\#(account)}"#)["x_region"]?.string == "North")
        let again = try admin.refusal(of: "sales.convert_lead", #"{"lead":\#(lead)}"#)
        #expect(again.message.contains("already converted"), "\(again)")

        // Through the stages; losing without a reason is refused, and nothing of it is saved.
        #expect(try weighted(admin) == "100.00")
        _ = try admin.call("record.update", #"{"id":\#(deal),"values":{"sales_stage":"negotiation_review"}}"#)
        #expect(try weighted(admin) == "800.00")
        let lost = try admin.refusal(
            of: "record.update", #"{"id":\#(deal),"values":{"sales_stage":"closed_lost"}}"#)
        #expect(lost.code == -32004 && lost.message.contains("Loss reason"), "\(lost)")
        let moved = try platform.admin("record", "update", "potential", "\(deal)", "sales_stage=closed_won")
        #expect(moved.code == 0, "\(moved)")
        let total = try #require(try admin.call("sales.win_rate")["total"])
        #expect(total["won_value"]?["amount"]?.string == "1000.00")
        #expect(total["win_rate"]?.string == "100.00")
        let times = try admin.call("sales.stage_times", #"{"potential":\#(deal)}"#).array("stages")
        #expect(times.map { $0["stage"]?.string } == ["prospecting", "negotiation_review", "closed_won"])

        // With Inventory beside it a conversion goes the same way.
        try platform.enable("inventory")
        let second = try admin.create("lead", #"{"last_name":"Lin","company":"Contoso"}"#)
        let other = try admin.call("sales.convert_lead", #"{"lead":\#(second)}"#)
        #expect(other["account_created"]?.bool == true)

        // A conversion by mistake is taken back, and the lead is open again; the one that was gone on with stays.
        let back = try platform.admin("lead", "revert-conversion", "\(second)")
        #expect(back.code == 0, "\(back)")
        let kept = try admin.refusal(of: "sales.revert_conversion", #"{"lead":\#(lead)}"#)
        #expect(kept.message == "potential \(deal) has been changed or linked since", "\(kept)")
        #expect(try admin.call("record.get", #"{"id":\#(second)}"#)["converted"]?.bool == false)
        #expect(try admin.count("account", #"["account_name","=","Contoso"]"#) == 0)
    }

    private func weighted(_ admin: Caller) throws -> String? {
        let totals = try admin.call("sales.forecast", #"{"by":"year"}"#).array("totals")
        return totals.first { $0["key"]?.string == "2031" }?["weighted"]?["amount"]?.string
    }
}
