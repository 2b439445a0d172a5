internal import CSQLite

/// A compiled statement: bind from 1, step, read columns from 0 (sqlite.org/c3ref/stmt.html).
///
/// Reading a column allocates nothing but the string or array that is asked for. Belongs to its connection's thread.
package final class PreparedStatement {
    package let sql: String
    package let columnCount: Int
    package let parameterCount: Int

    @usableFromInline let handle: OpaquePointer
    private let database: OpaquePointer
    var isInUse = false

    /// - Parameter isKept: it will be used again, which lets SQLite choose its memory accordingly.
    init(_ sql: String, on database: OpaquePointer, isKept: Bool) throws(SQLiteError) {
        var prepared: OpaquePointer?
        var sql = sql
        let flags = isKept ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
        let result = sql.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_prepare_v3(database, $0.baseAddress, Int32(clamping: $0.count), flags, &prepared, nil)
            }
        }
        guard result == SQLITE_OK else { throw SQLiteError(of: database, result: result, sql: sql) }
        guard let prepared else {
            throw SQLiteError(code: .misuse, message: "there is no statement in the text", sql: sql)
        }
        handle = prepared
        self.database = database
        self.sql = sql
        columnCount = Int(sqlite3_column_count(prepared))
        parameterCount = Int(sqlite3_bind_parameter_count(prepared))
    }

    deinit { sqlite3_finalize(handle) }

    /// Advances to the next row; false when there are no more.
    package func step() throws(SQLiteError) -> Bool {
        let result = sqlite3_step(handle)
        if result == SQLITE_ROW { return true }
        guard result == SQLITE_DONE else { throw SQLiteError(of: database, result: result, sql: sql) }
        return false
    }

    /// Ends the statement's run, so that it holds no lock and no value.
    func release() {
        sqlite3_reset(handle)
        if parameterCount > 0 { sqlite3_clear_bindings(handle) }
        isInUse = false
    }

    private func check(_ result: Int32) throws(SQLiteError) {
        guard result == SQLITE_OK else { throw SQLiteError(of: database, result: result, sql: sql) }
    }
}

// MARK: Parameters, counted from 1

extension PreparedStatement {
    package func bindNull(_ index: Int) throws(SQLiteError) {
        try check(sqlite3_bind_null(handle, Int32(clamping: index)))
    }

    package func bind(_ index: Int, _ value: Int64) throws(SQLiteError) {
        try check(sqlite3_bind_int64(handle, Int32(clamping: index), value))
    }

    /// SQLite keeps a copy.
    package func bind(_ index: Int, _ value: String) throws(SQLiteError) {
        var value = value
        try check(
            value.withUTF8 { bytes in
                // An empty buffer may have no address, which SQLite would take for null.
                guard let start = bytes.baseAddress else {
                    return csqlite_bind_text_copy(handle, Int32(clamping: index), "", 0)
                }
                return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                    csqlite_bind_text_copy(handle, Int32(clamping: index), $0, UInt64(bytes.count))
                }
            })
    }

    /// SQLite keeps a copy.
    package func bind(_ index: Int, _ value: [UInt8]) throws(SQLiteError) {
        guard !value.isEmpty else {
            return try check(sqlite3_bind_zeroblob(handle, Int32(clamping: index), 0))
        }
        try check(
            value.withUnsafeBytes {
                csqlite_bind_blob_copy(handle, Int32(clamping: index), $0.baseAddress, UInt64($0.count))
            })
    }
}

// MARK: Columns of the current row, counted from 0

extension PreparedStatement {
    /// What a column holds; SQLite's other type, the floating-point number, is read as text.
    package enum ColumnType: Sendable {
        case null, integer, text, blob
    }

    package func type(_ column: Int) -> ColumnType {
        switch sqlite3_column_type(handle, Int32(truncatingIfNeeded: column)) {
        case SQLITE_NULL: .null
        case SQLITE_INTEGER: .integer
        case SQLITE_BLOB: .blob
        default: .text
        }
    }

    package func columnName(_ column: Int) -> String {
        sqlite3_column_name(handle, Int32(truncatingIfNeeded: column)).map { String(cString: $0) } ?? ""
    }

    package func isNull(_ column: Int) -> Bool {
        sqlite3_column_type(handle, Int32(truncatingIfNeeded: column)) == SQLITE_NULL
    }

    /// 0 for null.
    package func int64(_ column: Int) -> Int64 {
        sqlite3_column_int64(handle, Int32(truncatingIfNeeded: column))
    }

    /// Empty for null; what is not UTF-8 is repaired.
    package func text(_ column: Int) -> String { String(decoding: utf8Buffer(column), as: UTF8.self) }

    /// Empty for null.
    package func bytes(_ column: Int) -> [UInt8] { Array(blobBuffer(column)) }

    /// The text as SQLite holds it, for as long as the body runs.
    @inlinable
    package func withUTF8<R, E: Error>(_ column: Int, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try body(Span(_unsafeElements: utf8Buffer(column)))
    }

    /// The blob as SQLite holds it, for as long as the body runs.
    @inlinable
    package func withBlob<R, E: Error>(_ column: Int, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try body(Span(_unsafeElements: blobBuffer(column)))
    }

    // The order of the two calls matters: column_bytes counts what column_text has converted.
    @usableFromInline
    func utf8Buffer(_ column: Int) -> UnsafeBufferPointer<UInt8> {
        let index = Int32(truncatingIfNeeded: column)
        let start = sqlite3_column_text(handle, index)
        return UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index)))
    }

    @usableFromInline
    func blobBuffer(_ column: Int) -> UnsafeBufferPointer<UInt8> {
        let index = Int32(truncatingIfNeeded: column)
        let start = sqlite3_column_blob(handle, index)
        let count = start == nil ? 0 : Int(sqlite3_column_bytes(handle, index))
        return UnsafeBufferPointer(start: start?.assumingMemoryBound(to: UInt8.self), count: count)
    }
}
