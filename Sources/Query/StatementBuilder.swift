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
    /// Whether records, and so their lines, are read as they were; see `PastStatements`.
    var isPast = false

    private(set) var bindings: [StoredValue] = []
    private(set) var joins: [String] = []
    private var aliases: [String: String] = [:]
    private var subqueries = 0
    /// Values in the lists of the filter so far.
    var listedValues = 0
    /// Where only records linked with one are meant.
    let link: LinkScope?
    private var source = ""

    init(_ viewpoint: Viewpoint, _ entity: Entity, link: LinkScope? = nil) {
        self.viewpoint = viewpoint
        self.entity = entity
        self.link = link
        table = entity.table
        guard let link else { return }
        // Bound before all else: `ReadPlan.ofLinks` puts another record in its place.
        // A cross join keeps its order: from the few links to their records, never from all records to their links.
        source =
            "FROM \(link.relation.table) \(LinkScope.alias) CROSS JOIN \(entity.table) \(base)"
            + " ON \(LinkScope.alias).\(link.nearColumn) = \(bind(.integer(link.record.rawValue)))"
            + " AND \(base).id = \(LinkScope.alias).\(link.farColumn)"
    }

    /// Binds a value and answers its place: `?3`.
    mutating func bind(_ value: StoredValue) -> String {
        bindings.append(value)
        return "?\(bindings.count)"
    }

    mutating func bind(_ id: RecordID) -> String { bind(.integer(id.rawValue)) }

    var from: String {
        (link == nil ? "FROM \(table) \(base)" : source) + joins.map { " " + $0 }.joined()
    }

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
    mutating func joinDirectory(_ field: Field, of alias: String) -> String {
        let key = "\(alias).\(field.column)>"
        if let known = aliases[key] { return known }
        let joined = "d\(aliases.count + 1)"
        aliases[key] = joined
        joins.append("LEFT JOIN crm_record \(joined) ON \(joined).id = \(alias).\(field.column)")
        return joined
    }

    /// Whether a reference names users and groups, who stand in the kernel's own directory.
    func isPerson(_ field: Field) -> Bool { field.kind.name == "owner" || field.type.targets == ["user"] }

    /// SQLite joins at most 64 tables (sqlite.org/limits.html); the record's own is one, and others may follow.
    static let maximumJoins = 60

    /// - Throws: `limitExceeded` where the paths of a query reach more records at once than can be joined.
    func checkJoins() throws(CRMError) {
        guard joins.count > Self.maximumJoins else { return }
        throw CRMError(
            .limitExceeded,
            "the query follows \(joins.count) references at once; the limit is \(Self.maximumJoins)",
            hint: "Ask for fewer fields.")
    }

    /// The column with the currency of an amount, as the field says it; a line's is in its record.
    func currency(of field: Field, in alias: String) -> String? {
        field.type.currencyField.map { name in
            field.parentTable.map { "(SELECT c.\(name) FROM \($0) c WHERE c.id = \(alias).parent)" }
                ?? "\(alias).\(name)"
        }
    }

    /// All lines of the record under `alias` as one JSON array, in their order: an array for each line, in which the
    /// cells stand in arrays of at most `cellsAtOnce`, since a function of SQLite takes only so many.
    mutating func lines(_ lines: Entity, of alias: String) -> (text: String, columns: [OutputColumn]) {
        let line = "l\(aliases.count + 1)"
        aliases["\(alias)>\(lines.name)"] = line
        let outer = joins
        joins = []
        let selection = Selection(lines: lines, as: line, &self)
        let source = isPast ? PastStatements.lines(lines) : lines.table
        let from = "FROM \(source) \(line)" + joins.map { " " + $0 }.joined()
        joins = outer
        let cells = selection.expressions.enumerated().map { "\($0.element) AS c\($0.offset)" }
        let names = selection.expressions.indices.map { "c\($0)" }
        let parts = stride(from: 0, to: names.count, by: Self.cellsAtOnce).map { start in
            "json_array(\(names[start..<min(start + Self.cellsAtOnce, names.count)].joined(separator: ", ")))"
        }
        let text =
            "(SELECT json_group_array(json_array(\(parts.joined(separator: ", "))))"
            + " FROM (SELECT \(cells.joined(separator: ", ")) \(from)"
            + " WHERE \(line).parent = \(alias).id ORDER BY \(line).position))"
        return (text, selection.columns)
    }

    private static let cellsAtOnce = 90

    // MARK: Rights

    /// The predicate as a condition on a table's alias; nil when everything passes.
    mutating func condition(_ predicate: AccessPredicate, on alias: String) -> String? {
        switch predicate {
        case .everything: return nil
        case .nothing: return "0"
        case .owners(let owners):
            // One value however many owners there are: the text stays the same and is prepared once.
            return "crm_among(\(alias).owner, \(bind(.blob(owners.bytes))))"
        case .parent(let entity, let field, let owners):
            guard let parent = viewpoint.registry[entity: entity] else { return "0" }
            let inner = freshAlias()
            return
                "EXISTS (SELECT 1 FROM \(parent.table) \(inner) WHERE \(inner).id = \(alias).\(column(field, alias))"
                + " AND crm_among(\(inner).owner, \(bind(.blob(owners.bytes)))))"
        case .belonging(let entity, let field, let nested):
            guard let parent = viewpoint.registry[entity: entity] else { return "0" }
            let inner = freshAlias()
            let access = condition(nested, on: inner)
            return
                "EXISTS (SELECT 1 FROM \(parent.table) \(inner) WHERE \(inner).id = \(alias).\(column(field, alias))"
                + " AND \(inner).deleted_at IS NULL" + (access.map { " AND \($0)" } ?? "") + ")"
        case .inviting(let user, let relation):
            guard let relation = viewpoint.registry.relation(relation) else { return "0" }
            let inner = freshAlias()
            return
                "EXISTS (SELECT 1 FROM \(relation.table) \(inner) WHERE \(inner).from_id = \(alias).id"
                + " AND \(inner).to_id = \(bind(user)))"
        case .sharing(let sharing, let user):
            guard let shares = viewpoint.registry[entity: sharing.entity], let person = shares[sharing.person]
            else { return "0" }
            let inner = freshAlias()
            return
                "(\(alias).\(column(sharing.field, alias)) = \(bind(.text(sharing.value))) AND EXISTS (SELECT 1"
                + " FROM \(shares.table) \(inner) WHERE \(inner).\(person.column) = \(bind(user))"
                + " AND \(inner).owner = \(alias).owner AND \(inner).deleted_at IS NULL))"
        case .ofCustomer(let customer, let entity, let reach):
            guard let ids = ids(of: customer, entity, reach) else { return "0" }
            return "\(alias).id IN (\(ids))"
        case .having(let condition):
            let column = "\(alias).\(column(condition.field, alias))"
            if case .text(let text) = condition.value { return "\(column) = \(bind(.text(text)))" }
            return "\(column) IS NOT 1"
        case .all(let parts):
            var conditions: [String] = []
            for part in parts {
                if let condition = condition(part, on: alias) { conditions.append(condition) }
            }
            return conditions.isEmpty ? nil : "(" + conditions.joined(separator: " AND ") + ")"
        case .any(let branches):
            var conditions: [String] = []
            for branch in branches {
                guard let condition = condition(branch, on: alias) else { return nil }
                conditions.append(condition)
            }
            return "(" + conditions.joined(separator: " OR ") + ")"
        }
    }

    // MARK: Gathering

    /// A query for the ids of the records, not deleted, that a predicate lets through, each branch by an index; nil
    /// where a branch has none. For the owners' branch those given are enough.
    mutating func ids(_ predicate: AccessPredicate, of entity: Entity, owners: [RecordID]) -> String? {
        switch predicate {
        case .nothing: return "SELECT NULL WHERE 0"
        case .everything, .parent, .inviting, .sharing, .having: return nil
        case .ofCustomer(let customer, let name, let reach):
            return ids(of: customer, name, reach) ?? "SELECT NULL WHERE 0"
        case .all(let parts):
            // By the one part that an index answers; the others are tested on what it finds.
            guard
                let index = parts.firstIndex(where: { if case .ofCustomer = $0 { true } else { false } }),
                let found = ids(parts[index], of: entity, owners: owners)
            else { return nil }
            let inner = freshAlias()
            var conditions = ["\(inner).id IN (\(found))", "\(inner).deleted_at IS NULL"]
            for (other, part) in parts.enumerated() where other != index {
                if let condition = condition(part, on: inner) { conditions.append(condition) }
            }
            return "SELECT \(inner).id FROM \(entity.table) \(inner) WHERE "
                + conditions.joined(separator: " AND ")
        case .owners:
            let inner = freshAlias()
            return
                "SELECT \(inner).id FROM \(entity.table) \(inner) WHERE \(inner).owner IN (\(values(owners)))"
                + " AND \(inner).deleted_at IS NULL"
        case .belonging(let name, let field, .owners(let theirs)):
            guard let parent = viewpoint.registry[entity: name] else { return "SELECT NULL WHERE 0" }
            let present = viewpoint.counts?.holding(of: theirs, parent.number)?.owners ?? theirs.ids
            guard let parents = ids(.owners(theirs), of: parent, owners: present) else { return nil }
            let inner = freshAlias()
            return "SELECT \(inner).id FROM \(entity.table) \(inner) WHERE"
                + " \(inner).\(column(field, inner)) IN (\(parents)) AND \(inner).deleted_at IS NULL"
        case .belonging: return nil
        case .any(let branches):
            var parts: [String] = []
            for branch in branches {
                guard let part = ids(branch, of: entity, owners: owners) else { return nil }
                parts.append(part)
            }
            return parts.joined(separator: " UNION ALL ")
        }
    }

    /// The ids of a customer's records of an entity, each field by its index; nil where there can be none. A customer
    /// in the recycle bin has none.
    private mutating func ids(
        of customer: RecordID, _ entity: String, _ reach: CustomerReach
    ) -> String? {
        guard let entity = viewpoint.registry[entity: entity],
            let contacts = viewpoint.registry[entity: "contact"]
        else { return nil }
        let known =
            reach.contactFields.map { ($0, "id") } + reach.accountFields.map { ($0, "account") }
        let parts = known.compactMap { name, side -> String? in
            guard let field = entity[name], let near = contacts[side] else { return nil }
            let (row, contact) = (freshAlias(), freshAlias())
            return "SELECT \(row).id FROM \(entity.table) \(row) WHERE \(row).\(field.column) ="
                + " (SELECT \(contact).\(near.column) FROM \(contacts.table) \(contact)"
                + " WHERE \(contact).id = \(bind(customer)) AND \(contact).deleted_at IS NULL)"
        }
        return parts.isEmpty ? nil : parts.joined(separator: " UNION ALL ")
    }

    private mutating func values(_ ids: [RecordID]) -> String {
        "SELECT value FROM json_each("
            + bind(.text("[" + ids.map { String($0.rawValue) }.joined(separator: ",") + "]")) + ")"
    }

    /// The base entity's predicate for a statement that looks at every record: gathered where that is the smaller part.
    mutating func access() -> String? {
        let predicate = viewpoint.predicate(entity)
        if let counts = viewpoint.counts, let total = counts.total(entity.number),
            case .owners(let owners) = predicate,
            let holding = counts.holding(of: owners, entity.number), holding.records < total / 4,
            let gathered = ids(predicate, of: entity, owners: holding.owners)
        {
            return "\(base).id IN (\(gathered))"
        }
        return condition(predicate, on: base)
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
