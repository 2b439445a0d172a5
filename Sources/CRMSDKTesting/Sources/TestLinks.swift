import CRMSDK

/// The links of a platform in memory, each pair of a relation at most once.
struct TestLinks {
    struct Link {
        let relation: String
        let from: RecordID
        let to: RecordID
        var values: [String: Value]
        let createdAt: Instant
        let createdBy: RecordID

        /// As a read answers them.
        var told: [String: Value] {
            values.filter { !$0.value.isNull }.merging(
                ["created_at": .instant(createdAt), "created_by": .reference(createdBy)]
            ) { first, _ in first }
        }
    }

    /// Oldest first.
    private(set) var all: [Link] = []

    subscript(_ pair: TestPair) -> Link? { all.first { pair.means($0) } }

    mutating func set(_ pair: TestPair, _ values: [String: Value], at now: Instant, by user: RecordID) {
        if let index = all.firstIndex(where: { pair.means($0) }) {
            all[index].values = values
        } else {
            all.append(
                Link(
                    relation: pair.relation.name, from: pair.from, to: pair.to, values: values,
                    createdAt: now, createdBy: user))
        }
    }

    mutating func remove(_ pair: TestPair) { all.removeAll { pair.means($0) } }
}

/// Two records and the relation between them.
struct TestPair {
    let relation: RelationDefinition
    let from: RecordID
    let to: RecordID

    func means(_ link: TestLinks.Link) -> Bool {
        link.relation == relation.name && link.from == from && link.to == to
    }

    /// The values of the link checked as the kernel does.
    func problems(_ values: [String: Value]) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        for name in values.keys.sorted() where !relation.fields.contains(where: { $0.name == name }) {
            problems.append(
                FieldProblem(
                    field: "link.\(name)", code: "unknown_field",
                    message: "field \"\(name)\" of the relation \"\(relation.name)\" does not exist"))
        }
        return problems
            + relation.fields.compactMap { field in
                TestFields.problem(field, values[field.name] ?? .null).map {
                    FieldProblem(field: "link.\($0.field)", code: $0.code, message: $0.message)
                }
            }
    }
}

/// The records that belong to a record, by one of its relations or by a field that refers to it.
struct TestRelatedList {
    enum Way {
        case links(RelationDefinition, isInverse: Bool)
        case references(entity: String, field: String)
    }

    let name: String
    let way: Way

    static func all(
        of entity: String, _ relations: [RelationDefinition], _ definitions: [String: EntityDefinition]
    ) -> [TestRelatedList] {
        var lists: [TestRelatedList] = []
        for relation in relations
        where definitions[relation.from] != nil && definitions[relation.to] != nil {
            if relation.from == entity {
                lists.append(.init(name: relation.name, way: .links(relation, isInverse: false)))
            }
            if relation.to == entity {
                lists.append(
                    .init(
                        name: relation.inverseName ?? relation.name, way: .links(relation, isInverse: true)))
            }
        }
        for definition in definitions.values.sorted(by: { $0.name < $1.name }) {
            let fields = definition.fields.filter { field in
                field.type.name == "reference"
                    && (field.type.targets.isEmpty || field.type.targets.contains(entity))
            }
            for field in fields {
                let way = Way.references(entity: definition.name, field: field.name)
                lists.append(.init(name: "\(definition.name).\(field.name)", way: way))
                if fields.count == 1 { lists.append(.init(name: definition.name, way: way)) }
            }
        }
        return lists
    }
}
