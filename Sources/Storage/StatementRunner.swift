import CRMSDK
import Query
import Registry
import SQLite
import Text

/// Runs `Query`'s statements on one connection of the database. What readers and the writer share.
final class StatementRunner {
    enum Role: Sendable {
        case reader
        case writer
    }

    let connection: Connection

    init(path: String, role: Role) throws(SQLiteError) {
        connection = try Connection(path: path, access: role == .reader ? .readOnly : .readWrite)
        try connection.execute(Self.settings(role))
        try connection.define("crm_fold") { (text: String) -> String in TextFolding.fold(text) }
        try connection.define("crm_key") { (text: String) -> [UInt8] in TextFolding.sortKey(text) }
        let offsets = ZoneOffsets()
        try connection.define("crm_zone_offset") { (moment: Int64, zone: String) -> Int64 in
            offsets.milliseconds(at: moment, in: zone)
        }
        let nearness = Nearness()
        try connection.define("crm_near") { (place: Int64, circle: String) -> Int64 in
            nearness.holds(place, circle) ? 1 : 0
        }
        try connection.defineExactSum("crm_sum")
        try connection.defineMembership("crm_among")
        if role == .writer { connection.leaveCheckpointsToOthers() }
    }

    /// `secure_delete`: what is erased for a person's sake must not stay readable in free pages.
    ///
    /// `mmap_size`: a page of a mapped file is looked through by `cell_size_check` whenever it is used, one of the page
    /// cache once, when it is read: without a map a list of 50 costs less than half. `temp_store`: the pages that
    /// savepoints keep would go through a file.
    private static func settings(_ role: Role) -> String {
        switch role {
        case .reader:
            """
            PRAGMA query_only=ON; PRAGMA cache_size=-16384; PRAGMA mmap_size=0; PRAGMA cell_size_check=ON;
            """
        case .writer:
            """
            PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA cache_size=-32768;
            PRAGMA cell_size_check=ON; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY;
            """
        }
    }

    func rows(
        _ statement: Query.Statement, _ body: (borrowing Row) throws(CRMError) -> RowStep
    ) throws(CRMError) {
        let prepared = try checkOut(statement)
        defer { connection.checkIn(prepared) }
        while try step(prepared) {
            guard try body(Row(prepared)) == .next else { return }
        }
    }

    /// - Returns: the rows that the statement changed.
    func execute(_ statement: Query.Statement) throws(CRMError) -> Int {
        let prepared = try checkOut(statement)
        defer { connection.checkIn(prepared) }
        while try step(prepared) {}
        return connection.changes
    }

    /// Runs a definition or a command without bindings.
    func command(_ sql: String) throws(CRMError) {
        do throws(SQLiteError) { try connection.execute(sql) } catch { throw CRMError(error) }
    }

    private func step(_ prepared: PreparedStatement) throws(CRMError) -> Bool {
        do throws(SQLiteError) { return try prepared.step() } catch { throw CRMError(error) }
    }

    private func checkOut(_ statement: Query.Statement) throws(CRMError) -> PreparedStatement {
        do throws(SQLiteError) {
            let prepared = try connection.checkOut(statement.text)
            do throws(SQLiteError) {
                try bind(statement.bindings, to: prepared)
                for late in statement.late { try bind(late.value, at: late.place, to: prepared) }
            } catch {
                connection.checkIn(prepared)
                throw error
            }
            return prepared
        } catch {
            throw CRMError(error)
        }
    }

    private func bind(_ values: [StoredValue], to prepared: PreparedStatement) throws(SQLiteError) {
        guard values.count == prepared.parameterCount else {
            throw SQLiteError(
                code: .range,
                message: "\(values.count) values for \(prepared.parameterCount) parameters",
                sql: prepared.sql)
        }
        // What is not bound is null: whoever gives a statement back clears it.
        for (place, value) in values.enumerated() {
            if case .null = value { continue }
            try bind(value, at: place, to: prepared)
        }
    }

    private func bind(
        _ value: StoredValue, at place: Int, to prepared: PreparedStatement
    ) throws(SQLiteError) {
        switch value {
        case .null: try prepared.bindNull(place + 1)
        case .integer(let number): try prepared.bind(place + 1, number)
        case .text(let text): try prepared.bind(place + 1, text)
        case .blob(let bytes): try prepared.bind(place + 1, bytes)
        }
    }
}
