package import CRMSDK
import Query
import Registry

/// What purges of entities and modules take out of the database beside records.
extension WriteTransaction {
    /// Forgets an entity whose records are gone: its table, and all that the kernel keeps of it by number or name.
    package func forget(entity number: Int, named name: String) throws(CRMError) {
        try command("DROP VIEW IF EXISTS \(EntityTable.quoted(name))")
        try command("DROP TABLE IF EXISTS \(EntityTable.quoted(Entity.table(of: name)))")
        for table in ["crm_field", "crm_search_fill", "crm_base_fill", "crm_owner_count"] {
            try execute(Statement("DELETE FROM \(table) WHERE entity = ?1", [.integer(Int64(number))]))
        }
        forgetOwners(of: number)
        try execute(Statement("DELETE FROM crm_computing WHERE entity = ?1", [.text(name)]))
        try forgetSeries(ofEntity: name)
        try execute(Statement("DELETE FROM crm_entity WHERE number = ?1", [.integer(Int64(number))]))
        try raiseGeneration()
    }

    /// Drops the column of a field that is forgotten, emptied before.
    package func drop(column: String, of entity: String) throws(CRMError) {
        try command(
            "ALTER TABLE \(EntityTable.quoted(Entity.table(of: entity))) DROP COLUMN \(EntityTable.quoted(column))"
        )
    }

    /// Those of these relations that have a table.
    package func linkTables(of relations: [String]) throws(CRMError) -> [String] {
        var tables: [String] = []
        for relation in relations.sorted() {
            let statement = Statement(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1",
                [.text(Relation.table(of: relation))])
            if try first(statement, { _ in true }) == true { tables.append(relation) }
        }
        return tables
    }

    package func countLinks(of relation: String) throws(CRMError) -> Int64 {
        let table = EntityTable.quoted(Relation.table(of: relation))
        return try first(Statement("SELECT count(*) FROM \(table)")) { $0.int64(0) } ?? 0
    }

    /// Removes some links of a relation, and its table with the last of them.
    ///
    /// - Returns: how many links went; fewer than `limit` when the table is gone.
    package func removeLinks(of relation: String, limit: Int) throws(CRMError) -> Int {
        let table = EntityTable.quoted(Relation.table(of: relation))
        let removed = try execute(
            Statement(
                """
                DELETE FROM \(table) WHERE (from_id, to_id) IN
                (SELECT from_id, to_id FROM \(table) ORDER BY from_id, to_id LIMIT ?1)
                """, [.integer(Int64(limit))]))
        if removed < limit { try command("DROP TABLE \(table)") }
        return removed
    }

    /// Forgets a module whose entities, fields and relations are gone: its steps, its jobs, what it wanted sent, its
    /// name.
    package func forget(module name: String) throws(CRMError) {
        try execute(Statement("DELETE FROM crm_migration WHERE module = ?1", [.text(name)]))
        try execute(Statement("DELETE FROM crm_fixture WHERE module = ?1", [.text(name)]))
        try execute(Statement("DELETE FROM crm_job WHERE name GLOB ?1", [.text(name + ".*")]))
        try execute(Statement("DELETE FROM crm_outbox WHERE module = ?1", [.text(name)]))
        try execute(Statement("DELETE FROM crm_module WHERE name = ?1", [.text(name)]))
        try raiseGeneration()
    }

    /// The records or lines in an entity's table, those in the recycle bin too.
    package func countRows(of entity: String) throws(CRMError) -> Int64 {
        let table = EntityTable.quoted(Entity.table(of: entity))
        return try first(Statement("SELECT count(*) FROM \(table)")) { $0.int64(0) } ?? 0
    }

    /// How many records have a value in a column.
    package func countValues(of column: String, in entity: String) throws(CRMError) -> Int64 {
        let table = EntityTable.quoted(Entity.table(of: entity))
        let statement = Statement(
            "SELECT count(*) FROM \(table) WHERE \(EntityTable.quoted(column)) IS NOT NULL")
        return try first(statement) { $0.int64(0) } ?? 0
    }
}
