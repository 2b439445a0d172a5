import CRMSDK
import Registry

/// Kinds of records that administrators make.
///
/// Their names begin with `x_`, as those of administrators' fields do, so that no module can ever bring the same; a
/// name never changes, what people read are the labels.
extension SchemaDraft {
    /// Entities of modules and administrators together, those not yet purged included.
    static let entityLimit = 500

    mutating func create(_ definition: EntityDefinition) throws(CRMError) {
        let name = definition.name
        guard name.hasPrefix("x_"), name.utf8.count > 2, DefinitionRules.isIdentifier(name),
            !name.hasSuffix("__k")
        else {
            throw problem(
                "entity \"\(name.prefix(60))\" cannot be created: its name must be x_ and a–z, 0–9 and _, "
                    + "at most 60 characters")
        }
        if let taken = schema.entity(named: name) {
            throw CRMError(
                .duplicate, "there is an entity \"\(name)\" already",
                hint: taken.isDeleted ? "It was deleted; restore or purge it, or choose another name." : nil)
        }
        guard schema.entities.count < Self.entityLimit else {
            throw CRMError(
                .limitExceeded, "there are \(Self.entityLimit) entities already, which is the most")
        }
        for field in definition.fields where !field.name.hasPrefix("x_") {
            throw problem("field \"\(field.name)\" cannot be added: its name must start with \"x_\"")
        }
        var facts = definition
        facts.fields = []
        schema.entities.append(
            StoredEntity(
                number: schema.nextEntityNumber, module: StoredEntity.customModule, facts: facts, fields: []))
        schema.nextEntityNumber += 1
        for field in definition.fields {
            schema.add(field, from: .custom, toEntityAt: schema.entities.count - 1)
        }
        try requireTargets(definition.fields)
        notes.append(
            "profiles have no right to \"\(name)\" until they are given one; administrators have every right")
    }

    /// References name entities that are there, the one that is being made included.
    func requireTargets(_ fields: [FieldDefinition]) throws(CRMError) {
        for field in fields {
            for target in field.type.targets where schema.entity(named: target)?.isDeleted ?? true {
                throw problem("field \"\(field.name)\" refers to \"\(target)\", which does not exist")
            }
        }
    }

    mutating func update(_ name: String, _ patch: EntityPatch) throws(CRMError) {
        let index = try index(of: name)
        var entity = schema.entities[index]
        let live = Set(entity.definition.fields.map(\.name) + SystemField.names)
        func known(_ names: [String]) throws(CRMError) {
            for text in names {
                let field = text.hasPrefix("-") ? String(text.dropFirst()) : text
                guard live.contains(field) else {
                    throw problem("\"\(name)\" has no field \"\(field.prefix(60))\"")
                }
            }
            guard Set(names).count == names.count else { throw problem("a field is named twice") }
        }
        if let label = patch.label { entity.facts.label = label }
        if let label = patch.pluralLabel { entity.facts.pluralLabel = label }
        if let fields = patch.listFields {
            try known(fields)
            entity.facts.listFields = fields
        }
        if let sort = patch.defaultSort {
            try known(sort)
            try sortable(sort, entity)
            entity.facts.defaultSort = sort
        }
        if let indexes = patch.indexes {
            for fields in indexes {
                try known(fields)
                try sortable(fields, entity)
            }
            guard indexes.count <= 20 else {
                throw CRMError(
                    .limitExceeded, "an entity has at most 20 indexes for lists, not \(indexes.count)")
            }
            entity.facts.indexes = indexes
        }
        for (attribute, isGiven) in [
            ("label", patch.label != nil), ("plural_label", patch.pluralLabel != nil),
            ("list_fields", patch.listFields != nil), ("default_sort", patch.defaultSort != nil),
            ("indexes", patch.indexes != nil),
        ] where isGiven { entity.adjustments.edited.insert(attribute) }
        schema.entities[index] = entity
    }

    private func sortable(_ names: [String], _ entity: StoredEntity) throws(CRMError) {
        for text in names {
            let name = text.hasPrefix("-") ? String(text.dropFirst()) : text
            guard let field = entity.field(named: name) else { continue }
            let kind = FieldKindList.kind(named: field.placement.definition.type.name)
            guard kind?.ordering != nil else {
                throw problem("a \(kind?.name ?? "") field, \"\(name)\", cannot be sorted by")
            }
        }
    }

    mutating func delete(_ name: String) throws(CRMError) {
        let index = try index(of: name)
        try requireCustom(
            schema.entities[index], "deleted", hint: "Disable the module to take its entities away.")
        schema.entities[index].isDeleted = true
        probes.append(.records(schema.entities[index]))
        for other in schema.entities where other.name != name && !other.isDeleted {
            for field in other.definition.fields where field.type.targets.contains(name) {
                notes.append(
                    "the field \"\(field.name)\" of \"\(other.name)\" refers to it and will name nothing")
            }
        }
    }

    mutating func restore(_ name: String) throws(CRMError) {
        let index = try index(of: name, deleted: true)
        guard !schema.entities[index].isPurging else { throw problem("entity \"\(name)\" is being purged") }
        schema.entities[index].isDeleted = false
    }

    mutating func purge(_ name: String) throws(CRMError) {
        let index = try index(of: name, deleted: true)
        guard !schema.entities[index].isPurging else {
            throw problem("entity \"\(name)\" is being purged already")
        }
        schema.entities[index].isPurging = true
        probes.append(.records(schema.entities[index]))
        tasks.append(SchemaTask.Order(.purgeEntity, entity: schema.entities[index].number, of: name))
        for other in schema.entities where other.name != name && !other.isDeleted {
            let referring = other.definition.fields.filter { $0.type.targets == [name] }.map(\.name)
            guard referring.isEmpty else {
                throw problem(
                    "entity \"\(name)\" cannot be purged: \"\(referring[0])\" of \"\(other.name)\" refers to it",
                    hint: "Delete that field first.")
            }
        }
    }

    private func requireCustom(_ entity: StoredEntity, _ doing: String, hint: String) throws(CRMError) {
        guard entity.isCustom else {
            throw problem("entity \"\(entity.name)\" belongs to a module and cannot be \(doing)", hint: hint)
        }
    }
}
