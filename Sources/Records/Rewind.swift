import CRMSDK
import Registry
import Storage

/// One record's part in what is to be undone: the entries are taken back one by one, newest first, each column only
/// where it still has the value that the entry gave it. Pure.
///
/// So a column that somebody has changed since stays, and one that was changed and changed back does not stand in the
/// way. Whether a record lies in the recycle bin counts as one of two values, whenever it went there.
struct Rewind {
    /// What stands in the way of one column.
    struct Obstacle {
        let column: String
        /// The later change that it has its present value from; nil where the log does not say.
        var cause: LoggedChange?
        /// Whether the field is no longer there, or not of a type that could have the old value.
        var isGone = false
    }

    /// The values as they would be, by column; columns that no entry names are not here.
    private(set) var values: [String: StoredValue] = [:]
    /// Columns that have other values than now.
    private(set) var touched: Set<String> = []
    private(set) var obstacles: [Obstacle] = []
    /// Whether the record was made by what is undone, so that it goes to the recycle bin.
    private(set) var wasMade = false
    /// Whether a payload was destroyed, so that nobody knows what to put back.
    private(set) var isErased = false

    static let bin = "deleted_at"

    /// - Parameters:
    ///   - entries: The record's entries from the first that is to be undone on, oldest first.
    ///   - isUndone: Which of them are to be undone.
    ///   - isOwn: Whether a column is written at all: computed ones follow by themselves.
    ///   - today: What an entry says, in the columns and types of today; nil where there is none for it.
    ///   - present: A column's value now.
    init(
        _ entries: [LoggedChange], isUndone: (LoggedChange) -> Bool, isForced: Bool,
        isOwn: (String) -> Bool, today: (ChangePayload.StoredChange) -> ChangePayload.StoredChange?,
        present: (String) -> StoredValue
    ) throws(CRMError) {
        var later: [String: LoggedChange] = [:]
        for change in entries.reversed() where change.entry.kind.isWritten {
            let isTaken = isUndone(change)
            if change.isErased {
                if isTaken { isErased = true }
                continue
            }
            var pairs: [ChangePayload.StoredChange] = []
            for written in try ChangePayload.decode(change.entry.payload)
            where written.old != written.new && isOwn(written.column) {
                if let pair = today(written) {
                    pairs.append(pair)
                } else if isTaken, change.entry.kind != .create {
                    add(Obstacle(column: written.column, isGone: true))
                }
            }
            guard isTaken else {
                for (column, _, _) in pairs where later[column] == nil { later[column] = change }
                continue
            }
            if change.entry.kind == .create {
                wasMade = true
                guard !isForced else { continue }
                // Whatever was added or changed since would be lost with it.
                let made = Dictionary(
                    pairs.map { ($0.column, $0.new) }, uniquingKeysWith: { first, _ in first })
                for (column, cause) in later.sorted(by: { $0.key < $1.key }) where column != Self.bin {
                    guard (values[column] ?? present(column)) != made[column] ?? .null else { continue }
                    add(Obstacle(column: column, cause: cause))
                }
                continue
            }
            for (column, old, new) in pairs {
                let value = values[column] ?? present(column)
                guard isForced || Self.agrees(column, value, new) else {
                    add(Obstacle(column: column, cause: later[column]))
                    continue
                }
                values[column] = old
            }
        }
        for (column, value) in values where !Self.agrees(column, value, present(column)) {
            touched.insert(column)
        }
    }

    private mutating func add(_ obstacle: Obstacle) {
        guard !obstacles.contains(where: { $0.column == obstacle.column }) else { return }
        obstacles.append(obstacle)
    }

    private static func agrees(_ column: String, _ one: StoredValue, _ other: StoredValue) -> Bool {
        column == bin ? (one == .null) == (other == .null) : one == other
    }
}
