import CRMSDK
import Query
import Records
import Registry
import Security
import Storage
import Testing

@Suite("Records as they were")
struct PastTests {
    @Test("as_of answers what a read at that moment answered: records, lists, counts, sums")
    func equalsTheReadOfThen() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var year = try RandomYear(seed: seed)
        struct Memory {
            let moment: Instant
            let lists: [[Record]]
            let records: [RecordID: Record]
            let groups: [String]
        }
        var memories: [Memory] = []
        for step in 0..<60 {
            year.step()
            guard step.isMultiple(of: 7) else { continue }
            let records = try year.everything()
            memories.append(
                Memory(
                    moment: year.clock.now, lists: try RandomYear.lists.map { try year.list($0) },
                    records: Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0) }),
                    groups: try groups(year, asOf: nil)))
        }
        let reader = try year.office.database.makeReader()
        let (service, call, snapshot) = (year.office.records, year.office.root, year.office.snapshot)
        for memory in memories {
            for (parameters, then) in zip(RandomYear.lists, memory.lists) {
                let now = try year.list(parameters, asOf: memory.moment)
                #expect(now == then, "seed \(seed), \(memory.moment), \(parameters)")
                let count = try service.count(call, snapshot, parameters, asOf: memory.moment, on: reader)
                #expect(count == Int64(then.count), "seed \(seed), \(memory.moment), \(parameters)")
            }
            for id in year.ids {
                let then = memory.records[id]
                let now = try record(id, year, asOf: memory.moment)
                #expect(now == then, "seed \(seed), record \(id) at \(memory.moment)")
            }
            let sums = try groups(year, asOf: memory.moment)
            #expect(sums == memory.groups, "seed \(seed), \(memory.moment)")
        }
    }

    private func record(_ id: RecordID, _ year: RandomYear, asOf moment: Instant) throws -> Record? {
        var found: Record?
        let (service, snapshot) = (year.office.records, year.office.snapshot)
        let reader = try year.office.database.makeReader()
        do {
            try service.get(
                year.office.root, snapshot, on: reader, id: id, entity: nil, fields: nil, bin: .both,
                asOf: moment
            ) { (row: borrowing Row, plan: ReadPlan) in
                found = plan.record(row, snapshot)
            }
        } catch {
            guard error.kind == .notFound else { throw error }
        }
        return found
    }

    private func groups(_ year: RandomYear, asOf moment: Instant?) throws -> [String] {
        let (service, call, snapshot) = (year.office.records, year.office.root, year.office.snapshot)
        let plan = try service.planAggregate(
            call, snapshot, entity: "account", filter: nil,
            groups: [.init(path: "industry", interval: nil, name: "i")],
            measures: [
                .init(operation: .count, path: nil, name: "n"),
                .init(operation: .sum, path: "annual_revenue", name: "s"),
            ], isPast: moment != nil)
        var lines: [String] = []
        func take(_ row: borrowing Row) throws(CRMError) {
            var line: [String] = []
            for member in plan.members { line.append("\(try plan.value(member, row, snapshot))") }
            lines.append(line.joined(separator: " "))
        }
        let reader = try year.office.database.makeReader()
        if let moment {
            try service.aggregate(call, snapshot, plan, asOf: moment, on: reader, take)
        } else {
            try service.aggregate(plan, on: reader, take)
        }
        return lines
    }

    // MARK: Refusals

    private func list(_ office: Office, asOf moment: Instant, cursor: String? = nil, limit: Int = 100_000)
        throws
        -> (ids: [RecordID], next: String?)
    {
        var parameters = ListParameters(entity: "account")
        parameters.limit = 1
        parameters.cursor = cursor
        var ids: [RecordID] = []
        let answer = try office.records.list(
            office.root, office.snapshot, parameters, asOf: moment, limit: limit,
            on: office.database.makeReader()
        ) { row, plan in
            ids.append(RecordID(row.int64(plan.idColumn)))
        }
        return (ids, answer.next)
    }

    @Test("a moment to come, or before the log begins, is refused by name")
    func moments() throws {
        let clock = RandomYear.Clock()
        let office = try Office(clock: { clock.now })
        let later = Instant(millisecondsSince1970: clock.now.millisecondsSince1970 + 1)
        let earlier = Instant(millisecondsSince1970: clock.now.millisecondsSince1970 - 1)
        let future = #expect(throws: CRMError.self) { try list(office, asOf: later) }
        #expect(future?.kind == .invalidParameters)
        #expect(future?.message.contains("in the future") == true)
        let past = #expect(throws: CRMError.self) { try list(office, asOf: earlier) }
        #expect(past?.message.contains("before the change log, which begins at \(clock.now)") == true)
        #expect(try list(office, asOf: clock.now).ids.isEmpty)
    }

    @Test("more changed records than the limit are refused, as many are not")
    func limit() throws {
        let clock = RandomYear.Clock()
        let office = try Office(clock: { clock.now })
        let before = clock.now
        clock.tick()
        for number in 1...3 { try office.create("account", ["account_name": .text("A\(number)")]) }
        #expect(try list(office, asOf: before, limit: 3).ids.isEmpty)
        let error = #expect(throws: CRMError.self) { try list(office, asOf: before, limit: 2) }
        #expect(error?.kind == .limitExceeded)
        #expect(error?.message.contains("more than 2 records of \"account\" have changed since") == true)
    }

    @Test("a cursor keeps the place in the log, and is good for its own moment only")
    func cursors() throws {
        let clock = RandomYear.Clock()
        let office = try Office(clock: { clock.now })
        for number in 1...3 { try office.create("account", ["account_name": .text("A\(number)")]) }
        let moment = clock.now
        let first = try list(office, asOf: moment)
        // In the same moment, after the first page.
        try office.create("account", ["account_name": "A2b"])
        let second = try list(office, asOf: moment, cursor: first.next)
        let third = try list(office, asOf: moment, cursor: second.next)
        #expect(third.next == nil)
        #expect(Set(first.ids + second.ids + third.ids).count == 3)
        clock.tick()
        for cursor in [first.next, "1.x", "x", ".", "-1." + (first.next ?? "")] {
            let error = #expect(throws: CRMError.self) { try list(office, asOf: clock.now, cursor: cursor) }
            #expect(error?.kind == .invalidParameters, "\(cursor ?? "")")
        }
    }

    // MARK: Rights

    @Test(
        "who may view a record now sees its past, in the fields that are visible now; who may not sees nothing"
    )
    func rightsOfNow() throws {
        let clock = RandomYear.Clock()
        let office = try Office(clock: { clock.now })
        var users: [RecordID] = []
        for name in ["ann", "bob"] {
            users.append(
                try office.create(
                    "user",
                    ["username": .text(name), "last_name": .text(name), "role": .reference(RecordID(1))]))
        }
        try office.administer { administration throws(CRMError) in
            try administration.setDefault(of: "account", to: .private, related: false)
        }
        let (ann, bob) = (Office.call(users[0]), Office.call(users[1]))
        clock.tick()
        let id = try office.create("account", ["account_name": "Acme", "owner": .reference(users[0])])
        let moment = clock.now
        clock.tick()
        try office.update(id, ["owner": .reference(users[1]), "account_name": "Bolt"])
        func names(_ call: CallContext) throws -> [Value] {
            var names: [Value] = []
            let snapshot = office.snapshot
            _ = try office.records.list(
                call, snapshot, ListParameters(entity: "account"), asOf: moment,
                on: office.database.makeReader()
            ) { row, plan in
                names.append(plan.record(row, snapshot)["account_name"])
            }
            return names
        }
        #expect(try names(ann).isEmpty)
        #expect(try names(bob) == ["Acme"])
        let error = #expect(throws: CRMError.self) {
            try office.records.get(
                ann, office.snapshot, on: office.database.makeReader(), id: id, entity: nil, fields: nil,
                bin: .outside, asOf: moment
            ) { _, _ in }
        }
        #expect(error?.kind == .notFound)
        #expect(error?.hint == nil)
    }
}
