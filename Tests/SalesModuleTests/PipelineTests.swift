import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Potential: pipelines")
struct PipelineTests {
    private let office: Office

    init() throws {
        office = try Office()
        office.context.change("potential") { potential in
            potential.change("pipeline") { $0.append(Self.renewals) }
            potential.change("sales_stage") { stages in
                stages.append(
                    PicklistValue("Due").attribute("probability", "60").attribute("limit_days", "10")
                        .next("called", "closed_won"))
                stages.append(PicklistValue("Called").attribute("probability", "75").requiring("next_step"))
            }
        }
    }

    private static let renewals = PicklistValue("Renewals")
        .attribute("stages", "due called closed_won closed_lost")

    private func renewal(_ values: [String: Value] = [:]) throws -> Record {
        try office.potential(
            values.merging(["pipeline": "renewals", "sales_stage": .null]) { given, _ in given })
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let write: [String: Value], field: String, code: String, message: String, hint: String?
        var testDescription: String { message }
    }

    @Test("a deal begins in its pipeline's first open stage, with that stage's probability")
    func begins() throws {
        let deal = try renewal()
        #expect(deal["sales_stage"] == "due")
        #expect(deal["probability"] == percent("60"))
        #expect(try office.potential()["pipeline"] == "standard")
    }

    @Test(
        "a move that the data does not know is refused by field, and nothing is saved",
        arguments: [
            Refusal(
                write: ["sales_stage": "qualification"], field: "sales_stage", code: "rule",
                message: "stage \"Qualification\" is not in the pipeline \"Renewals\"",
                hint: "It has \"Due\", \"Called\", \"Closed Won\", \"Closed Lost\"."),
            Refusal(
                write: ["sales_stage": "closed_lost", "loss_reason": "price"], field: "sales_stage",
                code: "rule",
                message: "potential \"POT00001\" cannot move from \"Due\" to \"Closed Lost\"",
                hint: "From there it moves to \"Called\" or \"Closed Won\"."),
            Refusal(
                write: ["sales_stage": "called"], field: "next_step", code: "required",
                message: "Next step is required when Sales stage is \"Called\"", hint: nil),
            Refusal(
                write: ["pipeline": "standard", "sales_stage": "closed_lost", "loss_reason": "price"],
                field: "sales_stage", code: "rule",
                message: "potential \"POT00001\" cannot move from \"Due\" to \"Closed Lost\"",
                hint: "From there it moves to \"Called\" or \"Closed Won\"."),
        ])
    func refused(_ refusal: Refusal) throws {
        let deal = try renewal()
        let error = SalesModuleTests.refusal { _ = try office.update(deal, refusal.write) }
        #expect(error?.kind == .invalidRecord)
        #expect(error?.fields.map(\.field) == [refusal.field])
        #expect(error?.fields.first?.code == refusal.code)
        #expect(error?.message == refusal.message)
        #expect(error?.hint == refusal.hint)
        #expect(try office.context.get("potential", deal.id) == deal)
        #expect(try office.context.count("stage_history", where: nil) == 0)
    }

    @Test(
        "a deal is not created in a stage of another pipeline, nor moved to a pipeline that lacks its stage")
    func otherPipeline() throws {
        let created = refusal { _ = try renewal(["sales_stage": "qualification"]) }
        #expect(created?.fields.map(\.field) == ["sales_stage"])
        let deal = try office.potential()
        let moved = refusal { _ = try office.update(deal, ["pipeline": "renewals"]) }
        #expect(moved?.message == "stage \"Prospecting\" is not in the pipeline \"Renewals\"")
        let both = try office.update(deal, ["pipeline": "renewals", "sales_stage": "due"])
        #expect(both["probability"] == percent("60"))
    }

    @Test("an import is held to its pipeline, not to the ways between stages")
    func imported() throws {
        let deal = try renewal()
        office.context.origin = "import"
        let lost = try office.update(deal, ["sales_stage": "closed_lost"])
        #expect(lost["probability"] == percent("0"))
        #expect(refusal { _ = try office.update(lost, ["sales_stage": "qualification"]) } != nil)
    }

    @Test("sales.pipeline shows one pipeline's stages in its order, and refuses one that is not there")
    func board() throws {
        _ = try renewal()
        let answer = try office.context.call(
            "sales.pipeline", .object(["pipeline": .value("renewals")]))["stages"]?.elements
        #expect(
            answer?.compactMap { $0["stage"]?.value.text } == ["due", "called", "closed_won", "closed_lost"])
        #expect(answer?.first?["count"]?.value == 1)
        let error = refusal {
            _ = try office.context.call("sales.pipeline", .object(["pipeline": .value("renewal")]))
        }
        #expect(error?.message == "pipeline \"renewal\" does not exist")
        #expect(error?.hint == "There are \"standard\", \"renewals\".")
    }

    @Test("a deal is rotten when its stage's days are over, not on the last of them")
    func rotten() throws {
        let deal = try renewal()
        func rotten() throws -> [Value] {
            let answer = try office.context.call("sales.rotten", .object([]))["potentials"]?.elements ?? []
            return answer.map { .list([$0["potential"]?.value ?? .null, $0["days"]?.value ?? .null]) }
        }
        office.clock.advance(days: 10)
        #expect(try rotten() == [])
        office.clock.advance(seconds: 1)
        #expect(try rotten() == [.list([.reference(deal.id), 10])])
        _ = try office.update(deal, ["sales_stage": "closed_won"])
        #expect(try rotten() == [])
    }

    @Test("a deal's times in its stages add up over revisits")
    func stageTimes() throws {
        var deal = try office.potential()
        for stage in ["qualification", "prospecting"] as [Value] {
            office.clock.advance(seconds: 60)
            deal = try office.update(deal, ["sales_stage": stage])
        }
        office.clock.advance(seconds: 30)
        let answer = try office.context.call(
            "sales.stage_times", .object(["potential": .value(.reference(deal.id))]))
        let stages = (answer["stages"]?.elements ?? []).map {
            "\($0["label"]?.value.text ?? "") \($0["seconds"]?.value.integer ?? -1) \($0["visits"]?.value.integer ?? 0)"
        }
        #expect(stages == ["Prospecting 90 2", "Qualification 60 1"])
        #expect(answer["moves"]?.elements.count == 2)
    }
}

@Suite("sales.win_rate, sales.stage_conversion and the forecast's totals")
struct DealFiguresTests {
    @Test("the share of deals won is half up to two decimals, and null of nothing")
    func winRate() throws {
        let office = try Office()
        for stage in ["closed_won", "closed_won", "closed_lost"] as [Value] {
            _ = try office.potential(["sales_stage": stage, "loss_reason": "price", "lead_source": "partner"])
        }
        _ = try office.potential()
        let answer = try office.context.call("sales.win_rate", .object(["by": .value("lead_source")]))
        let groups = answer["groups"]?.elements ?? []
        #expect(groups.map { $0["label"]?.value } == [.null, "Partner"])
        #expect(groups.map { $0["win_rate"]?.value } == [.null, percent("66.67")])
        #expect(answer["total"]?["open"]?.value == 1)
        #expect(answer["total"]?["won"]?.value == 2)
    }

    @Test("a deal counts once for every stage that it was ever in, also where it was created")
    func conversion() throws {
        let office = try Office()
        var deal = try office.potential()
        for stage in ["qualification", "prospecting", "qualification", "closed_won"] as [Value] {
            deal = try office.update(deal, ["sales_stage": stage])
        }
        _ = try office.potential()
        _ = try office.potential(["sales_stage": "qualification"])
        let stages = try office.context.call("sales.stage_conversion", .object([]))["stages"]?.elements ?? []
        #expect(stages.prefix(3).map { $0["entered"]?.value } == [2, 2, 0])
        #expect(stages[0]["to_next"]?.value == percent("100"))
        #expect(stages[0]["to_won"]?.value == percent("50"))
        #expect(stages[1]["to_next"]?.value == percent("0"))
        #expect(stages[2]["to_won"]?.value.isNull == true)
    }

    @Test("a deal from before the count was kept has been in the stage that it leaves")
    func older() throws {
        let office = try Office()
        let deal = try office.update(try office.potential(), ["stages_entered": .null])
        #expect(
            try office.update(deal, ["sales_stage": "qualification"])["stages_entered"]
                == "|prospecting|qualification|")
    }

    @Test("totals are by what is asked for, of what is open or won")
    func totals() throws {
        let office = try Office()
        _ = try office.potential(["owner": .reference(RecordID(7)), "amount_base": money("10.00")])
        _ = try office.potential(["owner": .reference(RecordID(8)), "sales_stage": "closed_won"])
        _ = try office.potential([
            "owner": .reference(RecordID(9)), "sales_stage": "closed_lost", "loss_reason": "price",
        ])
        let totals = try office.context.call("sales.forecast", .object(["by": .value("owner")]))["totals"]
        let rows = totals?.elements ?? []
        #expect(rows.map { $0["key"]?.value } == [.reference(RecordID(7)), .reference(RecordID(8))])
        #expect(rows.first?["best_case"]?.value == money("10.00"))
    }
}

extension EntityDefinition {
    fileprivate mutating func change(_ field: String, _ change: (inout [PicklistValue]) -> Void) {
        guard let index = fields.firstIndex(where: { $0.name == field }) else { return }
        change(&fields[index].type.values)
    }
}
