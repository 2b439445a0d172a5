import CRMSDK
import Dispatch
import Query
import Records
import Registry
import Security
import SecurityCases
import Storage
import Synchronization
import Testing

@Suite("The feed of changes")
struct FeedTests {
    private func page(
        _ office: Office, _ call: CallContext, after: Int64, limit: Int, window: Int64 = 20_000,
        on reader: ReadConnection
    ) throws(CRMError) -> FeedPage {
        let entities = office.snapshot.registry.entities.filter { $0.name == "account" }
        return try office.records.changes(
            call, office.snapshot, of: entities, after: after, limit: limit, window: window, on: reader)
    }

    private func follow(
        _ office: Office, _ call: CallContext, limit: Int, window: Int64 = 20_000
    ) throws -> [FeedEntry] {
        let reader = try office.database.makeReader()
        var entries: [FeedEntry] = []
        var position: Int64 = 0
        var hasMore = true
        while hasMore {
            let page = try page(office, call, after: position, limit: limit, window: window, on: reader)
            #expect(page.position > position || !page.hasMore)
            entries += page.entries
            (position, hasMore) = (page.position, page.hasMore)
        }
        return entries
    }

    @Test("replayed from the beginning it gives the records as they are", arguments: [1, 7, 1000])
    func replay(limit: Int) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var year = try RandomYear(seed: seed)
        for _ in 0..<40 { year.step() }
        var replayed: [RecordID: [String: Value]] = [:]
        let entries = try follow(year.office, year.office.root, limit: limit, window: 13)
        for entry in entries {
            for change in entry.change.changes {
                let known = replayed[entry.record]?[change.field.name] ?? .null
                #expect(known == change.old, "seed \(seed), \(entry.record) \(change.field.name)")
                replayed[entry.record, default: [:]][change.field.name] = change.new
            }
        }
        let records = try year.everything()
        #expect(records.count == replayed.count, "seed \(seed)")
        for record in records {
            let values = replayed[record.id] ?? [:]
            for (name, value) in record.values
            where !["id", "created_at", "created_by", "modified_at", "modified_by", "version"].contains(name)
            {
                #expect(values[name] ?? .null == value, "seed \(seed), \(record.id) \(name)")
            }
            let last = entries.last { $0.record == record.id }
            #expect(last?.change.version == record.version, "seed \(seed)")
        }
    }

    @Test("changes of records that the caller may not view do not exist, hidden fields neither")
    func rights() throws {
        let office = try Office()
        let user = try office.create(
            "user", ["username": "ann", "last_name": "Ant", "role": .reference(RecordID(1))])
        try office.administer { administration throws(CRMError) in
            try administration.setDefault(of: "account", to: .private, related: false)
        }
        let ann = Office.call(user)
        let hidden = try office.create("account", ["account_name": "Hidden"])
        let own = try office.create(
            "account", ["account_name": "Own", "employees": 3, "owner": .reference(user)])
        try office.update(own, ["employees": 4])
        #expect(try follow(office, ann, limit: 50).map(\.record) == [own, own])
        #expect(try follow(office, office.root, limit: 50).map(\.record) == [hidden, own, own])
        try office.update(own, ["owner": .reference(office.root.principal.user)])
        #expect(try follow(office, ann, limit: 50).isEmpty)
        try office.update(own, ["owner": .reference(user)])
        try office.delete(own)
        #expect(try follow(office, ann, limit: 50).map(\.change.kind).last == "delete")
    }

    @Test("a follower misses nothing and gets nothing twice while several write at once")
    func concurrentWriters() throws {
        let office = try Office()
        let (writers, each) = (6, 40)
        let done = Mutex(0)
        let finished = DispatchSemaphore(value: 0)
        for writer in 0..<writers {
            DispatchQueue.global().async {
                for number in 0..<each {
                    // Every third is refused, after it has taken its place in the group.
                    let name: Value = number.isMultiple(of: 3) ? .null : .text("A \(writer) \(number)")
                    _ = try? office.create("account", ["account_name": name])
                }
                done.withLock { $0 += 1 }
                finished.signal()
            }
        }
        let reader = try office.database.makeReader()
        var seen: [Int64] = []
        var position: Int64 = 0
        var isLast = false
        while true {
            isLast = done.withLock { $0 } == writers
            var page = try page(office, office.root, after: position, limit: 5, on: reader)
            seen += page.entries.map(\.change.sequence)
            position = page.position
            while page.hasMore {
                page = try self.page(office, office.root, after: position, limit: 5, on: reader)
                seen += page.entries.map(\.change.sequence)
                position = page.position
            }
            if isLast { break }
        }
        for _ in 0..<writers { finished.wait() }
        let account = try office.snapshot.registry.entity("account").number
        var written: [Int64] = []
        try ChangeLog.walk(reader, .entity(account), after: 0) { change throws(CRMError) in
            written.append(change.sequence)
            return .next
        }
        #expect(seen == written)
        #expect(written.count == writers * (each - (each + 2) / 3))
    }
}
