package import CRMSDK
import Query
import Registry

extension ChangeLog {
    /// Which entries are meant; what is nil does not matter.
    package struct Search: Sendable {
        package var kind: ChangeKind?
        package var actor: RecordID?
        package var record: RecordID?
        package var changeSet: Int64?
        /// From this moment on.
        package var since: Instant?
        /// Before this moment.
        package var until: Instant?

        package init() {}
    }

    /// The entries that a search means, oldest first.
    ///
    /// A record or change set is found by its index and a time by halving; kind and actor are looked for along the log.
    ///
    /// - Parameter after: the last sequence number already seen.
    package static func entries(
        _ reader: some RowSource, matching search: Search, after: Int64 = 0, limit: Int
    ) throws(CRMError) -> [LoggedChange] {
        var first = after
        if let since = search.since {
            let earlier = Instant(millisecondsSince1970: since.millisecondsSince1970 - 1)
            first = max(first, try position(reader, at: earlier))
        }
        var bindings: [StoredValue] = [.integer(Int64(limit)), .integer(first)]
        var conditions = ["c.seq > ?2"]
        func require(_ expression: String, _ value: StoredValue?) {
            guard let value else { return }
            bindings.append(value)
            conditions.append("\(expression) ?\(bindings.count)")
        }
        if let until = search.until {
            let last = Instant(millisecondsSince1970: until.millisecondsSince1970 - 1)
            require("c.seq <=", .integer(try position(reader, at: last)))
        }
        require("c.kind =", search.kind.map { .text($0.name) })
        require("c.actor =", search.actor.map { .integer($0.rawValue) })
        require("c.record =", search.record.map { .integer($0.rawValue) })
        require("c.change_set =", search.changeSet.map { .integer($0) })
        var changes: [LoggedChange] = []
        let statement = Statement(
            """
            SELECT \(columns) FROM crm_change AS c LEFT JOIN crm_change_payload AS p ON p.seq = c.seq
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY c.seq LIMIT ?1
            """, bindings)
        try reader.rows(statement) { row throws(CRMError) in
            changes.append(change(row))
            return .next
        }
        return changes
    }
}
