import CRMSDK
import Query
import Records
import Registry
import SecurityCases
import Storage
import Synchronization
import TestRandom
import Testing

/// An office in which somebody does things at random, one unit of work a minute. The same seed does the same things.
struct RandomYear {
    let office: Office
    let clock: Clock
    private(set) var random: SeededRandom
    private(set) var ids: [RecordID] = []

    /// Stands still until it is told to go on.
    final class Clock: Sendable {
        private let minutes = Mutex<Int64>(0)
        var now: Instant {
            Instant(millisecondsSince1970: 1_790_000_000_000 + minutes.withLock { $0 } * 60_000)
        }
        func tick() { minutes.withLock { $0 += 1 } }
    }

    init(seed: UInt64) throws {
        let clock = Clock()
        self.clock = clock
        office = try Office(clock: { clock.now })
        random = SeededRandom(seed)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    mutating func pick<C: Collection>(_ choices: C) -> C.Element? { choices.randomElement(using: &random) }

    /// One change set: one to four writes. What is refused is part of the game and leaves nothing.
    mutating func step() {
        clock.tick()
        var writes: [Write] = []
        for _ in 0...Int.random(in: 0...3, using: &random) { writes.append(write()) }
        let (service, call, planned) = (office.records, office.root, writes)
        let made = try? office.database.writer.perform { (transaction) throws(CRMError) in
            try service.unit(transaction, call) { (unit) throws(CRMError) in
                var made: [RecordID] = []
                for write in planned {
                    if let id = try write.run(unit) { made.append(id) }
                }
                return made
            }
        }
        ids += made ?? []
    }

    private enum Write: Sendable {
        case create(String, [String: Value])
        case update(RecordID, [String: Value])
        case delete(RecordID)
        case restore(RecordID)

        func run(_ unit: UnitOfWork) throws(CRMError) -> RecordID? {
            switch self {
            case .create(let entity, let values): return try unit.create(entity, values)
            case .update(let id, let values): try unit.update(id, entity: nil, values, version: nil)
            case .delete(let id): try unit.delete(id, entity: nil)
            case .restore(let id): try unit.restore(id, entity: nil)
            }
            return nil
        }
    }

    private mutating func write() -> Write {
        guard let id = pick(ids), !chance(35) else { return .create("account", values()) }
        if chance(60) { return .update(id, values()) }
        return chance(50) ? .delete(id) : .restore(id)
    }

    private mutating func values() -> [String: Value] {
        var values: [String: Value] = [
            "account_name": .text(pick(["Acme", "Łódź", "Zebra", "acme", "東京"]) ?? "")
        ]
        if chance(60) {
            values["employees"] = chance(20) ? .null : .integer(Int64.random(in: 0...5, using: &random))
        }
        if chance(60) { values["industry"] = chance(20) ? .null : .text(pick(["banking", "retail"]) ?? "") }
        if chance(40) {
            values["annual_revenue"] = .decimal(
                FixedDecimal(units: Int64.random(in: 0...9, using: &random), scale: 0))
        }
        if chance(30) { values["parent_account"] = pick(ids).map { .reference($0) } ?? .null }
        if chance(30) { values["phone"] = chance(30) ? .null : "+48 22 1234" }
        if chance(30) { values["email_opt_out"] = .bool(chance(50)) }
        return values
    }

    // MARK: Questions

    /// Lists that differ in filter, sort and side of the recycle bin.
    static var lists: [ListParameters] {
        var all: [ListParameters] = []
        let filters: [Filter?] = [
            nil, .where("employees", .greater, 1), .where("industry", .equal, "banking"),
            .where("account_name", .startsWith, "a"), .where("parent_account", .isEmpty),
        ]
        let sorts: [[String]?] = [
            nil, ["-employees", "account_name"], ["industry", "-modified_at"], ["-id"],
        ]
        for (index, filter) in filters.enumerated() {
            for (offset, sort) in sorts.enumerated() {
                var parameters = ListParameters(entity: "account")
                parameters.filter = filter
                parameters.sort = sort
                parameters.bin = [.outside, .both, .inside][(index + offset) % 3]
                parameters.limit = 1 + (index * 3 + offset) % 5
                all.append(parameters)
            }
        }
        return all
    }

    func list(_ parameters: ListParameters, asOf moment: Instant? = nil) throws -> [Record] {
        let (records, snapshot, call) = (office.records, office.snapshot, office.root)
        let reader = try office.database.makeReader()
        var parameters = parameters
        var all: [Record] = []
        repeat {
            if let moment {
                parameters.cursor = try records.list(call, snapshot, parameters, asOf: moment, on: reader) {
                    row, plan in
                    all.append(plan.record(row, snapshot))
                }.next
            } else {
                let plan = try records.planList(call, snapshot, parameters)
                parameters.cursor = try records.list(plan, on: reader) { row in
                    all.append(plan.read.record(row, snapshot))
                }
            }
        } while parameters.cursor != nil
        return all
    }

    /// Every record that there is, in the recycle bin or not.
    func everything(asOf moment: Instant? = nil) throws -> [Record] {
        var parameters = ListParameters(entity: "account")
        parameters.bin = .both
        parameters.sort = ["id"]
        parameters.limit = 1000
        return try list(parameters, asOf: moment)
    }
}
