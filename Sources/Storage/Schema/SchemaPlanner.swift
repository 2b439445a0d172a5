package import CRMSDK
import Registry

/// Plans the way from the schema that the database has to the one that is wanted. Pure.
///
/// Every plan is made alike: change a copy of the schema, check it, and compare the tables that the two need. So
/// planning the same wish again, after the plan was applied, gives an empty plan.
package enum SchemaPlanner {
    /// The definitions that one module brings.
    package typealias Wanted = (
        module: String, definitions: [EntityDefinition], extensions: [EntityExtension]
    )

    /// Brings the entities and fields of these modules to their definitions; those of other modules stay as they are.
    ///
    /// A field that a module no longer defines is deleted, and restored when it comes back; an extension of an entity
    /// that is not there sleeps. Picklist values stay as administrators have made them; new ones are appended.
    ///
    /// - Throws: `invalidParameters` for a definition that breaks a rule, another module's name, or a change of type.
    package static func plan(_ current: StoredSchema, wanted: [Wanted]) throws(CRMError) -> SchemaPlan {
        var target = current
        for (module, definitions, _) in wanted {
            for definition in definitions { try target.adopt(definition, of: module) }
        }
        for (module, _, extensions) in wanted {
            for addition in extensions { try target.adopt(addition, of: module) }
        }
        for (module, definitions, extensions) in wanted {
            target.deleteFields(of: module, except: definitions, extensions)
        }
        return try SchemaComparison.plan(from: current, to: target)
    }

    /// Adds a field made by an administrator.
    ///
    /// - Throws: `invalidParameters` unless the name starts with `x_`; `duplicate` when the entity has the name.
    package static func planAddField(
        _ current: StoredSchema, entity: String, _ field: FieldDefinition
    ) throws(CRMError) -> SchemaPlan {
        guard field.name.hasPrefix("x_"), field.name.utf8.count > 2 else {
            throw CRMError(
                .invalidParameters, "field \"\(field.name)\" cannot be added: its name must start with \"x_\""
            )
        }
        var target = current
        let index = try target.index(ofEntity: entity)
        if let existing = target.entities[index].field(named: field.name) {
            throw CRMError(
                .duplicate, "\"\(entity)\" has a field \"\(field.name)\" already",
                hint: existing.isDeleted ? "It was deleted; restore it, or choose another name." : nil)
        }
        target.add(field, from: .custom, toEntityAt: index)
        return try SchemaComparison.plan(from: current, to: target)
    }

    /// Changes a field's label, limits, picklist values or rules; of a field made by an administrator also the name.
    package static func planChangeField(
        _ current: StoredSchema, entity: String, field name: String, to definition: FieldDefinition
    ) throws(CRMError) -> SchemaPlan {
        try change(current, entity, name) { (field, entity) throws(CRMError) in
            try SchemaRules.checkChange(field.placement.definition, to: definition, of: entity.name)
            if definition.name != name {
                guard field.placement.source == .custom, definition.name.hasPrefix("x_") else {
                    throw CRMError(
                        .invalidParameters, "field \"\(name)\" of \"\(entity.name)\" cannot be renamed",
                        hint: "Change its label; only fields whose name starts with x_ can be renamed.")
                }
                guard entity.field(named: definition.name) == nil else {
                    throw CRMError(
                        .duplicate, "\"\(entity.name)\" has a field \"\(definition.name)\" already")
                }
            }
            field.placement = field.placement.with(definition)
        }
    }

    /// Hides a field made by an administrator; its values stay until it is restored or purged.
    package static func planDeleteField(
        _ current: StoredSchema, entity: String, field name: String
    ) throws(CRMError) -> SchemaPlan {
        try change(current, entity, name) { (field, entity) throws(CRMError) in
            guard field.placement.source == .custom else {
                throw CRMError(
                    .invalidParameters, "field \"\(name)\" of \"\(entity.name)\" belongs to a module",
                    hint: "Only fields whose name starts with x_ can be deleted.")
            }
            field.isDeleted = true
        }
    }

    package static func planRestoreField(
        _ current: StoredSchema, entity: String, field name: String
    ) throws(CRMError) -> SchemaPlan {
        try change(current, entity, name) { (field, _) throws(CRMError) in field.isDeleted = false }
    }

    private static func change(
        _ current: StoredSchema, _ entity: String, _ field: String,
        _ body: (inout StoredField, StoredEntity) throws(CRMError) -> Void
    ) throws(CRMError) -> SchemaPlan {
        var target = current
        let index = try target.index(ofEntity: entity)
        guard let position = target.entities[index].fields.firstIndex(where: { $0.name == field }) else {
            throw CRMError(.invalidParameters, "\"\(entity)\" has no field \"\(field.prefix(60))\"")
        }
        try body(&target.entities[index].fields[position], current.entities[index])
        return try SchemaComparison.plan(from: current, to: target)
    }
}

extension StoredSchema {
    fileprivate func index(ofEntity name: String) throws(CRMError) -> Int {
        guard let index = entities.firstIndex(where: { $0.name == name }) else {
            throw CRMError(.invalidParameters, "entity \"\(name.prefix(60))\" does not exist")
        }
        return index
    }

    fileprivate mutating func add(_ field: FieldDefinition, from source: Field.Source, toEntityAt index: Int)
    {
        let number = nextFieldNumber
        nextFieldNumber += 1
        let column = source == .custom ? "x\(number)" : field.name
        entities[index].fields.append(
            StoredField(
                placement: FieldPlacement(number: number, definition: field, source: source, column: column)))
    }

    /// Makes an entity of a module like its definition.
    fileprivate mutating func adopt(_ definition: EntityDefinition, of module: String) throws(CRMError) {
        var facts = definition
        facts.fields = []
        let index: Int
        if let known = entities.firstIndex(where: { $0.name == definition.name }) {
            guard entities[known].module == module else {
                throw CRMError(
                    .invalidParameters,
                    "entity \"\(definition.name)\" of module \"\(module)\" exists already, "
                        + "brought by \"\(entities[known].module)\"")
            }
            entities[known].facts = facts
            index = known
        } else {
            entities.append(StoredEntity(number: nextEntityNumber, module: module, facts: facts, fields: []))
            nextEntityNumber += 1
            index = entities.count - 1
        }
        for field in definition.fields { try adopt(field, of: module, inEntityAt: index) }
    }

    /// Adds a module's fields to another's entity, if that is there.
    fileprivate mutating func adopt(_ addition: EntityExtension, of module: String) throws(CRMError) {
        guard let index = entities.firstIndex(where: { $0.name == addition.entity }) else { return }
        for field in addition.fields { try adopt(field, of: module, inEntityAt: index) }
    }

    private mutating func adopt(
        _ field: FieldDefinition, of module: String, inEntityAt index: Int
    ) throws(CRMError) {
        let entity = entities[index]
        guard let position = entity.fields.firstIndex(where: { $0.name == field.name }) else {
            return add(field, from: .module(module), toEntityAt: index)
        }
        let stored = entity.fields[position]
        guard stored.placement.source == .module(module) else {
            throw CRMError(
                .invalidParameters,
                "field \"\(field.name)\" of \"\(entity.name)\" exists already and is not of module \"\(module)\""
            )
        }
        var wanted = field
        wanted.type.values = SchemaRules.merged(
            stored.placement.definition.type.values, with: field.type.values)
        try SchemaRules.checkChange(stored.placement.definition, to: wanted, of: entity.name)
        entities[index].fields[position] = StoredField(placement: stored.placement.with(wanted))
    }

    /// Deletes the fields that a module had and no longer defines.
    fileprivate mutating func deleteFields(
        of module: String, except definitions: [EntityDefinition], _ extensions: [EntityExtension]
    ) {
        var defined: Set<[String]> = []
        for definition in definitions {
            for field in definition.fields { defined.insert([definition.name, field.name]) }
        }
        for addition in extensions {
            for field in addition.fields { defined.insert([addition.entity, field.name]) }
        }
        for index in entities.indices {
            for position in entities[index].fields.indices {
                let field = entities[index].fields[position]
                guard field.placement.source == .module(module),
                    !defined.contains([entities[index].name, field.name])
                else { continue }
                entities[index].fields[position].isDeleted = true
            }
        }
    }
}

extension FieldPlacement {
    func with(_ definition: FieldDefinition) -> FieldPlacement {
        FieldPlacement(number: number, definition: definition, source: source, column: column)
    }
}
