import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Potential: stages and probability")
struct PotentialStageTests {
    struct Move: Sendable, CustomTestStringConvertible {
        let write: [String: Value]
        let probability: String
        let reads: String
        var testDescription: String { reads }
    }

    @Test(
        "a stage change sets the stage's probability unless the same write gives one",
        arguments: [
            Move(
                write: ["sales_stage": "negotiation_review"], probability: "80.00", reads: "stage → its own"),
            Move(
                write: ["sales_stage": "negotiation_review", "probability": percent("70")],
                probability: "70.00", reads: "stage with a probability → the given one"),
            Move(write: ["probability": percent("33.33")], probability: "33.33", reads: "probability alone"),
            Move(write: ["probability": .null], probability: "10.00", reads: "emptied → the stage's"),
            Move(write: ["next_step": "Call"], probability: "10.00", reads: "another field → untouched"),
            Move(
                write: ["sales_stage": "closed_won", "probability": percent("50")], probability: "100.00",
                reads: "won → 100 always"),
            Move(
                write: ["sales_stage": "closed_lost", "loss_reason": "price", "probability": percent("50")],
                probability: "0.00", reads: "lost → 0 always"),
        ])
    func probability(_ move: Move) throws {
        let office = try Office()
        let moved = try office.update(try office.potential(), move.write)
        #expect(moved["probability"].decimal?.description == move.probability)
    }

    @Test("a lost deal does not keep a probability that is written to it later")
    func lostStaysZero() throws {
        let office = try Office()
        let lost = try office.potential(["sales_stage": "closed_lost", "loss_reason": "timing"])
        #expect(try office.update(lost, ["probability": percent("80")])["probability"] == percent("0"))
    }

    @Test("a probability of 0 and 100 is accepted, 100.01 and −0.01 are refused")
    func range() throws {
        let office = try Office()
        let potential = try office.potential()
        for text in ["0", "100"] { _ = try office.update(potential, ["probability": percent(text)]) }
        for text in ["100.01", "-0.01"] {
            let error = refusal { _ = try office.update(potential, ["probability": percent(text)]) }
            #expect(error?.fields.map(\.code) == ["range"])
        }
    }

    @Test("a stage that an administrator adds sets what its data says")
    func addedStage() throws {
        let office = try Office()
        office.context.change("potential") { potential in
            guard let index = potential.fields.firstIndex(where: { $0.name == "sales_stage" }) else { return }
            potential.fields[index].type.values.append(
                PicklistValue("Engaging").attribute("probability", "15.5"))
            potential.fields[index].type.values.append(PicklistValue("Parked"))
        }
        let potential = try office.potential(["sales_stage": "engaging"])
        #expect(potential["probability"] == percent("15.5"))
        #expect(try office.update(potential, ["sales_stage": "parked"])["probability"] == percent("15.5"))
    }

    @Test("closing notes when; re-opening forgets it, and the reason of the loss")
    func closing() throws {
        let office = try Office()
        let open = try office.potential()
        #expect(open["closed_at"].isNull)
        #expect(open["stage_changed_at"] == instant("2026-03-10T09:00:00Z"))

        office.clock.advance(days: 1)
        let lost = try office.update(open, ["sales_stage": "closed_lost", "loss_reason": "competitor"])
        #expect(lost["closed_at"] == instant("2026-03-11T09:00:00Z"))

        office.clock.advance(days: 1)
        let edited = try office.update(lost, ["next_step": "Ask again in autumn"])
        #expect(edited["closed_at"] == instant("2026-03-11T09:00:00Z"))

        let open2 = try office.update(edited, ["sales_stage": "qualification"])
        #expect(open2["closed_at"].isNull)
        #expect(open2["loss_reason"].isNull)
        #expect(open2["stage_changed_at"] == instant("2026-03-12T09:00:00Z"))
        #expect(open2["probability"] == percent("20"))
    }

    @Test(
        "a deal that is won early closed today, unless the same write names a day",
        arguments: [
            ([:], "2026-03-10"), (["closing_date": date("2026-04-01")], "2026-04-01"),
        ] as [([String: Value], String)])
    func wonEarly(_ extra: [String: Value], _ closingDate: String) throws {
        let office = try Office()
        let won = try office.update(
            try office.potential(), extra.merging(["sales_stage": "closed_won"]) { $1 })
        #expect(won["closing_date"] == date(closingDate))
    }
}

@Suite("Potential: what a stage asks for")
struct PotentialRequirementTests {
    struct Write: Sendable, CustomTestStringConvertible {
        let values: [String: Value]
        let missing: [String]
        let reads: String
        var testDescription: String { reads }
    }

    @Test(
        "a new potential is refused with every field that its stage or its loss reason asks for",
        arguments: [
            Write(values: [:], missing: [], reads: "whole"),
            Write(values: ["closing_date": .null], missing: ["closing_date"], reads: "no date"),
            Write(
                values: ["closing_date": .null, "related_to": .null],
                missing: ["related_to", "closing_date"],
                reads: "neither date nor account"),
            Write(
                values: ["sales_stage": "closed_lost"], missing: ["loss_reason"], reads: "lost for no reason"),
            Write(
                values: ["sales_stage": "closed_lost", "loss_reason": "price"], missing: [],
                reads: "lost on price"),
            Write(
                values: ["sales_stage": "closed_lost", "loss_reason": "other"], missing: ["loss_note"],
                reads: "lost for another reason, without a note"),
            Write(
                values: ["sales_stage": "closed_lost", "loss_reason": "other", "loss_note": "Merged"],
                missing: [], reads: "lost for another reason, with a note"),
        ])
    func create(_ write: Write) throws {
        let office = try Office()
        let error = refusal { _ = try office.potential(write.values) }
        #expect(error?.fields.map(\.field) ?? [] == write.missing)
        #expect(error?.fields.allSatisfy { $0.code == "required" } ?? true)
        #expect(error == nil || error?.kind == .invalidRecord)
    }

    @Test("a refused write leaves nothing behind")
    func refusedUpdate() throws {
        let office = try Office()
        let potential = try office.potential()
        let error = refusal { _ = try office.update(potential, ["sales_stage": "closed_lost"]) }
        #expect(error?.message == "Loss reason is required when Sales stage is \"Closed Lost\"")
        #expect(try office.context.get("potential", potential.id) == potential)
        #expect(try office.context.count("stage_history", where: nil) == 0)
    }

    @Test("an import brings in what was never recorded")
    func imported() throws {
        let office = try Office()
        office.context.origin = "import"
        let lost = try office.potential([
            "sales_stage": "closed_lost", "related_to": .null, "closing_date": .null,
        ])
        #expect(lost["probability"] == percent("0"))
        #expect(lost["loss_reason"].isNull)
        #expect(lost["closed_at"] == .instant(office.context.now))
    }

    @Test("an imported deal stays editable, and whoever moves it gives what is missing")
    func importedLater() throws {
        let office = try Office()
        office.context.origin = "import"
        let potential = try office.potential(["closing_date": .null])
        office.context.origin = "api"
        let edited = try office.update(potential, ["next_step": "Call"])
        let error = refusal { _ = try office.update(edited, ["sales_stage": "qualification"]) }
        #expect(error?.fields.map(\.field) == ["closing_date"])
        _ = try office.update(edited, ["sales_stage": "qualification", "closing_date": date("2026-09-01")])
        office.context.origin = "import"
        _ = try office.update(edited, ["sales_stage": "closed_lost"])
    }

    @Test("what a stage asks for cannot be emptied while the record is in it")
    func emptied() throws {
        let office = try Office()
        let potential = try office.potential()
        let error = refusal { _ = try office.update(potential, ["closing_date": .null]) }
        #expect(error?.fields.map(\.field) == ["closing_date"])
    }

    @Test("an imported deal that is closed was closed on its closing date")
    func importedClosing() throws {
        let office = try Office()
        office.context.origin = "import"
        let won = try office.potential(["sales_stage": "closed_won", "closing_date": date("2017-03-01")])
        #expect(won["closed_at"] == instant("2017-03-01T00:00:00Z"))
        #expect(won["closing_date"] == date("2017-03-01"))
    }
}
