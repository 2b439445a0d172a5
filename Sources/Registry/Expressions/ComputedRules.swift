package import CRMSDK

/// What makes computed fields valid, over all definitions together: that expressions read, that their types fit, that
/// what they name is there, and that none depends on itself. Pure.
package enum ComputedRules {
    /// One sentence for each problem; empty when there is none. Costs nothing where no field is computed.
    package static func problems(in definitions: [EntityDefinition]) -> [String] {
        guard definitions.contains(where: { $0.fields.contains { $0.computed != nil } }) else { return [] }
        let book = DefinitionBook(definitions)
        var problems: [String] = []
        var edges: [Node: [Node]] = [:]
        for entity in definitions {
            for field in entity.fields {
                guard let computed = field.computed else { continue }
                do throws(TypeMistake) {
                    edges[Node(entity.name, field.name)] = try book.inputs(of: computed, field, entity)
                } catch {
                    problems.append("field \"\(field.name)\" of \"\(entity.name)\": \(error.message)")
                }
            }
        }
        if problems.isEmpty, let cycle = cycle(in: edges) {
            problems.append("computed fields depend on themselves: \(cycle.joined(separator: " → "))")
        }
        return problems
    }

    /// The fields that are no longer there and that fields of the new definitions, computed as before, read; each with
    /// those.
    package static func readersOfLost(
        from old: [EntityDefinition], to new: [EntityDefinition]
    ) -> [(input: Node, readers: [Node])] {
        guard old.contains(where: { $0.fields.contains { $0.computed != nil } }) else { return [] }
        let book = DefinitionBook(old)
        let computed = Dictionary(
            new.flatMap { entity in entity.fields.map { (Node(entity.name, $0.name), $0.computed) } },
            uniquingKeysWith: { first, _ in first })
        var readers: [Node: [Node]] = [:]
        for entity in old {
            for field in entity.fields {
                let node = Node(entity.name, field.name)
                guard let formula = field.computed, computed[node] == formula,
                    let inputs = try? book.inputs(of: formula, field, entity)
                else { continue }
                for input in Set(inputs) where computed[input] == nil && !input.isSystem {
                    readers[input, default: []].append(node)
                }
            }
        }
        return readers.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted()) }
    }

    /// A field of an entity.
    package struct Node: Hashable, Comparable {
        package let entity, field: String

        var isSystem: Bool {
            SystemField.definitions.contains { $0.name == field } || SystemField.lineParent == field
        }

        init(_ entity: String, _ field: String) {
            self.entity = entity
            self.field = field
        }

        package static func < (left: Node, right: Node) -> Bool {
            (left.entity, left.field) < (right.entity, right.field)
        }
    }

    /// The first cycle by name, each step with its entity; nil when there is none.
    private static func cycle(in edges: [Node: [Node]]) -> [String]? {
        var settled: Set<Node> = []
        var way: [Node] = []
        func walk(_ node: Node) -> [String]? {
            if let start = way.firstIndex(of: node) {
                return (way[start...] + [node]).map { "\($0.entity).\($0.field)" }
            }
            guard !settled.contains(node) else { return nil }
            way.append(node)
            defer { way.removeLast() }
            for next in (edges[node] ?? []).sorted() {
                if let found = walk(next) { return found }
            }
            settled.insert(node)
            return nil
        }
        for node in edges.keys.sorted() {
            if let found = walk(node) { return found }
        }
        return nil
    }
}

/// Looks up definitions by name, the system fields among them.
struct DefinitionBook {
    private let entities: [String: EntityDefinition]

    init(_ definitions: [EntityDefinition]) {
        entities = Dictionary(definitions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private func field(_ name: String, of entity: EntityDefinition) throws(TypeMistake) -> FieldDefinition {
        let system =
            entity.lineOf.map(SystemField.definitions(ofLinesOf:)) ?? SystemField.definitions
        guard let field = (entity.fields + system).first(where: { $0.name == name }) else {
            throw TypeMistake("\"\(entity.name)\" has no field \"\(name.prefix(60))\"")
        }
        return field
    }

    private func entity(_ name: String) throws(TypeMistake) -> EntityDefinition {
        guard let entity = entities[name] else {
            throw TypeMistake("entity \"\(name.prefix(60))\" does not exist")
        }
        return entity
    }

    /// The fields that a computed field depends on.
    func inputs(
        of computed: Computed, _ field: FieldDefinition, _ entity: EntityDefinition
    ) throws(TypeMistake) -> [ComputedRules.Node] {
        if field.isUnique || field.isMandatory || field.defaultText != nil {
            throw TypeMistake("a computed field is neither unique nor mandatory, and has no default")
        }
        if let rollUp = computed.rollUp { return try inputs(of: rollUp, field, entity) }
        let expression = try Self.parsed(computed.expression ?? "")
        var nodes: [ComputedRules.Node] = []
        let type = try expression.type { path throws(TypeMistake) in
            let first = try self.field(path[0], of: entity)
            nodes.append(.init(entity.name, first.name))
            guard path.count == 2 else { return ExpressionType(of: first.type) }
            guard entity.lineOf == nil else {
                throw TypeMistake("a line is computed from its own fields, not over \"\(path[0])\"")
            }
            guard first.type.name == "reference", !first.type.targets.isEmpty else {
                throw TypeMistake(
                    "\"\(path[0])\" is no reference to a certain entity, so nothing can follow it")
            }
            return try self.type(path[1], behind: first, &nodes)
        }
        guard type.fits(field.type) else {
            throw TypeMistake("a \(field.type.name) field cannot hold \(type.rawValue)")
        }
        return nodes
    }

    private func type(
        _ name: String, behind reference: FieldDefinition, _ nodes: inout [ComputedRules.Node]
    ) throws(TypeMistake) -> ExpressionType {
        var result: ExpressionType?
        for target in reference.type.targets {
            let target = try entity(target)
            guard let last = target.fields.first(where: { $0.name == name }) else { continue }
            let type = ExpressionType(of: last.type)
            guard result == nil || result == type else {
                throw TypeMistake("\"\(reference.name).\(name)\" is of different types")
            }
            result = type
            nodes.append(.init(target.name, name))
        }
        guard let result else {
            throw TypeMistake(
                "nothing that \"\(reference.name)\" refers to has a field \"\(name.prefix(60))\"")
        }
        return result
    }

    private func inputs(
        of rollUp: RollUp, _ field: FieldDefinition, _ entity: EntityDefinition
    ) throws(TypeMistake) -> [ComputedRules.Node] {
        let child = try self.entity(rollUp.entity)
        let reference = try self.field(rollUp.reference, of: child)
        guard entity.lineOf == nil else { throw TypeMistake("a line has no related records") }
        guard reference.type.name == "reference", reference.type.targets.contains(entity.name) else {
            throw TypeMistake(
                "\"\(rollUp.reference)\" of \"\(child.name)\" is no reference to \"\(entity.name)\"")
        }
        var nodes = [ComputedRules.Node(child.name, reference.name)]
        try checkResult(of: rollUp, field, child, &nodes)
        guard let filter = rollUp.filter else { return nodes }
        let expression = try Self.parsed(filter)
        let type = try expression.type { path throws(TypeMistake) in
            guard path.count == 1 else {
                throw TypeMistake("the filter of a roll-up reads fields of \"\(child.name)\" alone")
            }
            let read = try self.field(path[0], of: child)
            nodes.append(.init(child.name, read.name))
            return ExpressionType(of: read.type)
        }
        guard type == .flag else { throw TypeMistake("the filter of a roll-up must be true or false") }
        _ = try RollUpFilter.filter(expression) { name in child.fields.first { $0.name == name } }
        return nodes
    }

    private func checkResult(
        of rollUp: RollUp, _ field: FieldDefinition, _ child: EntityDefinition,
        _ nodes: inout [ComputedRules.Node]
    ) throws(TypeMistake) {
        guard RollUp.operations.contains(rollUp.operation) else {
            throw TypeMistake("a roll-up is one of \(RollUp.operations.joined(separator: ", "))")
        }
        var type = ExpressionType.number
        if let name = rollUp.field {
            let measured = try self.field(name, of: child)
            type = ExpressionType(of: measured.type)
            nodes.append(.init(child.name, name))
            let permitted: [ExpressionType] =
                ["min", "max"].contains(rollUp.operation) ? [.number, .amount, .date] : [.number, .amount]
            guard rollUp.operation == "count" || permitted.contains(type) else {
                throw TypeMistake(
                    "\(rollUp.operation) cannot be taken of \"\(name)\", a \(measured.type.name) field")
            }
            if rollUp.operation == "count" { type = .number }
        } else if rollUp.operation != "count" {
            throw TypeMistake("\(rollUp.operation) needs the field that it is taken of")
        }
        guard type.fits(field.type), type != .number || field.type.name != "money" else {
            throw TypeMistake(
                "a \(field.type.name) field cannot hold \(rollUp.operation) of \(type.rawValue)")
        }
    }

    static func parsed(_ text: String) throws(TypeMistake) -> Expression {
        do throws(ExpressionError) { return try Expression(parsing: text) } catch {
            throw TypeMistake("\(error.message), at character \(error.position) of the expression")
        }
    }
}

/// Turns the filter of a roll-up into one that lists take: comparisons between a field and a constant.
enum RollUpFilter {
    static func filter(
        _ expression: Expression, _ field: (String) -> FieldDefinition?
    ) throws(TypeMistake) -> Filter {
        switch expression {
        case .flag(let value): return value ? .all([]) : .any([])
        case .path(let names): return .where(names[0], .equal, true)
        case .not(let inner): return .not(try filter(inner, field))
        case .binary(.and, let left, let right):
            return .all([try filter(left, field), try filter(right, field)])
        case .binary(.or, let left, let right):
            return .any([try filter(left, field), try filter(right, field)])
        case .call(.empty, let arguments):
            guard case .path(let names)? = arguments.first else { break }
            return .where(names[0], .isEmpty)
        case .binary(let sign, .path(let names), let constant) where sign.isComparison:
            return try comparison(names[0], sign.rawValue, constant, field(names[0]))
        default: break
        }
        throw TypeMistake(
            "\"\(expression.description.prefix(120))\" cannot stand in the filter of a roll-up: "
                + "it takes comparisons of a field with a constant, and, or, not, empty()")
    }

    private static func comparison(
        _ name: String, _ sign: String, _ constant: Expression, _ field: FieldDefinition?
    ) throws(TypeMistake) -> Filter {
        guard let comparison = FilterOperator.all.first(where: { $0.symbol == sign }) else {
            throw TypeMistake("\"\(sign)\" cannot stand in the filter of a roll-up")
        }
        let kind = field.flatMap { FieldKindList.kind(named: $0.type.name) }
        guard kind?.comparisons.contains(comparison) != false else {
            throw TypeMistake("\"\(name)\" cannot be compared with \"\(sign)\"")
        }
        if field?.type.name == "money" {
            throw TypeMistake(
                "the filter of a roll-up cannot compare amounts, which may be in several currencies")
        }
        switch constant {
        case .flag(let value): return .where(name, comparison, .bool(value))
        case .text(let text): return .where(name, comparison, .text(text))
        case .number(let number): return .where(name, comparison, value(number, field))
        case .negated(.number(let number)):
            let negative = FixedDecimal(units: -number.units, scale: number.scale)
            return .where(name, comparison, value(negative, field))
        case .call(.date, let arguments):
            if case .text(let text)? = arguments.first, let date = CalendarDate(text) {
                return .where(name, comparison, .date(date))
            }
        default: break
        }
        throw TypeMistake("\"\(name)\" is compared with a constant in the filter of a roll-up")
    }

    private static func value(_ number: FixedDecimal, _ field: FieldDefinition?) -> Value {
        number.scale == 0 ? .integer(number.units) : .decimal(number)
    }
}
