import CRMSDK
import Registry

/// Fields: those of administrators in everything, those of modules in what people see and in stricter rules.
extension SchemaDraft {
    mutating func create(_ field: FieldDefinition, in entity: String) throws(CRMError) {
        let index = try index(of: entity)
        try requireFree(field.name, "added", schema.entities[index])
        try requireTargets([field])
        if schema.entity(named: entity) != nil, field.isMandatory, field.defaultText == nil {
            probes.append(.records(schema.entities[index]))
            notes.append(
                "records that are there have no \"\(field.name)\"; each needs one when it is next changed")
        }
        schema.add(field, from: .custom, toEntityAt: index)
    }

    private func requireFree(_ name: String, _ doing: String, _ entity: StoredEntity) throws(CRMError) {
        guard name.hasPrefix("x_"), name.utf8.count > 2 else {
            throw problem("field \"\(name.prefix(60))\" cannot be \(doing): its name must start with \"x_\"")
        }
        guard let existing = entity.field(named: name) else { return }
        throw CRMError(
            .duplicate, "\"\(entity.name)\" has a field \"\(name)\" already",
            hint: existing.isDeleted ? "It was deleted; restore or purge it, or choose another name." : nil)
    }

    // MARK: Rules

    mutating func update(_ name: FieldName, _ patch: FieldPatch) throws(CRMError) {
        let place = try place(of: name)
        var field = self[place]
        let old = field.placement.definition
        var new = old
        if let label = patch.label { new.label = label }
        if patch.help != nil || patch.clear.contains("help") { new.help = patch.help }
        if patch.section != nil || patch.clear.contains("section") { new.section = patch.section }
        if patch.defaultText != nil || patch.clear.contains("default") { new.defaultText = patch.defaultText }
        new.isMandatory = try flag("mandatory", patch.isMandatory, old.isMandatory, field, name)
        new.isUnique = try flag("unique", patch.isUnique, old.isUnique, field, name)
        new.isReadOnly = try flag("read_only", patch.isReadOnly, old.isReadOnly, field, name)
        new.isIndexed = patch.isIndexed ?? old.isIndexed
        new.isSearchable = patch.isSearchable ?? old.isSearchable
        try limits(patch, &new, field, name)
        if let computed = patch.computed {
            try requireCustom(
                field, name, "computed from anything else",
                hint: "Add a field of your own with the expression.")
            guard old.computed != nil else {
                throw problem(
                    "field \"\(name.field)\" of \"\(name.entity)\" is not computed",
                    hint: "What people write stays theirs; add another field with the expression.")
            }
            new.computed = computed
        }
        if let values = patch.values { new.type.values = try whole(values, over: old.type.values) }
        if new.isReadOnly, !old.isReadOnly, new.isMandatory, new.defaultText == nil {
            throw problem("field \"\(name.field)\" cannot be read-only: it is mandatory and has no default")
        }
        for attribute in Self.changed(old, new) { field.placement.adjustments.edited.insert(attribute) }
        field.placement.definition = new
        self[place] = field
        probe(old, new, field, in: schema.entities[place.entity])
    }

    /// A module relies on the rules that it ships: they can be made stricter, and what an administrator has made
    /// stricter can be taken back.
    private func flag(
        _ attribute: String, _ wanted: Bool?, _ current: Bool, _ field: StoredField, _ name: FieldName
    ) throws(CRMError) -> Bool {
        guard let wanted, wanted != current else { return current }
        guard
            wanted || field.placement.source == .custom
                || field.placement.adjustments.edited.contains(attribute)
        else {
            throw problem(
                "field \"\(name.field)\" of \"\(name.entity)\" is \(attribute.replacing("_", with: "-")) because its "
                    + "module needs it so")
        }
        return wanted
    }

    private func limits(
        _ patch: FieldPatch, _ new: inout FieldDefinition, _ field: StoredField, _ name: FieldName
    ) throws(CRMError) {
        let given = [patch.maximumLength != nil, patch.minimum != nil, patch.maximum != nil]
        let cleared = !patch.clear.isDisjoint(with: ["maximum_length", "minimum", "maximum"])
        guard given.contains(true) || cleared else { return }
        try requireCustom(
            field, name, "given another range or length",
            hint: "Its label, help, default and list can be changed.")
        if patch.clear.contains("maximum_length") { new.type.maximumLength = nil }
        if patch.clear.contains("minimum") { new.type.minimum = nil }
        if patch.clear.contains("maximum") { new.type.maximum = nil }
        if let length = patch.maximumLength { new.type.maximumLength = length }
        if let minimum = patch.minimum { new.type.minimum = minimum }
        if let maximum = patch.maximum { new.type.maximum = maximum }
    }

    private static func changed(_ old: FieldDefinition, _ new: FieldDefinition) -> [String] {
        [
            ("label", old.label != new.label), ("help", old.help != new.help),
            ("section", old.section != new.section),
            ("default", old.defaultText != new.defaultText),
            ("mandatory", old.isMandatory != new.isMandatory),
            ("unique", old.isUnique != new.isUnique), ("indexed", old.isIndexed != new.isIndexed),
            ("read_only", old.isReadOnly != new.isReadOnly),
            ("searchable", old.isSearchable != new.isSearchable),
        ].filter(\.1).map(\.0)
            + new.type.values.filter { value in
                old.type.values.contains { $0.key == value.key && $0.label != value.label }
            }.map { "value.\($0.key)" }
    }

    private mutating func probe(
        _ old: FieldDefinition, _ new: FieldDefinition, _ field: StoredField, in entity: StoredEntity
    ) {
        if new.isMandatory, !old.isMandatory { probes.append(.missing(field, entity)) }
        if new.isUnique, !old.isUnique { probes.append(.duplicates(field, entity)) }
        var (before, after) = (old.type, new.type)
        (before.values, after.values) = ([], [])
        if before != after { probes.append(.unfit(field, entity)) }
    }

    // MARK: Life

    mutating func rename(_ name: FieldName, to new: String) throws(CRMError) {
        let place = try place(of: name)
        try requireCustom(
            self[place], name, "renamed",
            hint: "Change its label; only fields whose name starts with x_ can be renamed.")
        guard new != name.field else { return }
        try requireFree(new, "renamed to that", schema.entities[place.entity])
        let old = self[place].placement.definition
        var renamed = FieldDefinition(new, old.label, old.type)
        renamed.help = old.help
        renamed.isMandatory = old.isMandatory
        renamed.isUnique = old.isUnique
        renamed.isIndexed = old.isIndexed
        renamed.isReadOnly = old.isReadOnly
        renamed.isSearchable = old.isSearchable
        renamed.computed = old.computed
        renamed.section = old.section
        renamed.defaultText = old.defaultText
        self[place].placement.definition = renamed
        var former = self[place].placement.adjustments.formerNames.filter { $0 != name.field && $0 != new }
        former.append(name.field)
        self[place].placement.adjustments.formerNames = Array(former.suffix(20))
        let mentions = dependents(of: name.field, in: schema.entities[place.entity])
        if !mentions.isEmpty { notes.append("renamed with it: \(mentions.joined(separator: ", "))") }
        notes.append(
            "stored filters and programs that say \"\(name.field)\" are refused and told the new name")
        renames.append(FieldRename(entity: name.entity, from: name.field, to: new))
        schema.entities[place.entity].replaceMentions(of: name.field, by: new)
        let definition = schema.entities[place.entity].definition
        for index in schema.entities.indices {
            schema.entities[index].renameInputs(name.field, of: definition, to: new)
        }
    }

    mutating func delete(_ name: FieldName) throws(CRMError) {
        let place = try place(of: name)
        try requireCustom(
            self[place], name, "deleted", hint: "Only fields whose name starts with x_ can be deleted.")
        guard self[place].placement.conversion == nil else {
            throw problem("field \"\(name.field)\" is changing its type", hint: "Wait, or cancel that task.")
        }
        let entity = schema.entities[place.entity]
        let hard = dependents(of: name.field, in: entity, onlyHard: true)
        guard hard.isEmpty else {
            throw problem(
                "field \"\(name.field)\" of \"\(name.entity)\" cannot be deleted: \(hard.joined(separator: ", ")) need it",
                hint: "Change those first, with entity.update.")
        }
        for mention in dependents(of: name.field, in: entity) { notes.append("\(mention) lose it") }
        probes.append(.filled(self[place], entity))
        self[place].isDeleted = true
        // The default list lives on without it; a restored field is not put back there.
        schema.entities[place.entity].facts.listFields.removeAll { $0 == name.field }
    }

    mutating func restore(_ name: FieldName) throws(CRMError) {
        let place = try place(of: name, deleted: true)
        guard self[place].placement.source == .custom else {
            throw problem("field \"\(name.field)\" of \"\(name.entity)\" was taken away by its module")
        }
        guard !self[place].isPurging else { throw problem("field \"\(name.field)\" is being purged") }
        self[place].isDeleted = false
        if self[place].placement.definition.isUnique {
            probes.append(.duplicates(self[place], schema.entities[place.entity]))
        }
    }

    mutating func purge(_ name: FieldName) throws(CRMError) {
        let place = try place(of: name, deleted: true)
        try requireCustom(self[place], name, "purged", hint: "Its values belong to the module.")
        guard !self[place].isPurging else { throw problem("field \"\(name.field)\" is being purged already") }
        self[place].isPurging = true
        probes.append(.filled(self[place], schema.entities[place.entity]))
        var order = SchemaTask.Order(
            .purgeField, entity: schema.entities[place.entity].number, of: name.entity)
        order.field = self[place].placement.number
        order.name = name.field
        tasks.append(order)
    }

    /// What in the entity's own definition names the field.
    func dependents(of field: String, in entity: StoredEntity, onlyHard: Bool = false) -> [String] {
        func names(_ list: [String]) -> Bool { list.contains(field) || list.contains("-" + field) }
        var found: [String] = []
        if names(entity.facts.labelFields) { found.append("the labels of records") }
        if names(entity.facts.defaultSort) { found.append("the default sort") }
        for index in entity.facts.indexes where names(index) {
            found.append("the index over \(index.joined(separator: ", "))")
        }
        for other in entity.definition.fields where other.name != field {
            if other.type.currencyField == field { found.append("the amount \"\(other.name)\"") }
        }
        guard !onlyHard else { return found }
        if names(entity.facts.listFields) { found.append("the default list") }
        for other in entity.definition.fields {
            for value in other.type.values
            where value.attributes["required_fields"]?.split(separator: " ").contains(Substring(field))
                ?? false
            {
                found.append("the value \"\(value.label)\" of \"\(other.name)\", which asks for it")
            }
        }
        return found
    }

    // MARK: Type

    mutating func changeType(_ name: FieldName, to type: FieldType, emptiesUnfit: Bool) throws(CRMError) {
        let place = try place(of: name)
        let field = self[place]
        try requireCustom(field, name, "given another type", hint: "Add a field of the new type.")
        guard field.placement.conversion == nil else {
            throw problem("field \"\(name.field)\" is changing its type already")
        }
        guard field.placement.definition.type != type else {
            throw problem("field \"\(name.field)\" has this type already")
        }
        try requireTargets([FieldDefinition(name.field, name.field, type)])
        _ = try ValueConversion(field.placement.definition, to: type)
        var wanted = field.placement.definition
        wanted.type = type
        if wanted.defaultText != nil, !DefinitionRules.problems(in: wanted, of: name.entity).isEmpty {
            notes.append("the default \"\(wanted.defaultText ?? "")\" goes: the new type cannot hold it")
            wanted.defaultText = nil
        }
        let entity = schema.entities[place.entity]
        let problems = DefinitionRules.problems(in: wanted, of: name.entity)
        if let first = problems.first { throw problem(first) }
        if FieldKindList.kind(named: type.name)?.ordering == nil,
            let need = dependents(of: name.field, in: entity, onlyHard: true).first
        {
            throw problem("a \(type.name) field cannot be sorted by, and \(need) need \"\(name.field)\"")
        }
        self[place].placement.conversion = ConversionPlan(
            column: "x\(schema.nextFieldNumber)", type: type, emptiesUnfit: emptiesUnfit)
        schema.nextFieldNumber += 1
        probes.append(.unconvertible(self[place], entity))
        var order = SchemaTask.Order(.changeType, entity: entity.number, of: name.entity)
        order.field = field.placement.number
        order.name = name.field
        order.detail = type.name
        tasks.append(order)
    }
}

extension StoredEntity {
    /// What computed fields of this entity read of another, or of itself, follows its new name.
    fileprivate mutating func renameInputs(_ old: String, of entity: EntityDefinition, to new: String) {
        let references = Dictionary(
            fields.map { ($0.name, $0.placement.definition.type.targets) },
            uniquingKeysWith: { first, _ in first })
        for index in fields.indices {
            guard let computed = fields[index].placement.definition.computed else { continue }
            fields[index].placement.definition.computed = computed.renaming(
                old, of: entity.name, to: new, in: name
            ) { references[$0]?.contains(entity.name) == true }
        }
    }

    /// Everything in the entity's definition that names the field follows its new name.
    mutating func replaceMentions(of old: String, by new: String) {
        func replaced(_ names: [String]) -> [String] {
            names.map { $0 == old ? new : $0 == "-" + old ? "-" + new : $0 }
        }
        facts.labelFields = replaced(facts.labelFields)
        facts.listFields = replaced(facts.listFields)
        facts.defaultSort = replaced(facts.defaultSort)
        facts.indexes = facts.indexes.map(replaced)
        for index in facts.sections.indices {
            facts.sections[index].fields = replaced(facts.sections[index].fields)
        }
        for index in fields.indices {
            if fields[index].placement.definition.type.currencyField == old {
                fields[index].placement.definition.type.currencyField = new
            }
            for value in fields[index].placement.definition.type.values.indices {
                let name = "required_fields"
                guard
                    let names = fields[index].placement.definition.type.values[value].attributes[name]?
                        .split(separator: " ").map(String.init), names.contains(old)
                else { continue }
                fields[index].placement.definition.type.values[value].attributes[name] = replaced(names)
                    .joined(
                        separator: " ")
            }
        }
    }
}
