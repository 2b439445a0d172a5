import CRMSDK
import Registry
import Security

/// Puts a statement together: text, numbered bindings, and the joins that paths need, each once.
///
/// Only this type's text reaches the database. Names come from the registry; values are bound.
struct StatementBuilder {
    let viewpoint: Viewpoint
    let entity: Entity
    /// The alias of the entity's own table.
    let base = "t"

    /// What stands in place of the entity's table.
    var table: String

    private(set) var bindings: [StoredValue] = []
    private(set) var joins: [String] = []
    private var aliases: [String: String] = [:]
    private var subqueries = 0

    init(_ viewpoint: Viewpoint, _ entity: Entity) {
        self.viewpoint = viewpoint
        self.entity = entity
        table = entity.table
    }

    /// Binds a value and answers its place: `?3`.
    mutating func bind(_ value: StoredValue) -> String {
        bindings.append(value)
        return "?\(bindings.count)"
    }

    mutating func bind(_ owners: OwnerSet) -> String {
        // One value however many owners there are: the text stays the same and is prepared once.
        bind(.text("[" + owners.ids.map { String($0.rawValue) }.joined(separator: ",") + "]"))
    }

    var from: String { "FROM \(table) \(base)" + joins.map { " " + $0 }.joined() }

    mutating func freshAlias() -> String {
        subqueries += 1
        return "s\(subqueries)"
    }

    // MARK: Joins

    /// The alias under which the record that a reference names can be read, its own rights obeyed: where the caller may
    /// not view it, or where it is in the recycle bin, all of it is null.
    mutating func join(_ target: Entity, from alias: String, through field: Field) -> String {
        let key = "\(alias).\(field.column)>\(target.name)"
        if let known = aliases[key] { return known }
        let joined = "j\(aliases.count + 1)"
        aliases[key] = joined
        let access = condition(viewpoint.predicate(target), on: joined)
        joins.append(
            "LEFT JOIN \(target.table) \(joined) ON \(joined).id = \(alias).\(field.column)"
                + " AND \(joined).deleted_at IS NULL" + (access.map { " AND \($0)" } ?? ""))
        return joined
    }

    /// The alias of the directory's row for the record that a reference names: entity, label, whether deleted.
    mutating func joinDirectory(_ field: Field) -> String {
        let key = "\(base).\(field.column)>"
        if let known = aliases[key] { return known }
        let joined = "d\(aliases.count + 1)"
        aliases[key] = joined
        joins.append("LEFT JOIN crm_record \(joined) ON \(joined).id = \(base).\(field.column)")
        return joined
    }

    // MARK: Rights

    /// The predicate as a condition on a table's alias; nil when everything passes.
    mutating func condition(_ predicate: AccessPredicate, on alias: String) -> String? {
        switch predicate {
        case .everything: return nil
        case .nothing: return "0"
        case .owners(let owners):
            if owners.count == 1, let only = owners.ids.first {
                return "\(alias).owner = \(bind(.integer(only.rawValue)))"
            }
            return "\(alias).owner IN (SELECT value FROM json_each(\(bind(owners))))"
        case .parent(let entity, let field, let owners):
            guard let parent = viewpoint.registry[entity: entity] else { return "0" }
            let inner = freshAlias()
            return
                "EXISTS (SELECT 1 FROM \(parent.table) \(inner) WHERE \(inner).id = \(alias).\(column(field, alias))"
                + " AND \(inner).owner IN (SELECT value FROM json_each(\(bind(owners)))))"
        case .belonging(let entity, let field, let nested):
            guard let parent = viewpoint.registry[entity: entity] else { return "0" }
            let inner = freshAlias()
            let access = condition(nested, on: inner)
            return
                "EXISTS (SELECT 1 FROM \(parent.table) \(inner) WHERE \(inner).id = \(alias).\(column(field, alias))"
                + " AND \(inner).deleted_at IS NULL" + (access.map { " AND \($0)" } ?? "") + ")"
        case .any(let branches):
            var conditions: [String] = []
            for branch in branches {
                guard let condition = condition(branch, on: alias) else { return nil }
                conditions.append(condition)
            }
            return "(" + conditions.joined(separator: " OR ") + ")"
        }
    }

    /// A module's field has its own name as column, and the ways in which rights travel are modules' fields.
    private func column(_ field: String, _ alias: String) -> String { field }

    /// The label of a directory row, null where the caller may not view the record or the fields that make the label.
    mutating func visibleLabel(_ directory: String, targets: [Entity]) -> String {
        var hidden: [String] = []
        for target in targets {
            let mask = viewpoint.mask(target)
            let predicate = viewpoint.predicate(target)
            if predicate == .nothing || !target.labelFields.allSatisfy({ mask.isVisible($0.name) }) {
                hidden.append("\(directory).entity = \(target.number)")
                continue
            }
            let inner = freshAlias()
            guard let access = condition(predicate, on: inner) else { continue }
            hidden.append(
                "\(directory).entity = \(target.number) AND NOT EXISTS (SELECT 1 FROM \(target.table) \(inner)"
                    + " WHERE \(inner).id = \(directory).id AND \(access))")
        }
        guard !hidden.isEmpty else { return "\(directory).label" }
        let whens = hidden.map { "WHEN \($0) THEN NULL" }.joined(separator: " ")
        return "CASE \(whens) ELSE \(directory).label END"
    }
}
