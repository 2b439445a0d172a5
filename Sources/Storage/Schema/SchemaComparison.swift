import CRMSDK
import Registry

/// Compares two schemas and lists the steps from one to the other. Pure.
///
/// Order within an entity: fields, indexes that go, keys, indexes that come, and the view last, since it names all
/// columns.
enum SchemaComparison {
    static func plan(from current: StoredSchema, to target: StoredSchema) throws(CRMError) -> SchemaPlan {
        var steps: [SchemaStep] = []
        for entity in target.entities {
            guard let before = current.entity(named: entity.name) else {
                try SchemaRules.check(entity)
                steps += try creation(of: entity)
                continue
            }
            let change = try Self.steps(from: before, to: entity)
            if !change.isEmpty { try SchemaRules.check(entity) }
            steps += change
        }
        if !steps.isEmpty {
            try SchemaRules.checkInputs(of: target, since: current)
            try SchemaRules.checkComputed(target)
        }
        return SchemaPlan(generation: current.generation, steps: steps)
    }

    private static func creation(of entity: StoredEntity) throws(CRMError) -> [SchemaStep] {
        let table = try EntityTable(entity)
        return [.createEntity(entity, table: table.create)]
            + table.indexes.map { .addIndex($0, entity: entity.name) }
            + [.replaceView(table.view, entity: entity.name)]
    }

    private static func steps(from before: StoredEntity, to after: StoredEntity) throws(CRMError)
        -> [SchemaStep]
    {
        var steps: [SchemaStep] = []
        if before.facts != after.facts || before.adjustments != after.adjustments
            || before.isPurging != after.isPurging
        {
            steps.append(.changeDefinition(after))
        }
        for field in after.fields {
            steps += self.steps(
                from: before.fields.first { $0.placement.number == field.placement.number }, to: field, after)
        }
        switch (before.isDeleted, after.isDeleted) {
        case (false, true): return steps + [.deleteEntity(after)]
        case (true, false): steps.append(.restoreEntity(after))
        case (true, true): return steps
        case (false, false): break
        }
        let table = try EntityTable(after)
        let wanted = Dictionary(table.indexes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for (name, definition) in before.table.indexes.sorted(by: { $0.key < $1.key })
        where wanted[name]?.definition != definition {
            steps.append(.dropIndex(name: name, entity: after.name))
        }
        steps += keySteps(table, before, after)
        for index in table.indexes where before.table.indexes[index.name] != index.definition {
            steps.append(.addIndex(index, entity: after.name))
        }
        if before.table.view != table.view { steps.append(.replaceView(table.view, entity: after.name)) }
        return steps
    }

    private static func steps(
        from before: StoredField?, to after: StoredField, _ entity: StoredEntity
    ) -> [SchemaStep] {
        guard let before else {
            return [.addField(after, entity: entity.name, number: entity.number)]
        }
        var steps: [SchemaStep] = []
        if let conversion = after.placement.conversion, before.placement.conversion == nil,
            let kind = FieldKindList.kind(named: conversion.type.name)
        {
            steps.append(.addColumn(conversion.column, kind.storage, entity: entity.name))
        }
        if before.placement != after.placement || before.isPurging != after.isPurging {
            steps.append(.changeField(after, entity: entity.name))
        }
        let (old, new) = (before.placement.definition, after.placement.definition)
        if new.computed != nil, old.computed != new.computed || old.type != new.type {
            steps.append(.computeField(after.placement, entity: entity.name))
        }
        switch (before.isDeleted, after.isDeleted) {
        case (false, true): steps.append(.deleteField(after.placement, entity: entity.name))
        case (true, false): steps.append(.restoreField(after.placement, entity: entity.name))
        case (true, true), (false, false): break
        }
        return steps
    }

    /// A key column that nobody keeps up to date must go, or it would be wrong when it is wanted again.
    private static func keySteps(
        _ table: EntityTable, _ before: StoredEntity, _ after: StoredEntity
    ) -> [SchemaStep] {
        var steps: [SchemaStep] = []
        var wanted: Set<String> = []
        for field in table.ownFields {
            guard let key = field.keyColumn else { continue }
            wanted.insert(key)
            if !before.table.columns.contains(key) {
                steps.append(.rebuildKey(column: field.column, key: key, entity: after.name))
            }
        }
        let stale = before.table.columns.filter { $0.hasSuffix("__k") }.subtracting(wanted)
        return stale.sorted().map { .dropKey(key: $0, entity: after.name) } + steps
    }
}
