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
        for index in target.entities.indices { target.entities[index].dropLostMentions() }
        return try SchemaComparison.plan(from: current, to: target)
    }

    /// The steps from one schema to another, for whoever has made the other already.
    package static func plan(
        from current: StoredSchema, to target: StoredSchema
    ) throws(CRMError) -> SchemaPlan {
        try SchemaComparison.plan(from: current, to: target)
    }

    /// What administrators want, change by change on what the one before has left.
    ///
    /// - Throws: `invalidParameters` or `duplicate` for a change that cannot be made, naming its place in the list
    ///   where there are several; `limitExceeded` beyond the limits of a schema.
    package static func plan(_ current: StoredSchema, changes: [SchemaChange]) throws(CRMError) -> SchemaPlan
    {
        var draft = SchemaDraft(current)
        for (index, change) in changes.enumerated() {
            do throws(CRMError) {
                try draft.make(change)
            } catch {
                guard changes.count > 1 else { throw error }
                var placed = CRMError(error.kind, "changes[\(index)]: \(error.message)", hint: error.hint)
                placed.candidates = error.candidates
                placed.fields = error.fields
                throw placed
            }
        }
        var plan = try SchemaComparison.plan(from: current, to: draft.schema)
        try SchemaRules.checkConversions(draft.schema)
        plan.tasks = draft.tasks
        // What the plan itself makes has no records yet.
        let known = Set(current.entities.flatMap { $0.fields.map(\.placement.column) + [$0.name] })
        plan.probes = draft.probes.filter { known.contains($0.place) }
        plan.renames = draft.renames
        plan.notes = draft.notes
        return plan
    }
}

extension StoredSchema {
    mutating func add(_ field: FieldDefinition, from source: Field.Source, toEntityAt index: Int) {
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
            entities[known].facts = SchemaRules.kept(entities[known], over: facts)
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
        var wanted = SchemaRules.kept(stored.placement, over: field)
        wanted.type.values = SchemaRules.merged(
            stored.placement.definition.type.values,
            with: field.type.values.filter {
                !stored.placement.adjustments.edited.contains("removed.\($0.key)")
            })
        try SchemaRules.checkChange(stored.placement.definition, to: wanted, of: entity.name)
        entities[index].fields[position].placement.definition = wanted
        entities[index].fields[position].isDeleted = false
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

extension StoredEntity {
    /// A list that an administrator has arranged goes on without a field that its module has taken away.
    fileprivate mutating func dropLostMentions() {
        guard !adjustments.edited.isDisjoint(with: ["list_fields", "default_sort", "indexes"]) else { return }
        let live = Set(definition.fields.map(\.name) + SystemField.names)
        func isLive(_ name: String) -> Bool {
            live.contains(name.hasPrefix("-") ? String(name.dropFirst()) : name)
        }
        facts.listFields.removeAll { !isLive($0) }
        facts.defaultSort.removeAll { !isLive($0) }
        facts.indexes.removeAll { !$0.allSatisfy(isLive) }
    }
}
