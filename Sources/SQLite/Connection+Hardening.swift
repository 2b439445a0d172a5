internal import CSQLite

/// What a connection refuses, whatever statement reaches it (sqlite.org/security.html).
extension Connection {
    private static let limits: [(id: Int32, most: Int32)] = [
        (SQLITE_LIMIT_LENGTH, 64 << 20),
        (SQLITE_LIMIT_SQL_LENGTH, 512 << 10),
        (SQLITE_LIMIT_COLUMN, 2_000),
        (SQLITE_LIMIT_EXPR_DEPTH, 500),
        (SQLITE_LIMIT_COMPOUND_SELECT, 500),
        (SQLITE_LIMIT_FUNCTION_ARG, 100),
        (SQLITE_LIMIT_ATTACHED, 0),
        (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
        (SQLITE_LIMIT_TRIGGER_DEPTH, 10),
    ]

    private static let flags: [(option: Int32, value: Int32)] = [
        (SQLITE_DBCONFIG_DEFENSIVE, 1),
        (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
        (SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0),
        (SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0),
        (SQLITE_DBCONFIG_DQS_DDL, 0),
        (SQLITE_DBCONFIG_DQS_DML, 0),
    ]

    func harden() throws(SQLiteError) {
        for (option, value) in Self.flags {
            let result = csqlite_db_config_flag(handle, option, value)
            guard result == SQLITE_OK else { throw SQLiteError(of: handle, result: result) }
        }
        for (id, most) in Self.limits { sqlite3_limit(handle, id, most) }
    }
}
