import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Campaign: life and return")
struct CampaignTests {
    @Test("the module passes the checks that every module passes")
    func conforms() throws {
        let module = try BuiltModule.load("marketing")
        #expect(Conformance.problems(of: type(of: module)) == [])
    }

    @Test(
        "a status leads only where its data says",
        arguments: [
            ("planning", "active", true), ("planning", "cancelled", true), ("planning", "inactive", false),
            ("planning", "completed", false), ("active", "inactive", true), ("inactive", "active", true),
            ("active", "completed", true), ("inactive", "completed", true), ("inactive", "cancelled", true),
            ("active", "planning", false), ("completed", "active", false), ("cancelled", "planning", false),
        ])
    func move(_ from: String, _ to: String, _ isAllowed: Bool) throws {
        let agency = try Agency()
        let campaign = try agency.campaign(["campaign_status": .text(from)])
        let error = refusal { _ = try agency.update(campaign, ["campaign_status": .text(to)]) }
        #expect((error == nil) == isAllowed)
    }

    @Test("a campaign cannot end before it starts; the same day it can")
    func dates() throws {
        let agency = try Agency()
        let error = refusal { _ = try agency.campaign(["start_date": date("2026-06-01")]) }
        #expect(error?.fields.map(\.field) == ["closing_date"])
        let campaign = try agency.campaign(["start_date": date("2026-05-31")])
        #expect(refusal { _ = try agency.update(campaign, ["closing_date": date("2026-05-30")]) } != nil)
    }

    struct Return: Sendable, CustomTestStringConvertible {
        let revenue, cost: String?
        let gain, percent: String?
        var testDescription: String {
            "\(revenue ?? "–") on \(cost ?? "–") → \(gain ?? "–"), \(percent ?? "–") %"
        }
    }

    @Test(
        "the expected return is revenue less budget, and in percent of the budget",
        arguments: [
            Return(revenue: "20000", cost: "5000", gain: "15000.00", percent: "300"),
            Return(revenue: "20000", cost: "0", gain: "20000.00", percent: nil),
            Return(revenue: "20000", cost: nil, gain: "20000.00", percent: nil),
            Return(revenue: nil, cost: "5000", gain: "-5000.00", percent: "-100"),
            Return(revenue: nil, cost: nil, gain: nil, percent: nil),
            Return(revenue: "5000", cost: "5000", gain: "0.00", percent: "0"),
            // 1 ÷ 3, and halves away from zero on both sides.
            Return(revenue: "4", cost: "3", gain: "1", percent: "33.33"),
            Return(revenue: "200.01", cost: "200", gain: "0.01", percent: "0.01"),
            Return(revenue: "199.99", cost: "200", gain: "-0.01", percent: "-0.01"),
        ])
    func expectedReturn(_ test: Return) throws {
        var values: [String: Value] = [:]
        if let revenue = test.revenue { values["expected_revenue"] = money(revenue) }
        if let cost = test.cost { values["budget_cost"] = money(cost) }
        let campaign = try Agency().campaign(values)
        #expect(campaign["expected_roi"] == test.gain.map { money($0) } ?? .null)
        #expect(campaign["expected_roi_percent"] == test.percent.map { percent($0) } ?? .null)
        #expect(campaign["actual_roi"] == .null)
    }

    @Test("a figure that changes, changes the return with it")
    func recomputed() throws {
        let agency = try Agency()
        var campaign = try agency.campaign(["expected_revenue": money("20000"), "budget_cost": money("5000")])
        campaign = try agency.update(campaign, ["budget_cost": money("10000")])
        #expect(campaign["expected_roi"] == money("10000"))
        #expect(campaign["expected_roi_percent"] == percent("100"))
        campaign = try agency.update(campaign, ["budget_cost": .null])
        #expect(campaign["expected_roi_percent"] == .null)
    }

    @Test("a return that leaves the range of a percentage is refused")
    func outOfRange() throws {
        let agency = try Agency()
        let error = refusal {
            _ = try agency.campaign([
                "expected_revenue": money("900000000000000"), "budget_cost": money("0.0001"),
            ])
        }
        #expect(error?.kind == .limitExceeded)
    }
}
