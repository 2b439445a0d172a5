package import CRMSDK
import JSON
import Query
import Registry

/// Work that a change of the schema leaves behind: it is done in batches beside everyone's, and goes on after a kill of
/// the kernel where the last batch ended, since the place is written in the batch's own transaction.
package struct SchemaTask: Sendable {
    package enum Kind: String, Sendable {
        /// Empties a deleted field's column and forgets the field.
        case purgeField = "purge_field"
        /// Removes a deleted entity's records and its table.
        case purgeEntity = "purge_entity"
        /// Removes what a disabled module has left; the entity's name is the module's, its number 0.
        case purgeModule = "purge_module"
        /// Fills the column of a field's new type, then puts it in the place of the old one.
        case changeType = "change_type"
        /// Gives records with one value of a list another.
        case mergeValue = "merge_value"
        /// Empties a column that no field has any more.
        case emptyColumn = "empty_column"
    }

    package enum Status: String, Sendable { case running, done, stopped }

    /// A task as a plan asks for it.
    package struct Order: Sendable {
        package let kind: Kind
        /// The entity's number and name.
        package let entity: Int
        package let entityName: String
        /// The field's number and name.
        package var field: Int?
        package var name: String?
        /// The new type, the two values, the column; by the kind.
        package var detail: String?

        package init(_ kind: Kind, entity: Int, of entityName: String) {
            self.kind = kind
            self.entity = entity
            self.entityName = entityName
        }

        package var sentence: String {
            let field = "\"\(name ?? "")\" of \"\(entityName)\""
            switch kind {
            case .purgeField: return "remove the values of \(field), in batches"
            case .purgeEntity: return "remove the records of \"\(entityName)\" and its table, in batches"
            case .purgeModule: return "remove what the module \"\(entityName)\" has left, in batches"
            case .changeType: return "convert \(field) to \(detail ?? ""), in batches, then change its type"
            case .mergeValue:
                let values = (detail ?? "").split(separator: " ")
                return "replace \"\(values.first ?? "")\" by \"\(values.last ?? "")\" in \(field), in batches"
            case .emptyColumn: return "remove the former values of \(field), in batches"
            }
        }
    }

    /// A record whose value does not fit.
    package struct Unfit: Hashable, Sendable {
        package let id: RecordID
        /// As people read it, at most 100 characters.
        package let value: String

        package init(id: RecordID, value: String) {
            self.id = id
            self.value = String(value.prefix(100))
        }
    }

    /// Of records that do not fit, so many are named.
    package static let namedRecords = 100

    package let id: Int64
    package let order: Order
    package let actor: RecordID?
    package var status = Status.running
    /// The last id that was looked at.
    package var cursor: Int64 = 0
    package var doneRecords: Int64 = 0
    package var unfitRecords: Int64 = 0
    package var unfit: [Unfit] = []
    /// Why it stopped.
    package var problem: String?
    package var createdAt: Instant
    package var finishedAt: Instant?
}

extension WriteTransaction {
    /// The actor of the tasks that the unit's plan leaves behind is written when it is known: by `Installation`.
    func add(_ order: SchemaTask.Order) throws(CRMError) {
        try execute(
            Statement(
                """
                INSERT INTO crm_schema_task (kind, entity, entity_name, field, field_name, detail, status, created_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'running', ?7)
                """,
                [
                    .text(order.kind.rawValue), .integer(Int64(order.entity)), .text(order.entityName),
                    order.field.map { .integer(Int64($0)) } ?? .null, order.name.map { .text($0) } ?? .null,
                    order.detail.map { .text($0) } ?? .null, .integer(now.millisecondsSince1970),
                ]))
    }

    package func sign(tasksOf actor: RecordID) throws(CRMError) {
        try execute(
            Statement("UPDATE crm_schema_task SET actor = ?1 WHERE actor IS NULL", [.integer(actor.rawValue)])
        )
    }

    package func store(_ task: SchemaTask) throws(CRMError) {
        try execute(
            Statement(
                """
                UPDATE crm_schema_task SET status = ?2, cursor = ?3, done_records = ?4, unfit_records = ?5, unfit = ?6,
                problem = ?7, finished_at = ?8 WHERE id = ?1
                """,
                [
                    .integer(task.id), .text(task.status.rawValue), .integer(task.cursor),
                    .integer(task.doneRecords),
                    .integer(task.unfitRecords), .text(SchemaTaskStore.encode(task.unfit)),
                    task.problem.map { .text($0) } ?? .null,
                    task.finishedAt.map { .integer($0.millisecondsSince1970) } ?? .null,
                ]))
    }
}

/// Reads the tasks of a schema.
package enum SchemaTaskStore {
    /// The latest first.
    package static func latest(_ source: some RowSource, limit: Int) throws(CRMError) -> [SchemaTask] {
        try tasks(source, "ORDER BY id DESC LIMIT ?1", [.integer(Int64(limit))])
    }

    /// Those that go on, in the order in which they were given.
    package static func running(_ source: some RowSource) throws(CRMError) -> [SchemaTask] {
        try tasks(source, "WHERE status = 'running' ORDER BY id", [])
    }

    package static func task(_ id: Int64, _ source: some RowSource) throws(CRMError) -> SchemaTask? {
        try tasks(source, "WHERE id = ?1", [.integer(id)]).first
    }

    private static func tasks(
        _ source: some RowSource, _ clause: String, _ bindings: [StoredValue]
    ) throws(CRMError) -> [SchemaTask] {
        var tasks: [SchemaTask] = []
        let statement = Statement(
            """
            SELECT id, kind, entity, entity_name, field, field_name, detail, actor, status, cursor, done_records,
            unfit_records, unfit, problem, created_at, finished_at FROM crm_schema_task \(clause)
            """, bindings)
        try source.rows(statement) { row throws(CRMError) in
            guard let kind = SchemaTask.Kind(rawValue: row.text(1)) else { return .next }
            var order = SchemaTask.Order(kind, entity: Int(row.int64(2)), of: row.text(3))
            order.field = row.optionalInt64(4).map { Int($0) }
            order.name = row.optionalText(5)
            order.detail = row.optionalText(6)
            tasks.append(
                SchemaTask(
                    id: row.int64(0), order: order, actor: row.optionalInt64(7).map { RecordID($0) },
                    status: SchemaTask.Status(rawValue: row.text(8)) ?? .stopped, cursor: row.int64(9),
                    doneRecords: row.int64(10), unfitRecords: row.int64(11), unfit: try decode(row.text(12)),
                    problem: row.optionalText(13), createdAt: Instant(millisecondsSince1970: row.int64(14)),
                    finishedAt: row.optionalInt64(15).map { Instant(millisecondsSince1970: $0) }))
            return .next
        }
        return tasks
    }

    static func encode(_ unfit: [SchemaTask.Unfit]) -> String {
        var json = JSONWriter()
        json.beginArray()
        for record in unfit {
            json.beginArray()
            json.int(record.id.rawValue)
            json.string(record.value)
            json.endArray()
        }
        json.endArray()
        return String(decoding: json.finish(), as: UTF8.self)
    }

    private static func decode(_ text: String) throws(CRMError) -> [SchemaTask.Unfit] {
        do throws(JSONError) {
            return try JSONDocument(parsing: text).root.elements.compactMap { node in
                let parts = Array(node.elements)
                guard parts.count == 2, let id = parts[0].int64, let value = parts[1].string else {
                    return nil
                }
                return SchemaTask.Unfit(id: RecordID(id), value: value)
            }
        } catch {
            throw .damaged("a task's list of records is not JSON: \(error)")
        }
    }
}
