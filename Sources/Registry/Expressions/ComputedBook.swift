package import CRMSDK

/// A computed field, ready to be computed.
package struct ComputedField: Sendable {
    package enum Rule: Sendable {
        case expression(Expression)
        /// Over records of another entity, or over the record's own lines in that field.
        case records(RollUp, of: Entity, where: Filter)
        case lines(RollUp, in: Field, of: Entity, where: Expression?)
    }

    package let field: Field
    package let rule: Rule
    /// The fields of its own record that it reads; of a path, the reference.
    package let inputs: Set<String>
}

/// Which fields are computed and what a change of a record means for others. Made with the registry; immutable.
///
/// What an expression or a roll-up names may be gone with a disabled module: then the field keeps its values.
package struct ComputedBook: Sendable {
    /// Records of `entity` whose fields are read over `reference` from the record that changed.
    package struct Reader: Sendable {
        package let entity: Entity
        package let reference: Field
        /// The fields read over it, and what is computed of them, in order.
        package let read: Set<String>
        package let fields: Set<String>
    }

    /// A roll-up over the records of which one changed.
    package struct RollUpUse: Sendable {
        package let entity: Entity
        package let reference: Field
        /// What it reads of each record, the reference among them.
        package let read: Set<String>
        package let field: String
    }

    /// By entity, in the order in which they are computed.
    private let fields: [String: [ComputedField]]
    private let readers: [String: [Reader]]
    private let rollUps: [String: [RollUpUse]]

    package var isEmpty: Bool { fields.isEmpty }
    package func fields(of entity: Entity) -> [ComputedField] { fields[entity.name] ?? [] }
    package func readers(of entity: Entity) -> [Reader] { readers[entity.name] ?? [] }
    package func rollUps(over entity: Entity) -> [RollUpUse] { rollUps[entity.name] ?? [] }

    init(_ entities: [Entity]) {
        guard entities.contains(where: { $0.fields.contains { $0.definition.computed != nil } }) else {
            (fields, readers, rollUps) = ([:], [:], [:])
            return
        }
        let byName = Dictionary(entities.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let book = DefinitionBook(entities.map(\.completeDefinition))
        var fields: [String: [ComputedField]] = [:]
        var readers: [String: [Reader]] = [:]
        var rollUps: [String: [RollUpUse]] = [:]
        for entity in entities {
            let computed = entity.fields.compactMap { Self.computed($0, of: entity, byName, book) }
            guard !computed.isEmpty else { continue }
            fields[entity.name] = Self.ordered(computed)
            for (target, reader) in Self.readers(computed, of: entity) {
                readers[target, default: []].append(reader)
            }
            for field in computed {
                guard case .records(let rollUp, let child, _) = field.rule,
                    let reference = child[rollUp.reference]
                else { continue }
                let inputs =
                    (try? book.inputs(of: .rollUp(rollUp), field.field.definition, entity.definition)) ?? []
                rollUps[child.name, default: []].append(
                    RollUpUse(
                        entity: entity, reference: reference, read: Set(inputs.map(\.field)),
                        field: field.field.name))
            }
        }
        (self.fields, self.readers, self.rollUps) = (fields, readers, rollUps)
    }

    private static func computed(
        _ field: Field, of entity: Entity, _ entities: [String: Entity], _ book: DefinitionBook
    ) -> ComputedField? {
        guard let computed = field.definition.computed,
            let inputs = try? book.inputs(of: computed, field.definition, entity.completeDefinition)
        else { return nil }
        if let rollUp = computed.rollUp {
            guard let child = entities[rollUp.entity] else { return nil }
            let filter = rollUp.filter.flatMap { try? Expression(parsing: $0) }
            if child.isLine {
                guard let holder = entity.lines.first(where: { $0.type.targets == [child.name] }) else {
                    return nil
                }
                return ComputedField(
                    field: field, rule: .lines(rollUp, in: holder, of: child, where: filter),
                    inputs: [holder.name])
            }
            let all = filter.flatMap { try? RollUpFilter.filter($0) { child[$0]?.definition } }
            return ComputedField(
                field: field, rule: .records(rollUp, of: child, where: all ?? .all([])), inputs: [])
        }
        guard let expression = try? Expression(parsing: computed.expression ?? "") else { return nil }
        return ComputedField(
            field: field, rule: .expression(expression),
            inputs: Set(inputs.filter { $0.entity == entity.name }.map(\.field)).intersection(
                expression.paths.map { $0[0] }))
    }

    /// Each after those of the same record that it reads; there is no cycle among them.
    private static func ordered(_ fields: [ComputedField]) -> [ComputedField] {
        var left = fields
        var result: [ComputedField] = []
        while !left.isEmpty {
            let waiting = Set(left.map(\.field.name))
            let ready = left.filter { $0.inputs.isDisjoint(with: waiting) }
            guard !ready.isEmpty else { return result + left }
            result += ready
            left.removeAll { field in ready.contains { $0.field === field.field } }
        }
        return result
    }

    /// What is read over each reference, by the entity that it refers to.
    private static func readers(_ fields: [ComputedField], of entity: Entity) -> [(String, Reader)] {
        var uses: [String: (read: Set<String>, fields: Set<String>)] = [:]
        for field in fields {
            guard case .expression(let expression) = field.rule else { continue }
            for path in expression.paths where path.count == 2 {
                uses[path[0], default: ([], [])].read.insert(path[1])
                uses[path[0], default: ([], [])].fields.insert(field.field.name)
            }
        }
        return uses.flatMap { name, use -> [(String, Reader)] in
            guard let reference = entity[name] else { return [] }
            let reader = Reader(entity: entity, reference: reference, read: use.read, fields: use.fields)
            return reference.type.targets.map { ($0, reader) }
        }
    }
}
