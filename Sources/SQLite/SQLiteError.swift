internal import CSQLite

/// What SQLite answered instead of doing what it was asked; the only error that leaves this room.
package struct SQLiteError: Error, Equatable, Sendable {
    /// A result code (sqlite.org/rescode.html).
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: Int32

        package init(rawValue: Int32) { self.rawValue = rawValue }

        /// The class that an extended code belongs to.
        package var primary: Code { Code(rawValue: rawValue & 0xFF) }
    }

    /// The extended code; `code.primary` is its class.
    package let code: Code
    /// SQLite's own words. They name tables and columns, never values.
    package let message: String
    /// The statement's text, without its values.
    package let sql: String?

    package init(code: Code, message: String, sql: String? = nil) {
        self.code = code
        self.message = message
        self.sql = sql
    }

    /// Reads the last error of a connection. Must be called before anything else is asked of it.
    init(of database: OpaquePointer?, result: Int32, sql: String? = nil) {
        let extended = database.map { sqlite3_extended_errcode($0) } ?? result
        code = Code(rawValue: extended & 0xFF == result & 0xFF ? extended : result)
        message = String(cString: database.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(result))
        self.sql = sql
    }
}

extension SQLiteError.Code {
    package static let error = Self(rawValue: SQLITE_ERROR)
    package static let busy = Self(rawValue: SQLITE_BUSY)
    package static let locked = Self(rawValue: SQLITE_LOCKED)
    package static let outOfMemory = Self(rawValue: SQLITE_NOMEM)
    package static let readOnly = Self(rawValue: SQLITE_READONLY)
    package static let interrupted = Self(rawValue: SQLITE_INTERRUPT)
    package static let inputOutput = Self(rawValue: SQLITE_IOERR)
    package static let corrupt = Self(rawValue: SQLITE_CORRUPT)
    package static let full = Self(rawValue: SQLITE_FULL)
    package static let cannotOpen = Self(rawValue: SQLITE_CANTOPEN)
    package static let tooBig = Self(rawValue: SQLITE_TOOBIG)
    package static let constraint = Self(rawValue: SQLITE_CONSTRAINT)
    package static let misuse = Self(rawValue: SQLITE_MISUSE)
    package static let permission = Self(rawValue: SQLITE_PERM)
    package static let notADatabase = Self(rawValue: SQLITE_NOTADB)
    package static let range = Self(rawValue: SQLITE_RANGE)

    package static let uniqueConstraint = Self(rawValue: SQLITE_CONSTRAINT | (8 << 8))
    package static let primaryKeyConstraint = Self(rawValue: SQLITE_CONSTRAINT | (6 << 8))
    package static let rowIDConstraint = Self(rawValue: SQLITE_CONSTRAINT | (10 << 8))
}

extension SQLiteError: CustomStringConvertible {
    package var description: String { "SQLite \(code.rawValue): \(message)" }
}
