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

    /// The longest that one statement may run; 0 lifts the limit. Beyond it the statement ends in `limitExceeded`.
    package var statementLimitMilliseconds: Int {
        didSet { runner.connection.limitStatements(milliseconds: statementLimitMilliseconds) }
    }

    init(path: String, statementLimitMilliseconds: Int) throws(CRMError) {
        do throws(SQLiteError) {
            runner = try StatementRunner(path: path, role: .reader)
        } catch {
            throw CRMError(error)
        }
        self.statementLimitMilliseconds = statementLimitMilliseconds
        runner.connection.limitStatements(milliseconds: statementLimitMilliseconds)
    }

    /// Gives the rows one by one, until the body wants no more.
    package func rows(
        _ statement: Statement, _ body: (borrowing Row) throws(CRMError) -> RowStep
    ) throws(CRMError) {
        runner.connection.restartStatementClock()
        try runner.rows(statement, body)
    }

    /// Runs the body on one state of the database.
    package func transaction<R>(_ body: () throws(CRMError) -> R) throws(CRMError) -> R {
        try runner.command("BEGIN")
        let result: R
        do throws(CRMError) {
            result = try body()
        } catch {
            // Nothing was written: what ends the transaction does not matter, and it may have ended by itself.
            try? runner.command("ROLLBACK")
            throw error
        }
        try runner.command("COMMIT")
        return result
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
