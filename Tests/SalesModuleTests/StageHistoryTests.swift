import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Potential: stage history")
struct StageHistoryTests {
    @Test("a move closes the stage that was left with the figures that it had")
    func closesTheOldStage() throws {
        let office = try Office()
        let potential = try office.potential(["amount": money("1000.00")])
        office.clock.advance(seconds: 3600)
        _ = try office.update(
            potential,
            ["sales_stage": "qualification", "amount": money("5000.00"), "closing_date": date("2026-12-31")])
        let rows = try office.context.list(ListRequest("stage_history"))
        #expect(rows.count == 1)
        let row = try #require(rows.first)
        #expect(row["potential"] == .reference(potential.id))
        #expect(row["from_stage"] == "prospecting")
        #expect(row["to_stage"] == "qualification")
        #expect(row["amount"] == money("1000.00"))
        #expect(row["probability"] == percent("10"))
        #expect(row["closing_date"] == date("2026-06-30"))
        #expect(row["seconds_in_from"] == 3600)
        #expect(row["changed_at"] == instant("2026-03-10T10:00:00Z"))
        #expect(row["changed_by"] == .reference(office.context.caller.user))
        #expect(row["owner"] == potential["owner"])
        #expect(office.context.elevations == ["stage history of a potential"])
    }

    @Test("only a change of stage writes a row")
    func onlyStages() throws {
        let office = try Office()
        let potential = try office.potential()
        _ = try office.update(potential, ["amount": money("2.00")])
        _ = try office.update(potential, ["sales_stage": "prospecting"])
        #expect(try office.context.count("stage_history", where: nil) == 0)
    }

    @Test("times in stages add up over revisits")
    func revisits() throws {
        let office = try Office()
        var potential = try office.potential()
        for (stage, hours) in [("qualification", 1), ("prospecting", 2), ("qualification", 3)]
            as [(Value, Int64)]
        {
            office.clock.advance(seconds: hours * 3600)
            potential = try office.update(potential, ["sales_stage": stage])
        }
        let inProspecting = try office.context.aggregate(
            AggregateRequest(
                "stage_history", where: .where("from_stage", .equal, "prospecting"),
                measures: [.count, .sum("seconds_in_from")]))
        #expect(inProspecting == [AggregateGroup(keys: [], figures: [2, .integer(4 * 3600)])])
    }

    @Test("the hooks of a stage change run in the order in which they build on each other")
    func hookOrder() throws {
        let office = try Office()
        let potential = try office.potential()
        let before = office.context.firedHooks.count
        _ = try office.update(potential, ["sales_stage": "qualification"])
        #expect(
            Array(office.context.firedHooks.dropFirst(before)) == [
                "before_update potential enter_stage",
                "before_update potential note_stage_change",
                "before_update potential close_won_today", "before_update potential check_required_fields",
                "before_update potential set_forecast_amount", "after_update potential keep_stage_history",
            ])
    }
}
