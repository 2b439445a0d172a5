/// The prepared statements of one connection by their text; the one unused for longest goes first.
///
/// A connection runs the same few statements over and over, one after another: where the text asked for is that of the
/// statement that last followed the one before, a hit costs the comparison of two texts, which mostly are the same
/// piece of memory. Else it costs one look-up; only a miss beyond the limit walks the table.
struct StatementCache {
    private struct Slot {
        var statement: PreparedStatement
        var lastUse: UInt64
        /// The slot that was taken after this one, the last time.
        var follower: Int
    }

    let limit: Int
    private var slots: [Slot] = []
    private var places: [String: Int] = [:]
    private var uses: UInt64 = 0
    /// The slot that was taken last.
    private var last = 0

    init(limit: Int) { self.limit = limit }

    /// Nil when there is none, or it is being used further up the stack.
    mutating func take(_ sql: String) -> PreparedStatement? {
        guard let place = place(of: sql) else { return nil }
        let statement = slots[place].statement
        guard !statement.isInUse else { return nil }
        note(place)
        statement.isInUse = true
        return statement
    }

    private func place(of sql: String) -> Int? {
        if slots.isEmpty { return nil }
        let guess = slots[last].follower
        return slots[guess].statement.sql == sql ? guess : places[sql]
    }

    mutating func add(_ statement: PreparedStatement) {
        statement.isInUse = true
        guard limit > 0, places[statement.sql] == nil else { return }
        var place = slots.count
        if place < limit {
            slots.append(Slot(statement: statement, lastUse: 0, follower: place))
        } else {
            place = slots.indices.min { slots[$0].lastUse < slots[$1].lastUse } ?? 0
            places[slots[place].statement.sql] = nil
            slots[place].statement = statement
        }
        places[statement.sql] = place
        note(place)
    }

    private mutating func note(_ place: Int) {
        uses += 1
        slots[place].lastUse = uses
        slots[last].follower = place
        last = place
    }

    mutating func removeAll() {
        slots.removeAll()
        places.removeAll()
        last = 0
    }
}
