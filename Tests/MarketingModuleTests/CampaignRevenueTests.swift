import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Campaign: actual revenue")
struct CampaignRevenueTests {
    @Test("what is won counts, and the return follows")
    func won() throws {
        let agency = try Agency()
        let campaign = try agency.campaign(["actual_cost": money("6200")])
        _ = try agency.deal("9000.00", of: campaign)
        _ = try agency.deal("450.00", of: campaign, "signed")
        _ = try agency.deal("70000.00", of: campaign, "prospecting")
        _ = try agency.deal("80000.00", of: campaign, "closed_lost")
        let earned = try agency.now(campaign)
        #expect(earned["actual_revenue"] == money("9450.00"))
        #expect(earned["actual_roi"] == money("3250.00"))
        #expect(earned["actual_roi_percent"] == percent("52.42"))
        #expect(Set(agency.context.elevations) == ["revenue of a campaign"])
    }

    @Test("a deal that is lost again, moved, changed or deleted counts where it then belongs")
    func changes() throws {
        let agency = try Agency()
        let first = try agency.campaign()
        let second = try agency.campaign(["campaign_name": "Autumn fair"])
        let deal = try agency.deal("100.00", of: first)
        _ = try agency.deal("1.00", of: first)
        func revenues() throws -> [Value] {
            [try agency.now(first)["actual_revenue"], try agency.now(second)["actual_revenue"]]
        }
        #expect(try revenues() == [money("101.00"), .null])
        _ = try agency.update(deal, ["amount": money("200.00")])
        #expect(try revenues() == [money("201.00"), .null])
        _ = try agency.update(deal, ["marketing_campaign": .reference(second.id)])
        #expect(try revenues() == [money("1.00"), money("200.00")])
        _ = try agency.update(deal, ["sales_stage": "closed_lost"])
        #expect(try revenues() == [money("1.00"), .null])
        _ = try agency.update(deal, ["sales_stage": "closed_won"])
        try agency.context.delete("potential", deal.id)
        #expect(try revenues() == [money("1.00"), .null])
        _ = try agency.context.restore("potential", deal.id)
        #expect(try revenues() == [money("1.00"), money("200.00")])
    }

    @Test("other changes of a deal sum nothing up")
    func otherChanges() throws {
        let agency = try Agency()
        let deal = try agency.deal("100.00", of: try agency.campaign())
        let before = agency.context.elevations.count
        _ = try agency.update(deal, ["next_step": "Call them."])
        #expect(agency.context.elevations.count == before)
    }

    @Test("a campaign in the recycle bin does not stand in the way of its deals")
    func deletedCampaign() throws {
        let agency = try Agency()
        let campaign = try agency.campaign()
        let deal = try agency.deal("100.00", of: campaign)
        try agency.context.delete("campaign", campaign.id)
        #expect(refusal { _ = try agency.update(deal, ["amount": money("5.00")]) } == nil)
    }

    @Test("amounts of another currency count in the base currency, rounded once")
    func currencies() throws {
        let agency = try Agency()
        func currency(_ code: String, _ rate: String, isBase: Bool) throws -> Value {
            let rate = try FixedDecimal(parsing: rate, scale: 6)
            return .reference(
                try agency.context.create(
                    "currency",
                    [
                        "code": .text(code), "decimals": 2, "is_base": .bool(isBase), "rate": .decimal(rate),
                    ]
                ).id)
        }
        _ = try currency("EUR", "1", isBase: true)
        let dollar = try currency("USD", "1.0837", isBase: false)
        let campaign = try agency.campaign()
        _ = try agency.deal("10.00", of: campaign)
        _ = try agency.context.create(
            "potential",
            [
                "amount": money("108.37", "USD"), "currency": dollar, "sales_stage": "closed_won",
                "marketing_campaign": .reference(campaign.id),
            ])
        #expect(try agency.now(campaign)["actual_revenue"] == money("110.00"))
    }
}
