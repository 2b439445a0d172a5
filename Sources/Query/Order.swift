import CRMSDK
import Registry
import Security

/// How a list is sorted, and how to go on after a record of it.
///
/// The id makes every sort total; a sort with which the entity's default begins goes on as the default does, so that
/// one index serves both. Nulls are lowest: first ascending, last descending.
struct Order {
    struct Key {
        let expression: String
        let descending: Bool
    }

    /// The last key is the id.
    let keys: [Key]
    /// Whether an index gives this order, as far as is known without asking the database: the entity's default, the
    /// fields that have an index, and the id.
    let isIndexed: Bool
    /// Whether there is an index of owner and then this order.
    let isIndexedByOwner: Bool

    static let maximumKeys = 10

    /// - Throws: `invalidParameters` for a field that is unknown, hidden or has no order.
    init(_ sort: [String]?, _ builder: inout StatementBuilder) throws(CRMError) {
        let entity = builder.entity
        guard let sort, !sort.isEmpty else {
            // The default of the entity, without the fields that this caller may not see.
            let mask = builder.viewpoint.mask(entity)
            let visible = entity.defaultSort.filter { mask.isVisible($0.field.name) }
            keys = visible.map { key in
                Key(
                    expression: builder.order(FieldPath(field: key.field, aliases: [builder.base])),
                    descending: key.descending)
            }
            isIndexed = visible.count == entity.defaultSort.count
            isIndexedByOwner = isIndexed
            return
        }
        guard sort.count <= Self.maximumKeys else {
            throw CRMError(.limitExceeded, "a list is sorted by at most \(Self.maximumKeys) fields")
        }
        var keys: [Key] = []
        var paths: [FieldPath] = []
        for entry in sort {
            let descending = entry.hasPrefix("-")
            let name = descending ? String(entry.dropFirst()) : entry
            let path = try builder.resolve(name)
            guard path.field.kind.ordering != nil else {
                throw CRMError(
                    .invalidParameters,
                    "a list cannot be sorted by \"\(name)\", a \(path.field.kind.name) field")
            }
            keys.append(Key(expression: builder.order(path), descending: descending))
            paths.append(path)
        }
        let last = sort[sort.count - 1]
        if let rest = Self.restOfDefault(keys, builder) {
            keys += rest
        } else if !sort.contains("id"), !sort.contains("-id") {
            keys.append(Key(expression: "\(builder.base).id", descending: last.hasPrefix("-")))
        }
        self.keys = keys
        isIndexedByOwner =
            Self.followsDefault(keys, entity, builder) || Self.isByModification(keys, builder.base)
        isIndexed =
            isIndexedByOwner
            || sort.count == 1 && Self.hasIndex(last.hasPrefix("-") ? String(last.dropFirst()) : last, entity)
    }

    /// Whether the keys are the entity's default, or exactly its reverse.
    private static func followsDefault(_ keys: [Key], _ entity: Entity, _ builder: StatementBuilder) -> Bool {
        keys.count == entity.defaultSort.count && beginsDefault(keys, entity, builder)
    }

    /// Whether the entity's default, or its reverse, begins with the keys.
    private static func beginsDefault(_ keys: [Key], _ entity: Entity, _ builder: StatementBuilder) -> Bool {
        let own = entity.defaultSort
        guard keys.count <= own.count, let first = own.first, !keys.isEmpty else { return false }
        let flips = keys[0].descending != first.descending
        return zip(own, keys).allSatisfy { own, key in
            key.expression == builder.order(FieldPath(field: own.field, aliases: [builder.base]))
                && (key.descending != own.descending) == flips
        }
    }

    /// What follows in the default, or its reverse; nil where it does not begin with the keys, or goes on by a field
    /// that this caller may not see.
    private static func restOfDefault(_ keys: [Key], _ builder: StatementBuilder) -> [Key]? {
        let entity = builder.entity
        let rest = entity.defaultSort.dropFirst(keys.count)
        let mask = builder.viewpoint.mask(entity)
        guard beginsDefault(keys, entity, builder), rest.allSatisfy({ mask.isVisible($0.field.name) }) else {
            return nil
        }
        let flips = keys[0].descending != entity.defaultSort[0].descending
        return rest.map { key in
            Key(
                expression: builder.order(FieldPath(field: key.field, aliases: [builder.base])),
                descending: key.descending != flips)
        }
    }

    private static func isByModification(_ keys: [Key], _ base: String) -> Bool {
        keys.count == 2 && keys[0].expression == "\(base).modified_at" && keys[1].expression == "\(base).id"
            && keys[0].descending == keys[1].descending
    }

    private static func hasIndex(_ name: String, _ entity: Entity) -> Bool {
        guard let field = entity[name] else { return false }
        return name == "id" || name == "modified_at"
            || (field.definition.isIndexed || field.definition.isUnique)
                && field.kind.ordering != .listPosition && !entity.isServedByDefaultSort(field)
    }

    var clause: String { keys.map { $0.expression + ($0.descending ? " DESC" : "") }.joined(separator: ", ") }

    struct Range {
        let conditions: [String]
        let bindings: [StoredValue]
    }

    /// The ranges that follow a position, in order; each is one walk along an index.
    ///
    /// One comparison of whole rows would end silently at the first null; a disjunction would not use the index. So:
    /// first what agrees in all keys but the last, then what agrees in all but the last two, and so on.
    func ranges(after position: [StoredValue]?, _ builder: inout StatementBuilder) throws(CRMError) -> [Range]
    {
        guard let position else { return [Range(conditions: [], bindings: builder.bindings)] }
        guard position.count == keys.count else {
            throw CRMError(
                .invalidParameters, "the cursor belongs to another query", hint: "Start the list again.")
        }
        var ranges: [Range] = []
        for index in keys.indices.reversed() {
            for last in following(keys[index], position[index]) {
                var scratch = builder
                var conditions: [String] = []
                for earlier in 0..<index {
                    conditions.append(equal(keys[earlier], position[earlier], &scratch))
                }
                switch last {
                case .compared(let symbol):
                    conditions.append("\(keys[index].expression) \(symbol) \(scratch.bind(position[index]))")
                case .null: conditions.append("\(keys[index].expression) IS NULL")
                case .notNull: conditions.append("\(keys[index].expression) IS NOT NULL")
                }
                ranges.append(Range(conditions: conditions, bindings: scratch.bindings))
            }
        }
        return ranges
    }

    private enum Following {
        case compared(String)
        case null
        case notNull
    }

    private func following(_ key: Key, _ value: StoredValue) -> [Following] {
        switch (value, key.descending) {
        case (.null, false): [.notNull]
        case (.null, true): []
        case (_, false): [.compared(">")]
        case (_, true): [.compared("<"), .null]
        }
    }

    private func equal(_ key: Key, _ value: StoredValue, _ builder: inout StatementBuilder) -> String {
        value == .null ? "\(key.expression) IS NULL" : "\(key.expression) = \(builder.bind(value))"
    }
}
