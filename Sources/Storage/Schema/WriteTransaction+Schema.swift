package import CRMSDK
import Query
package import Registry

extension WriteTransaction {
    /// Carries out a plan: tables, indexes, views and the rows that describe them. Belongs to this unit like any
    /// other change, and is undone with it.
    ///
    /// - Throws: `versionConflict` when the schema has changed since the plan was made; `duplicate` when a unique index
    ///   is wanted over values that are not.
    package func apply(_ plan: SchemaPlan) throws(CRMError) {
        guard !plan.isEmpty else { return }
        let changed = try execute(
            Statement(
                "UPDATE crm_meta SET value = value + 1 WHERE key = 'schema_generation' AND value = ?1",
                [.integer(plan.generation)]))
        guard changed == 1 else {
            throw CRMError(
                .versionConflict, "the schema has changed since this plan was made", hint: "Plan again.")
        }
        for step in plan.steps { try apply(step) }
        for order in plan.tasks { try add(order) }
    }

    /// Has fields of all records of an entity computed, in batches beside normal work.
    package func queueComputing(_ fields: Set<String>, of entity: String) throws(CRMError) {
        try execute(ComputedStatements.queue(fields, of: entity))
    }

    private func queueComputing(_ field: FieldPlacement, _ entity: String) throws(CRMError) {
        guard field.definition.computed != nil else { return }
        try queueComputing([field.definition.name], of: entity)
    }

    private func apply(_ step: SchemaStep) throws(CRMError) {
        switch step {
        case .createEntity(let entity, let table): try create(entity, table)
        case .changeDefinition(let entity), .restoreEntity(let entity): try update(entity)
        case .deleteEntity(let entity):
            try update(entity)
            try command("DROP VIEW IF EXISTS \(EntityTable.quoted(entity.name))")
        case .addField(let field, let entity, let number):
            try addColumn(field.placement.column, try storage(of: field.placement), entity)
            try insert(field, entity: number)
            try queueComputing(field.placement, entity)
        case .changeField(let field, _): try update(field)
        case .computeField(let field, let entity): try queueComputing(field, entity)
        case .addColumn(let column, let storage, let entity): try addColumn(column, storage, entity)
        case .deleteField(let field, _): try setDeleted(field, 1)
        case .restoreField(let field, let entity):
            try setDeleted(field, 0)
            try queueComputing(field, entity)
        case .rebuildKey(let column, let key, let entity):
            let (column, key) = (EntityTable.quoted(column), EntityTable.quoted(key))
            try command("ALTER TABLE \(table(entity)) ADD COLUMN \(key) BLOB")
            try execute(
                Statement(
                    "UPDATE \(table(entity)) SET \(key) = crm_key(\(column)) WHERE \(column) IS NOT NULL"))
        case .dropKey(let key, let entity):
            try command("ALTER TABLE \(table(entity)) DROP COLUMN \(EntityTable.quoted(key))")
        case .addIndex(let index, _): try command(index.definition)
        case .dropIndex(let name, _): try command("DROP INDEX \(EntityTable.quoted(name))")
        case .replaceView(let view, let entity):
            try command("DROP VIEW IF EXISTS \(EntityTable.quoted(entity))")
            try command(view)
        }
    }

    private func addColumn(_ column: String, _ storage: StorageClass, _ entity: String) throws(CRMError) {
        try command(
            "ALTER TABLE \(table(entity)) ADD COLUMN \(EntityTable.quoted(column)) \(storage.rawValue)")
    }

    private func update(_ entity: StoredEntity) throws(CRMError) {
        try execute(
            Statement(
                "UPDATE crm_entity SET definition = ?2 WHERE number = ?1",
                [.integer(Int64(entity.number)), .text(DefinitionCoding.encode(entity))]))
    }

    private func create(_ entity: StoredEntity, _ table: String) throws(CRMError) {
        let number = try take(entity.number, of: "entity")
        try execute(
            Statement(
                "INSERT INTO crm_entity (number, name, module, definition) VALUES (?1, ?2, ?3, ?4)",
                [
                    .integer(number), .text(entity.name), .text(entity.module),
                    .text(DefinitionCoding.encode(entity)),
                ]))
        try command(table)
        for field in entity.fields { try insert(field, entity: entity.number) }
    }

    private func insert(_ stored: StoredField, entity: Int) throws(CRMError) {
        let field = stored.placement
        let number = try take(field.number, of: "field")
        let module: StoredValue = if case .module(let name) = field.source { .text(name) } else { .null }
        try execute(
            Statement(
                """
                INSERT INTO crm_field (number, entity, name, "column", module, definition)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                """,
                [
                    .integer(number), .integer(Int64(entity)), .text(field.definition.name),
                    .text(field.column),
                    module, .text(DefinitionCoding.encode(stored)),
                ]))
    }

    /// Takes a number that the plan has given, and those before it. Steps stand in the order of entities, and a module
    /// may extend one that was made long before its own: numbers come in any order, but each once, since the plan was
    /// made for this generation of the schema.
    private func take(_ number: Int, of series: String) throws(CRMError) -> Int64 {
        try raiseSchema(series: series, to: Int64(number))
        return Int64(number)
    }

    /// Written at once: whoever reads the schema within this transaction counts on from there.
    private func raiseSchema(series: String, to number: Int64) throws(CRMError) {
        try execute(
            Statement(
                "INSERT INTO crm_series (name, last) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET last = max(last, ?2)",
                [.text(series), .integer(number)]))
    }

    private func update(_ stored: StoredField) throws(CRMError) {
        let field = stored.placement
        try takeColumn(field)
        try execute(
            Statement(
                "UPDATE crm_field SET name = ?2, definition = ?3, \"column\" = ?4 WHERE number = ?1",
                [
                    .integer(Int64(field.number)), .text(field.definition.name),
                    .text(DefinitionCoding.encode(stored)), .text(field.column),
                ]))
    }

    /// A column to come has a number of its own among those of fields.
    private func takeColumn(_ field: FieldPlacement) throws(CRMError) {
        guard let column = field.conversion?.column, let number = Int64(column.dropFirst()) else { return }
        try raiseSchema(series: "field", to: number)
    }

    private func setDeleted(_ field: FieldPlacement, _ deleted: Int64) throws(CRMError) {
        try execute(
            Statement(
                "UPDATE crm_field SET deleted = ?2 WHERE number = ?1",
                [.integer(Int64(field.number)), .integer(deleted)]))
    }

    private func table(_ entity: String) -> String { EntityTable.quoted(Entity.table(of: entity)) }

    private func storage(of field: FieldPlacement) throws(CRMError) -> StorageClass {
        guard let kind = FieldKindList.kind(named: field.definition.type.name) else {
            throw CRMError(.invalidParameters, "there is no field type \"\(field.definition.type.name)\"")
        }
        return kind.storage
    }
}

extension WriteTransaction {
    /// Notes a module, or what has become of it. A new generation of the schema, even where no table changes: what can
    /// be called does.
    package func store(_ module: StoredModule) throws(CRMError) {
        try execute(
            Statement(
                """
                INSERT OR REPLACE INTO crm_module (name, version, sha256, enabled, label, manifest, enabled_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                """,
                [
                    .text(module.name), .text(module.version), .text(module.sha256),
                    .integer(module.isEnabled ? 1 : 0), .text(module.label), .text(module.manifest),
                    module.enabledAt.map { .integer($0.millisecondsSince1970) } ?? .null,
                ]))
        try execute(Statement("UPDATE crm_meta SET value = value + 1 WHERE key = 'schema_generation'"))
    }
}

extension WriteTransaction {
    /// Forgets a field whose values are gone. Its column stays empty and is never used again.
    package func forget(fieldNumber: Int) throws(CRMError) {
        try execute(Statement("DELETE FROM crm_field WHERE number = ?1", [.integer(Int64(fieldNumber))]))
        try raiseGeneration()
    }

    func raiseGeneration() throws(CRMError) {
        try execute(Statement("UPDATE crm_meta SET value = value + 1 WHERE key = 'schema_generation'"))
    }

    /// A page of a table in the order of ids: the value of one column beside each.
    package func page(
        of entity: String, column: String, after cursor: Int64, limit: Int
    ) throws(CRMError) -> [(id: Int64, value: StoredValue)] {
        var page: [(id: Int64, value: StoredValue)] = []
        let statement = Statement(
            "SELECT id, \(EntityTable.quoted(column)) FROM \(table(entity)) WHERE id > ?1 ORDER BY id LIMIT ?2",
            [.integer(cursor), .integer(Int64(limit))])
        try rows(statement) { row in
            page.append((row.int64(0), row.value(1)))
            return .next
        }
        return page
    }

    package func set(
        _ column: String, of entity: String, id: Int64, to value: StoredValue
    ) throws(CRMError) {
        try execute(
            Statement(
                "UPDATE \(table(entity)) SET \(EntityTable.quoted(column)) = ?2 WHERE id = ?1",
                [.integer(id), value]))
    }

    package func remove(line id: Int64, from entity: String) throws(CRMError) {
        try execute(Statement("DELETE FROM \(table(entity)) WHERE id = ?1", [.integer(id)]))
    }
}
