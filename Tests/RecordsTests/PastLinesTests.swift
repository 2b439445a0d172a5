import CRMSDK
import Query
import Records
import Registry
import Storage
import Testing

@Suite("Lines as they were, and undone")
struct PastLinesTests {
    let clock: RandomYear.Clock
    let office: Office
    let estimate: RecordID

    init() throws {
        let clock = RandomYear.Clock()
        self.clock = clock
        office = try LinesOffice.make(clock: { clock.now })
        estimate = try office.create(
            "estimate",
            [
                "subject": "Fleet",
                "items": .lines([LinesOffice.line("wheel", 40_000), LinesOffice.line("door", 20_000)]),
            ])
    }

    private func lines(asOf moment: Instant) throws -> [Line] {
        var lines: [Line] = []
        let snapshot = office.snapshot
        try office.records.get(
            office.root, snapshot, on: office.database.makeReader(), id: estimate, entity: nil, fields: nil,
            bin: .outside, asOf: moment
        ) { (row: borrowing Row, plan: ReadPlan) in
            lines = plan.record(row, snapshot).lines("items")
        }
        return lines
    }

    private func present() throws -> [Line] { try office.get(estimate).lines("items") }

    @Test("every state of the lines is read again: added, changed, moved, removed, all gone")
    func past() throws {
        var then: [(moment: Instant, lines: [Line])] = [(clock.now, try present())]
        func step(_ change: ([Line]) -> Value) throws {
            clock.tick()
            try office.update(estimate, ["items": change(present())])
            then.append((clock.now, try present()))
        }
        try step { .lines($0 + [LinesOffice.line("lamp", 10_000)]) }
        try step { .lines([$0[2], $0[0], $0[1]]) }
        try step { .lines([Line(id: $0[0].id, ["quantity": LinesOffice.quantity(7)]), $0[2]]) }
        try step { _ in .lines([]) }
        try step { _ in .lines([LinesOffice.line("key", 10_000)]) }
        for (moment, lines) in then { #expect(try self.lines(asOf: moment) == lines, "\(moment)") }
    }

    /// What stands in the lines, whatever ids they have.
    private func contents(_ lines: [Line]) -> [[String: Value]] { lines.map(\.values) }

    @Test("undo puts lines back, those that were removed as well; what was changed since is left")
    func undo() throws {
        let before = contents(try present())
        clock.tick()
        try office.update(estimate, ["items": .lines([LinesOffice.line("lamp", 10_000)])])
        let changeSet = try office.lastChangeSet(estimate)
        let between = contents(try present())
        let report = try office.undo(changeSet)
        #expect(report.left.isEmpty, "\(report.left)")
        #expect(report.restored.map(\.fields) == [["items"]])
        #expect(contents(try present()) == before)
        let again = try office.undo(report.changeSet)
        #expect(again.left.isEmpty, "\(again.left)")
        #expect(contents(try present()) == between)
        try office.update(estimate, ["items": .lines([])])
        let late = try office.undo(changeSet)
        #expect(late.restored.isEmpty)
        #expect(late.left.map(\.field) == ["items"])
        #expect(try present().isEmpty)
        _ = try office.undo(changeSet, since: .overwritten)
        #expect(contents(try present()) == before)
    }

    @Test("lines alone are not listed as of a moment, and the refusal says what is")
    func alone() throws {
        let error = #expect(throws: CRMError.self) {
            _ = try office.records.list(
                office.root, office.snapshot, ListParameters(entity: LinesOffice.item.name), asOf: clock.now,
                on: office.database.makeReader()
            ) { _, _ in }
        }
        #expect(error?.kind == .invalidParameters)
        #expect(error?.hint == "Give as_of to record.get of the record.")
    }
}
