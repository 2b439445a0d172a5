package import CRMSDK
import Query
package import Registry
import Security
package import Storage

/// One change of a record, as a follower of the feed sees it.
package struct FeedEntry: Sendable {
    package let entity: Entity
    package let record: RecordID
    /// Without the fields that the follower may not see; without any for a record that is no more.
    package let change: HistoryEntry
    /// Whether the record has been purged since.
    package let isPurged: Bool
}

/// A stretch of the feed.
package struct FeedPage: Sendable {
    package let entries: [FeedEntry]
    /// The last sequence number looked at: where to go on.
    package let position: Int64
    /// Whether the log goes on after it now.
    package let hasMore: Bool
}

extension RecordService {
    /// Entries of the log that one call looks at: a follower who may see little comes back for the rest.
    package static let feedWindow: Int64 = 20_000

    /// The changes of records that the caller may view now, in the order in which they were made, without gaps.
    ///
    /// Sequence numbers are given and committed by the one writer, so whoever has seen one has seen all before it:
    /// following from `position` neither misses nor repeats a change. Changes of records that the caller may not view
    /// do not exist; of records purged since an administrator sees that they were, without values.
    ///
    /// - Parameters:
    ///   - entities: Of which entities; those that the caller may not view at all have no changes.
    ///   - after: The last sequence number already seen; 0 for the beginning.
    package func changes(
        _ call: CallContext, _ snapshot: KernelSnapshot, of entities: [Entity], after: Int64, limit: Int,
        window: Int64 = feedWindow, on reader: ReadConnection
    ) throws(CRMError) -> FeedPage {
        guard (1...Self.maximumHistory).contains(limit) else {
            throw CRMError(.limitExceeded, "the limit \(limit) is not between 1 and \(Self.maximumHistory)")
        }
        let isAdministrator = snapshot.isAdministrator(call.principal)
        return try reader.transaction { () throws(CRMError) in
            let head = try ChangeLog.head(reader)
            guard after < head else { return FeedPage(entries: [], position: after, hasMore: false) }
            let through = min(head, after + window)
            let statement = Planner.changes(
                viewpoint(call, snapshot), of: entities, columns: ChangeLog.columns, after: after,
                through: through, limit: limit, seesPurged: isAdministrator)
            var entries: [FeedEntry] = []
            if let statement {
                try reader.rows(statement) { row throws(CRMError) in
                    let isPurged = row.int64(row.columnCount - 1) != 0
                    if let entry = try feedEntry(ChangeLog.change(row), isPurged, call, snapshot) {
                        entries.append(entry)
                    }
                    return .next
                }
            }
            let position = entries.count == limit ? entries.last?.change.sequence ?? through : through
            return FeedPage(entries: entries, position: position, hasMore: position < head)
        }
    }

    private func feedEntry(
        _ logged: LoggedChange, _ isPurged: Bool, _ call: CallContext, _ snapshot: KernelSnapshot
    ) throws(CRMError) -> FeedEntry? {
        guard let record = logged.entry.record,
            let entity = logged.entry.entity.flatMap({ snapshot.registry.entity(number: $0) })
        else { return nil }
        let isLink = logged.entry.kind == .link || logged.entry.kind == .unlink
        if isLink, !isPurged, !logged.isErased, let link = try LinkPayload.decode(logged.entry.payload) {
            return FeedEntry(
                entity: entity, record: record, change: linkEntry(logged, link, call, snapshot),
                isPurged: false)
        }
        let mask = snapshot.security.mask(call.principal, entity.name)
        let isReadable = !logged.isErased && !isPurged && logged.entry.kind.concernsValues
        let changes = isReadable ? try fieldChanges(logged, entity, snapshot) : []
        let lines = isReadable ? try lineHistory(logged, entity, call, snapshot) : []
        return FeedEntry(
            entity: entity, record: record,
            change: entry(
                logged, changes.filter { mask.isVisible($0.field.name) },
                lines.filter { mask.isVisible($0.field.name) }), isPurged: isPurged)
    }
}
