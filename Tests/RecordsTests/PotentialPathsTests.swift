import CRMSDK
import Installation
import Records
import Storage
import Testing

/// A forecast is wrong as soon as one way of writing leaves a deal with the probability of the stage it came from.
@Suite("A potential's probability follows its stage")
struct PotentialPathsTests {
    enum Path: CaseIterable, Sendable {
        case create, update, importedCreate, importedUpdate, action, merge, undo
    }

    private let office: Office
    private let account: RecordID
    private let day = CalendarDate("2026-12-01").map { Value.date($0) } ?? .null

    init() throws {
        office = try BundledModulesTests.office(["sales"])
        account = try office.create("account", ["account_name": "Fabrikam"])
    }

    private var importer: CallContext {
        Office.call(FirstRecords.administrator, isAdministrator: true, source: .import)
    }

    private func deal(_ stage: Value, as call: CallContext? = nil) throws -> RecordID {
        try office.create(
            "potential",
            [
                "potential_name": "Lathes", "related_to": .reference(account), "closing_date": day,
                "sales_stage": stage,
            ], as: call)
    }

    private func arrive(_ stage: Value, by path: Path) throws -> RecordID {
        switch path {
        case .create: return try deal(stage)
        case .importedCreate: return try deal(stage, as: importer)
        case .update, .importedUpdate:
            let deal = try deal("prospecting")
            try office.update(deal, ["sales_stage": stage], as: path == .update ? nil : importer)
            return deal
        case .action:
            let lead = try office.create("lead", ["last_name": "Young", "company": "Contoso"])
            let described = StructuredValue.object([
                "closing_date": .value(day), "sales_stage": .value(stage),
            ])
            return try #require(try office.convert(lead, described).last)
        case .merge:
            let (master, loser) = (try deal("prospecting"), try deal(stage))
            try office.merge(master, [loser], taking: ["sales_stage": loser])
            return master
        case .undo:
            let deal = try deal(stage)
            try office.update(deal, ["sales_stage": "qualification"])
            _ = try office.undo(try office.lastChangeSet(deal))
            return deal
        }
    }

    @Test("also where the list changes: a stage that is merged away takes its deals along, hooks and all")
    func mergedStage() throws {
        let stages = FieldName("potential", "sales_stage")
        let (open, dated) = (try deal("value_proposition"), try deal("value_proposition"))
        // Another stage asks for what one of them no longer has, so that it keeps its figures and takes the name alone.
        let demand: SchemaChange = .picklist(
            stages,
            .update(
                "negotiation_review", label: nil, color: nil, attributes: nil,
                setting: ["required_fields": "next_step"]))
        try office.change(demand)
        try office.update(dated, ["next_step": "Call"])
        let report = try office.change(
            .picklist(stages, .merge("value_proposition", into: "negotiation_review")))
        let (first, second) = (try office.get(open), try office.get(dated))
        #expect(first["sales_stage"] == "negotiation_review" && second["sales_stage"] == "negotiation_review")
        #expect(second["probability"].decimal?.description == "80.00")
        #expect(second["stages_entered"].text?.contains("|negotiation_review|") == true)
        #expect(first["probability"].decimal?.description == "30.00")
        let task = try #require(report.tasks.first)
        #expect(task.doneRecords == 2 && task.unfit.map(\.id) == [open], "\(task)")
    }

    @Test("by whichever way it gets there", arguments: Path.allCases)
    func follows(_ path: Path) throws {
        for (stage, probability) in [("negotiation_review", "80.00"), ("closed_won", "100.00")] {
            let deal = try office.get(try arrive(.text(stage), by: path))
            #expect(deal["sales_stage"] == .text(stage))
            #expect(deal["probability"].decimal?.description == probability, "\(path) to \(stage)")
            #expect(deal["stages_entered"].text?.contains("|\(stage)|") == true)
        }
    }
}
