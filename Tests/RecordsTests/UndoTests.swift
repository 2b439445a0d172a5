import CRMSDK
import Query
import Records
import Registry
import Storage
import Testing

extension Office {
    func undo(
        _ changeSet: Int64, since: Undo.Changes = .kept, mode: UnitMode = .commit, as call: CallContext? = nil
    ) throws(CRMError) -> UndoReport {
        let (service, call) = (records, call ?? root)
        return try database.writer.perform(mode: mode) { (transaction) throws(CRMError) in
            try service.unit(transaction, call) { (unit) throws(CRMError) in
                try Undo(unit, changeSet: changeSet, since: since).run()
            }
        }
    }

    /// The change set of a record's last entry.
    func lastChangeSet(_ id: RecordID) throws -> Int64 {
        try #require(try ChangeLog.entries(database.makeReader(), record: id, limit: 1000).last).changeSet
    }

    func lastChangeSet() throws -> Int64 {
        let reader = try database.makeReader()
        let head = try ChangeLog.head(reader)
        return try #require(try ChangeLog.entries(reader, after: head - 1, limit: 1).last).changeSet
    }
}

@Suite("Undo")
struct UndoTests {
    /// What a person sees of a record: all but when, by whom and how often it was written.
    private struct State: Hashable, CustomStringConvertible {
        let values: [String: Value]
        init(_ record: Record) {
            values = record.values.filter { !["version", "modified_at", "modified_by"].contains($0.key) }
        }
        var description: String { "\(values.sorted { $0.key < $1.key })" }
    }

    /// The records outside the recycle bin, as they are or were.
    private func states(_ year: RandomYear, asOf moment: Instant? = nil) throws -> [RecordID: State] {
        var parameters = ListParameters(entity: "account")
        parameters.limit = 1000
        return Dictionary(
            uniqueKeysWithValues: try year.list(parameters, asOf: moment).map { ($0.id, State($0)) })
    }

    @Test("whatever was done at random is undone step by step, back to the beginning and forth again")
    func backAndForth() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var year = try RandomYear(seed: seed)
        var moments: [(changeSet: Int64, before: Instant)] = []
        for _ in 0..<40 {
            let (before, last) = (year.clock.now, try year.office.lastChangeSet())
            year.step()
            let changeSet = try year.office.lastChangeSet()
            if changeSet != last { moments.append((changeSet, before)) }
        }
        let end = try states(year)
        var undone: [(changeSet: Int64, after: Instant)] = []
        for (changeSet, before) in moments.reversed() {
            let after = year.clock.now
            year.clock.tick()
            let report = try year.office.undo(changeSet)
            #expect(report.left.isEmpty, "seed \(seed), change set \(changeSet): \(report.left)")
            let (now, then) = (try states(year), try states(year, asOf: before))
            #expect(now == then, "seed \(seed), change set \(changeSet)")
            // A step that came back to where it began leaves nothing to do, and so no change set.
            if !report.restored.isEmpty { undone.append((report.changeSet, after)) }
        }
        for (changeSet, after) in undone.reversed() {
            year.clock.tick()
            _ = try year.office.undo(changeSet)
            let (now, then) = (try states(year), try states(year, asOf: after))
            #expect(now == then, "seed \(seed), undo of undo \(changeSet)")
        }
        #expect(try states(year) == end, "seed \(seed)")
    }

    private let office: Office

    init() throws { office = try Office() }

    @Test("what was changed since is left and named, unless it is forced")
    func changedSince() throws {
        let id = try office.create("account", ["account_name": "Acme", "phone": "+48 22 1", "employees": 5])
        try office.update(id, ["phone": "+48 22 2", "employees": 6])
        let changeSet = try office.lastChangeSet(id)
        try office.update(id, ["phone": "+48 22 3"])
        let later = try office.lastChangeSet(id)
        let report = try office.undo(changeSet)
        #expect(report.restored.map(\.fields) == [["employees"]])
        #expect(report.left.map(\.field) == ["phone"])
        #expect(report.left.first?.why == "changed since by Administrator")
        #expect(report.left.first?.changedIn == later)
        #expect(try office.get(id)["phone"] == "+48 22 3")
        #expect(try office.get(id)["employees"] == 5)
        let forced = try office.undo(changeSet, since: .overwritten)
        #expect(forced.left.isEmpty)
        #expect(try office.get(id)["phone"] == "+48 22 1")
    }

    @Test("what was changed since and changed back stands in nobody's way")
    func changedBack() throws {
        let id = try office.create("account", ["account_name": "Acme", "phone": "+48 22 1"])
        try office.update(id, ["phone": "+48 22 2"])
        let first = try office.lastChangeSet(id)
        try office.update(id, ["phone": "+48 22 3"])
        _ = try office.undo(office.lastChangeSet(id))
        #expect(try office.undo(first).left.isEmpty)
        #expect(try office.get(id)["phone"] == "+48 22 1")
    }

    @Test("a record that was made goes to the bin, unless somebody has written in it since")
    func made() throws {
        let id = try office.create("account", ["account_name": "Acme"])
        let changeSet = try office.lastChangeSet(id)
        try office.update(id, ["phone": "+48 22 3"])
        let report = try office.undo(changeSet)
        #expect(report.restored.isEmpty)
        #expect(report.left.map(\.field) == ["phone"])
        #expect(try office.get(id)["account_name"] == "Acme")
        #expect(try office.undo(changeSet, since: .overwritten).restored.map(\.action) == [.deleted])
        #expect(throws: CRMError.self) { try office.get(id) }
        #expect(try office.undo(changeSet).restored.isEmpty)
    }

    @Test("a dry run says what would be, and keeps nothing")
    func dryRun() throws {
        let id = try office.create("account", ["account_name": "Acme"])
        try office.update(id, ["account_name": "Bolt"])
        let changeSet = try office.lastChangeSet(id)
        let report = try office.undo(changeSet, mode: .rollBack)
        #expect(report.restored.map(\.fields) == [["account_name"]])
        #expect(try office.get(id)["account_name"] == "Bolt")
        #expect(try office.lastChangeSet(id) == changeSet)
    }

    @Test("a reference to what is in the bin now comes back as it was")
    func binnedReference() throws {
        let parent = try office.create("account", ["account_name": "Parent"])
        let id = try office.create(
            "account", ["account_name": "Acme", "phone": "+48 22 1", "parent_account": .reference(parent)])
        try office.update(id, ["parent_account": .null, "phone": .null])
        let changeSet = try office.lastChangeSet(id)
        try office.delete(parent)
        let report = try office.undo(changeSet)
        #expect(report.restored.map { Set($0.fields) } == [["phone", "parent_account"]])
        #expect(report.left.isEmpty)
        #expect(try office.get(id)["parent_account"] == .reference(parent))
    }

    @Test("only what the caller may see and change is undone; the rest does not exist")
    func rights() throws {
        try office.administer { administration throws(CRMError) in
            try administration.setDefault(of: "account", to: .private, related: false)
        }
        let user = try office.create(
            "user", ["username": "ann", "last_name": "Ant", "role": .reference(RecordID(1))])
        let ann = Office.call(user)
        let id = try office.create("account", ["account_name": "Acme"])
        let changeSet = try office.lastChangeSet(id)
        let error = #expect(throws: CRMError.self) { try office.undo(changeSet, as: ann) }
        let missing = #expect(throws: CRMError.self) { try office.undo(99_999, as: ann) }
        #expect(error?.kind == .notFound && missing?.kind == .notFound)
        #expect(error?.message == "change set \(changeSet) does not exist")
        let rights = try office.lastChangeSet(user)
        #expect(throws: CRMError.self) { try office.undo(rights, as: ann) }
        let refused = #expect(throws: CRMError.self) { try office.undo(rights) }
        #expect(refused?.kind == .invalidParameters)
        #expect(refused?.hint != nil)
    }
}
