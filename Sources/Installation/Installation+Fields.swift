package import CRMSDK
package import Records
import Registry
import Security
package import Storage

/// What has been done, or would be, to an entity's fields.
package struct FieldReport: Sendable {
    package let entity: String
    package let field: FieldDefinition?
    /// One sentence per step.
    package let steps: [String]
}

/// Fields made and changed by administrators, at run time: each change is one unit and is there for the next call.
extension Installation {
    /// Adds a field whose name starts with `x_`: a real column, at once usable in filter, sort and list.
    package func addField(
        _ call: CallContext, entity: String, _ field: FieldDefinition, in transaction: WriteTransaction
    ) throws(CRMError) -> FieldReport {
        try requireAdministrator(call, "add fields")
        let unknown = field.type.targets.first { snapshots.current.registry[entity: $0] == nil }
        if let unknown {
            throw CRMError(
                .invalidParameters, "field \"\(field.name)\" refers to \"\(unknown)\", which does not exist")
        }
        return try change(call, "add", entity, field, transaction) { (schema) throws(CRMError) in
            try SchemaPlanner.planAddField(schema, entity: entity, field)
        }
    }

    /// Changes label, help, limits, picklist values, mandatory, unique, indexed; the name of a custom field.
    package func changeField(
        _ call: CallContext, entity: String, field name: String, to definition: FieldDefinition,
        in transaction: WriteTransaction
    ) throws(CRMError) -> FieldReport {
        try requireAdministrator(call, "change fields")
        return try change(call, "change", entity, definition, transaction) { (schema) throws(CRMError) in
            try SchemaPlanner.planChangeField(schema, entity: entity, field: name, to: definition)
        }
    }

    /// Takes a custom field out of sight; its values stay.
    package func deleteField(
        _ call: CallContext, entity: String, field name: String, in transaction: WriteTransaction
    ) throws(CRMError) -> FieldReport {
        try requireAdministrator(call, "delete fields")
        return try change(call, "delete", entity, nil, transaction) { (schema) throws(CRMError) in
            try SchemaPlanner.planDeleteField(schema, entity: entity, field: name)
        }
    }

    package func restoreField(
        _ call: CallContext, entity: String, field name: String, in transaction: WriteTransaction
    ) throws(CRMError) -> FieldReport {
        try requireAdministrator(call, "restore fields")
        return try change(call, "restore", entity, nil, transaction) { (schema) throws(CRMError) in
            try SchemaPlanner.planRestoreField(schema, entity: entity, field: name)
        }
    }

    private func change(
        _ call: CallContext, _ verb: String, _ entity: String, _ field: FieldDefinition?,
        _ transaction: WriteTransaction, _ plan: (StoredSchema) throws(CRMError) -> SchemaPlan
    ) throws(CRMError) -> FieldReport {
        // A disabled module's entity is not there, although its table is.
        _ = try snapshots.current.registry.readable(entity)
        let plan = try plan(SchemaStore.load(transaction))
        try transaction.apply(plan)
        let modules = snapshots.current.registry.modules
        publish(try Self.registry(SchemaStore.load(transaction), modules), after: transaction)
        try note(call, verb, entity, plan.sentences, transaction, kind: .schema)
        return FieldReport(entity: entity, field: field, steps: plan.sentences)
    }
}
