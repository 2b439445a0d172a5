package import CRMSDK
package import Query
import Registry
import SQLite

/// A connection that reads. Belongs to one thread at a time; any number of them read beside the writer.
///
/// A single statement sees one state of the database; several do inside `transaction`. No transaction should stay
/// open for seconds: it keeps the write-ahead log from shrinking.
package final class ReadConnection {
    private let runner: StatementRunner
    private var snapshot = Snapshot.ofEachStatement

    /// Which state of the database a statement sees.
    private enum Snapshot {
        case ofEachStatement
        /// The one that the next statement begins.
        case shared
        /// The one that is open.
        case begun
    }

    /// The longest that one statement may run; 0 lifts the limit. Beyond it the statement ends in `limitExceeded`.
    package var statementLimitMilliseconds: Int {
        didSet {
            if !isWriters { runner.connection.limitStatements(milliseconds: statementLimitMilliseconds) }
        }
    }

    /// Asked now and then while a statement runs: true ends it. Nil: nobody can lose interest.
    package var isUnwanted: (@Sendable () -> Bool)? {
        didSet { if !isWriters { runner.connection.stopStatements(when: isUnwanted) } }
    }

    /// Whether this is the writer's own connection: its statements are never interrupted, and its transaction is the
    /// writer's to begin and end.
    let isWriters: Bool

    init(path: String, statementLimitMilliseconds: Int) throws(CRMError) {
        do throws(SQLiteError) {
            runner = try StatementRunner(path: path, role: .reader)
        } catch {
            throw CRMError(error)
        }
        isWriters = false
        self.statementLimitMilliseconds = statementLimitMilliseconds
        runner.connection.limitStatements(milliseconds: statementLimitMilliseconds)
    }

    /// Reads what a unit of work has written so far; must not outlive the unit.
    init(within runner: StatementRunner) {
        self.runner = runner
        isWriters = true
        snapshot = .begun
        statementLimitMilliseconds = 0
    }

    /// Gives the rows one by one, until the body wants no more.
    package func rows(
        _ statement: Statement, _ body: (borrowing Row) throws(CRMError) -> RowStep
    ) throws(CRMError) {
        if snapshot == .shared {
            try begin()
        }
        if !isWriters { runner.connection.restartStatementClock() }
        try runner.rows(statement, body)
    }

    /// Runs the body on one state of the database.
    package func transaction<R>(_ body: () throws(CRMError) -> R) throws(CRMError) -> R {
        guard snapshot != .begun else { return try body() }
        let outer = snapshot
        try begin()
        defer { end(leaving: outer) }
        return try body()
    }

    /// Runs the body with all its statements on the state of the database that the first of them finds: what several
    /// calls that came together read costs one lock instead of one each. Without a statement it costs nothing.
    package func sharingSnapshot<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        guard snapshot == .ofEachStatement else { return try body() }
        snapshot = .shared
        defer { end(leaving: .ofEachStatement) }
        return try body()
    }

    /// For scratch tables.
    func command(_ sql: String) throws(CRMError) { try runner.command(sql) }

    /// For scratch tables.
    func write(_ statement: Statement) throws(CRMError) {
        runner.connection.restartStatementClock()
        _ = try runner.execute(statement)
    }

    private func begin() throws(CRMError) {
        _ = try runner.execute(Statement("BEGIN"))
        snapshot = .begun
    }

    /// Nothing was written, so it does not matter how the transaction ends, and it may have ended by itself.
    private func end(leaving outer: Snapshot) {
        if snapshot == .begun { _ = try? runner.execute(Statement("COMMIT")) }
        snapshot = outer
    }

    /// How SQLite would run the statement: the lines of EXPLAIN QUERY PLAN, indented by depth.
    package func queryPlan(_ statement: Statement) throws(CRMError) -> [String] {
        var lines: [String] = []
        var depths: [Int64: Int] = [:]
        let explained = Statement("EXPLAIN QUERY PLAN " + statement.text, statement.bindings)
        try rows(explained) { row in
            let depth = depths[row.int64(1)].map { $0 + 1 } ?? 0
            depths[row.int64(0)] = depth
            lines.append(String(repeating: "  ", count: depth) + row.text(3))
            return .next
        }
        return lines
    }
}

extension ReadConnection {
    /// The first row as the body reads it; nil when there is none.
    package func first<R>(
        _ statement: Statement, _ body: (borrowing Row) throws(CRMError) -> R
    ) throws(CRMError) -> R? {
        var result: R?
        try rows(statement) { row throws(CRMError) in
            result = try body(row)
            return .stop
        }
        return result
    }
}
