package import CRMSDK
package import Query

extension ReadConnection {
    /// Runs the body with tables of this connection's own, in which a read puts together what its later statements look
    /// at. They are gone when it ends, however it ends.
    ///
    /// Nothing else can be written meanwhile: the database's file is open for reading only. Best inside `transaction`,
    /// so that what is copied and what it is held against are one state.
    ///
    /// - Throws: `internalError` on the writer's own connection, which must never be left unable to write.
    package func scratch<R>(
        make: [Statement], drop: [Statement], _ body: (ScratchTables) throws(CRMError) -> R
    ) throws(CRMError) -> R {
        guard !isWriters else {
            throw CRMError(.internalError, "scratch tables are not for a unit of work")
        }
        try command("PRAGMA query_only=OFF")
        defer {
            // An interrupted statement may have taken the tables with it; what is left goes here.
            for statement in drop { _ = try? write(statement) }
            try? command("PRAGMA query_only=ON")
        }
        for statement in make { try write(statement) }
        return try body(ScratchTables(connection: self))
    }
}

/// The way to write into scratch tables, while they are there.
package struct ScratchTables {
    private let connection: ReadConnection

    init(connection: ReadConnection) { self.connection = connection }

    package func insert(_ statement: Statement) throws(CRMError) { try connection.write(statement) }
}
