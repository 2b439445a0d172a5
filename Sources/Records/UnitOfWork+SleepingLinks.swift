import CRMSDK
import Query
import Registry
import Storage

/// Links whose relation nobody knows at present, since its module is not enabled: the tables remain.
extension UnitOfWork {
    private static let ownColumns: Set = ["from_id", "to_id", "created_by", "created_at"]

    /// The relations without a declaration through which a record is linked, as far as their tables tell: by which
    /// column a value stands and how it is stored, not what it means.
    func sleepingRelations(of id: RecordID) throws(CRMError) -> [Relation] {
        let awake = Set(snapshot.registry.relations.map(\.table))
        var found: [Relation] = []
        for table in try linkTables() where !awake.contains(table) {
            let ends = try transaction.first(LinkStatements.anyEnds(of: id, inTable: table)) {
                (RecordID($0.int64(0)), RecordID($0.int64(1)))
            }
            guard let ends, let from = try storedEntity(of: ends.0), let to = try storedEntity(of: ends.1)
            else { continue }
            let definition = RelationDefinition(
                String(table.dropFirst(Relation.table(of: "").count)), from: from.name, to: to.name,
                label: "",
                fields: try valueFields(ofTable: table))
            if let relation = Relation(definition, of: "", from: from, to: to) { found.append(relation) }
        }
        return found
    }

    private func storedEntity(of id: RecordID) throws(CRMError) -> Entity? {
        let number = try transaction.first(Planner.directoryEntry(id)) { Int($0.int64(0)) }
        return number.flatMap { snapshot.registry.entity(number: $0) }
    }

    private func valueFields(ofTable table: String) throws(CRMError) -> [FieldDefinition] {
        var fields: [FieldDefinition] = []
        try transaction.rows(LinkStatements.columns(ofTable: table)) { row in
            let name = row.text(0)
            guard !Self.ownColumns.contains(name) else { return .next }
            fields.append(row.text(1) == "INTEGER" ? .integer(name, name) : .text(name, name))
            return .next
        }
        return fields
    }
}
