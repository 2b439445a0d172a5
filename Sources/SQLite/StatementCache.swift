/// The prepared statements of one connection by their text; the one unused for longest goes first.
///
/// A hit costs one look-up; only a miss beyond the limit walks the table.
struct StatementCache {
    let limit: Int
    private var statements: [String: PreparedStatement] = [:]
    private var uses: UInt64 = 0

    init(limit: Int) { self.limit = limit }

    /// Nil when there is none, or it is being used further up the stack.
    mutating func take(_ sql: String) -> PreparedStatement? {
        guard let statement = statements[sql], !statement.isInUse else { return nil }
        uses += 1
        statement.lastUse = uses
        statement.isInUse = true
        return statement
    }

    mutating func add(_ statement: PreparedStatement) {
        uses += 1
        statement.lastUse = uses
        statement.isInUse = true
        guard limit > 0, statements[statement.sql] == nil else { return }
        if statements.count >= limit, let oldest = statements.values.min(by: { $0.lastUse < $1.lastUse }) {
            statements[oldest.sql] = nil
        }
        statements[statement.sql] = statement
    }

    mutating func removeAll() { statements.removeAll() }
}
