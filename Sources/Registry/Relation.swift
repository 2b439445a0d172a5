package import CRMSDK

/// A relation of many with many as the running kernel knows it: both its entities are there.
package final class Relation: Sendable {
    package let definition: RelationDefinition
    /// The module that declared it.
    package let module: String
    package let from: Entity
    package let to: Entity
    /// The table with its links: `from_id`, `to_id`, and a column for each field.
    package let table: String
    /// The values of a link that people write.
    package let values: [Field]
    /// `values`, and who linked when.
    package let fields: [Field]

    package var name: String { definition.name }

    /// Nil for a field of a type that is not known, which the check of the definition tells.
    package init?(_ definition: RelationDefinition, of module: String, from: Entity, to: Entity) {
        self.definition = definition
        self.module = module
        self.from = from
        self.to = to
        table = Self.table(of: definition.name)
        let system = SystemField.definitions.filter { ["created_at", "created_by"].contains($0.name) }
        var fields: [Field] = []
        for field in definition.fields + system {
            guard let kind = FieldKindList.kind(named: field.type.name) else { return nil }
            fields.append(
                Field(
                    number: -100 - fields.count, definition: field, kind: kind,
                    source: fields.count < definition.fields.count ? .module(module) : .system,
                    column: field.name, hasKeyColumn: false, position: fields.count))
        }
        self.fields = fields
        values = Array(fields.prefix(definition.fields.count))
    }

    package subscript(name: String) -> Field? { fields.first { $0.name == name } }

    package static func table(of relation: String) -> String { "crm_link_" + relation }

    /// By what name a rule of field access on `from` means a value of the link.
    package func maskedName(_ field: Field) -> String { "\(name).\(field.name)" }

    /// What is wrong with a definition, beyond what `ManifestCheck` sees.
    package static func problems(in definition: RelationDefinition) -> [String] {
        var problems = definition.fields.flatMap { DefinitionRules.problems(in: $0, of: definition.name) }
        if !DefinitionRules.isIdentifier(definition.name) {
            problems.append(
                "relation \"\(definition.name)\": the name must be a–z, 0–9 and _, 1 to 60 characters")
        }
        return problems
    }

    /// Those of enabled modules whose entities are both there, by name. A name that two modules use is the first one's.
    static func awake(_ modules: [RegisteredModule], _ entities: [String: Entity]) -> [Relation] {
        var relations: [String: Relation] = [:]
        for module in modules {
            for definition in module.manifest.relations where relations[definition.name] == nil {
                guard let from = entities[definition.from], let to = entities[definition.to] else { continue }
                relations[definition.name] = Relation(definition, of: module.name, from: from, to: to)
            }
        }
        return relations.values.sorted { $0.name < $1.name }
    }
}

/// The records that belong to a record, as that record's side calls them.
package struct RelatedList: Sendable {
    package enum Way: Sendable {
        /// Linked with it; `isInverse` where the record stands on the side of `to`.
        case links(Relation, isInverse: Bool)
        /// Records that refer to it by a field.
        case references(Field)
    }

    /// `campaign_contact`; for records that refer to it their entity, `contact`, or where several of that entity's
    /// fields may do so `contact.reports_to`.
    package let name: String
    package let label: String
    /// What the records are.
    package let entity: Entity
    package let way: Way

    package var relation: Relation? {
        if case .links(let relation, _) = way { relation } else { nil }
    }
}

extension RelatedList {
    /// What links and references give each entity, links first, each in the order of names.
    static func all(_ entities: [Entity], _ relations: [Relation], _ referrers: (String) -> [Referrer])
        -> [String: [RelatedList]]
    {
        var lists: [String: [RelatedList]] = [:]
        for relation in relations {
            let definition = relation.definition
            lists[definition.from, default: []].append(
                RelatedList(
                    name: relation.name, label: definition.label, entity: relation.to,
                    way: .links(relation, isInverse: false)))
            lists[definition.to, default: []].append(
                RelatedList(
                    name: definition.inverseName ?? relation.name,
                    label: definition.inverseLabel ?? definition.label, entity: relation.from,
                    way: .links(relation, isInverse: true)))
        }
        for entity in entities {
            let referring = Dictionary(grouping: referrers(entity.name)) { $0.entity.name }
            for (child, fields) in referring.sorted(by: { $0.key < $1.key }) {
                for referrer in fields {
                    let plural = referrer.entity.definition.pluralLabel
                    lists[entity.name, default: []].append(
                        RelatedList(
                            name: fields.count == 1 ? child : "\(child).\(referrer.field.name)",
                            label: fields.count == 1 ? plural : "\(plural) (\(referrer.field.label))",
                            entity: referrer.entity, way: .references(referrer.field)))
                }
            }
        }
        return lists
    }

    /// Whether a caller means this list: by its name, or by entity and field where the entity alone would do.
    package func isCalled(_ text: String) -> Bool {
        if name == text { return true }
        guard case .references(let field) = way else { return false }
        return text == "\(entity.name).\(field.name)"
    }
}
