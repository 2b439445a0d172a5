import CRMSDK
package import Registry

/// What must be done to bring the database from one schema to another, in order. Made by `SchemaPlanner`, shown to
/// whoever asked, then applied as it is.
package struct SchemaPlan: Sendable {
    /// The generation of the schema that the plan was made for.
    package let generation: Int64
    package let steps: [SchemaStep]
    /// What goes on in batches once the steps are done.
    package var tasks: [SchemaTask.Order] = []
    /// What is to be known of the records before anybody decides.
    package var probes: [SchemaProbe] = []
    /// What depends on what is changed, a sentence each.
    package var notes: [String] = []
    /// Fields with their new names: what names them outside the schema has to follow.
    package var renames: [FieldRename] = []

    package var isEmpty: Bool { steps.isEmpty && tasks.isEmpty }
    /// One sentence per step.
    package var sentences: [String] { steps.map(\.sentence) + tasks.map(\.sentence) }
}

package struct FieldRename: Hashable, Sendable {
    package let entity: String
    package let from: String
    package let to: String
}

/// One step of a plan.
package enum SchemaStep: Sendable {
    /// Makes the table with the columns of all fields.
    case createEntity(StoredEntity, table: String)
    /// What concerns the entity and not its table: labels, default sort, sharing.
    case changeDefinition(StoredEntity)
    /// The table and its records stay.
    case deleteEntity(StoredEntity)
    case restoreEntity(StoredEntity)
    case addField(StoredField, entity: String, number: Int)
    /// Labels, limits, picklist values, rules; never the type.
    case changeField(StoredField, entity: String)
    /// Computes a field of all records, in batches beside normal work.
    case computeField(FieldPlacement, entity: String)
    /// A column beside the field's own, which is to take its place.
    case addColumn(String, StorageClass, entity: String)
    /// The column and its values stay.
    case deleteField(FieldPlacement, entity: String)
    case restoreField(FieldPlacement, entity: String)
    /// Adds the column of folded keys and fills it for all records.
    case rebuildKey(column: String, key: String, entity: String)
    case dropKey(key: String, entity: String)
    case addIndex(TableIndex, entity: String)
    case dropIndex(name: String, entity: String)
    case replaceView(String, entity: String)

    package var sentence: String {
        switch self {
        case .createEntity(let entity, _):
            "create the entity \"\(entity.name)\" with \(entity.fields.count) field\(entity.fields.count == 1 ? "" : "s")"
        case .changeDefinition(let entity): "change the definition of \"\(entity.name)\""
        case .deleteEntity(let entity): "delete the entity \"\(entity.name)\"; its records are kept"
        case .restoreEntity(let entity): "restore the entity \"\(entity.name)\""
        case .addField(let field, let entity, _):
            "add the field \"\(field.name)\" (\(field.placement.definition.type.name)) to \"\(entity)\""
        case .changeField(let field, let entity): "change the field \"\(field.name)\" of \"\(entity)\""
        case .computeField(let field, let entity):
            "compute \"\(field.definition.name)\" of all records of \"\(entity)\", beside other work"
        case .addColumn(let column, _, let entity): "add the column \"\(column)\" to \"\(entity)\""
        case .deleteField(let field, let entity):
            "delete the field \"\(field.definition.name)\" of \"\(entity)\"; its values are kept"
        case .restoreField(let field, let entity):
            "restore the field \"\(field.definition.name)\" of \"\(entity)\""
        case .rebuildKey(let column, _, let entity): "compute the keys of \"\(column)\" of \"\(entity)\""
        case .dropKey(let key, let entity): "drop the keys \"\(key)\" of \"\(entity)\""
        case .addIndex(let index, _): "add the \(index.isUnique ? "unique " : "")index \"\(index.name)\""
        case .dropIndex(let name, _): "drop the index \"\(name)\""
        case .replaceView(_, let entity): "renew the view \"\(entity)\""
        }
    }
}
