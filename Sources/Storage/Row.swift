package import Registry
package import SQLite

/// The row that a statement stands on; columns are counted from 0. Valid only inside the body that is given it.
///
/// Reading allocates nothing but the string or array that is asked for.
package struct Row: ~Copyable {
    @usableFromInline let statement: PreparedStatement

    init(_ statement: PreparedStatement) { self.statement = statement }

    @inlinable package var columnCount: Int { statement.columnCount }
    @inlinable package func isNull(_ column: Int) -> Bool { statement.isNull(column) }

    /// 0 for null.
    @inlinable package func int64(_ column: Int) -> Int64 { statement.int64(column) }

    /// Empty for null.
    @inlinable package func text(_ column: Int) -> String { statement.text(column) }

    /// Empty for null.
    @inlinable package func bytes(_ column: Int) -> [UInt8] { statement.bytes(column) }

    /// The text as SQLite holds it, without a copy.
    @inlinable
    package func withUTF8<R, E: Error>(_ column: Int, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try statement.withUTF8(column, body)
    }

    /// The column's name in the statement: its alias, or the column of the table.
    package func columnName(_ column: Int) -> String { statement.columnName(column) }

    package func value(_ column: Int) -> StoredValue {
        switch statement.type(column) {
        case .null: .null
        case .integer: .integer(statement.int64(column))
        case .text: .text(statement.text(column))
        case .blob: .blob(statement.bytes(column))
        }
    }

    /// Nil for null.
    package func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }
    /// Nil for null.
    package func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
}

/// What the reader of rows wants next.
package enum RowStep: Sendable {
    case next
    case stop
}
