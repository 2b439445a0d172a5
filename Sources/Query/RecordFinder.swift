package import CRMSDK
package import Registry
import Security
import Text

/// Finds the caller's records by the values of some fields, again and again: planned once, then only bound. An import
/// asks for each of its rows what is there already, and putting the statement together costs more than running it.
///
/// The answer is that of a list with the filter `all` of `[field, "=", value]`.
package struct RecordFinder: Sendable {
    private let builder: StatementBuilder
    private let paths: [FieldPath]
    private let text: String
    /// The bindings behind those of the values.
    private let others: [StoredValue]

    /// - Parameter limit: how many ids are answered at most, the lowest first.
    /// - Returns: nil where the comparison of a field depends on more than its value, as that of an amount does.
    package init?(
        _ viewpoint: Viewpoint, _ entity: Entity, by fields: [String], limit: Int
    ) throws(CRMError) {
        var builder = StatementBuilder(viewpoint, entity)
        var conditions = [RecycleBin.outside.condition(entity, builder.base)].compactMap(\.self)
        var paths: [FieldPath] = []
        for name in fields {
            let path = try builder.resolve(name)
            guard let condition = builder.equality(path) else { return nil }
            conditions.append(condition)
            paths.append(path)
        }
        let first = builder.bindings.count
        let access = builder.condition(viewpoint.predicate(entity), on: builder.base)
        // The sign in front keeps the database to the index of a value: it would rather walk through all that the
        // caller owns.
        conditions += access.map { ["+(\($0))"] } ?? []
        text =
            "SELECT \(builder.base).id \(builder.from) WHERE \(conditions.joined(separator: " AND "))"
            + " ORDER BY \(builder.base).id LIMIT \(limit)"
        others = Array(builder.bindings.dropFirst(first))
        self.builder = builder
        self.paths = paths
    }

    /// - Parameter values: In the order of the fields, none of them null.
    package func statement(_ values: [Value]) throws(CRMError) -> Statement {
        var bindings: [StoredValue] = []
        for (path, value) in zip(paths, values) {
            if path.field.kind.ordering == .textKey {
                let range = StatementBuilder.range(of: try builder.text(value, path, path.field.name))
                bindings += [.blob(range.lower), .blob(range.upper)]
            } else {
                bindings.append(try builder.stored(value, path, path.field.name))
            }
        }
        return Statement(text, bindings + others)
    }
}

extension StatementBuilder {
    /// The condition that a field has a value, with empty places for what `RecordFinder` binds.
    fileprivate mutating func equality(_ path: FieldPath) -> String? {
        if path.field.kind.ordering == .textKey {
            return "(\(key(path)) >= \(bind(.null)) AND \(key(path)) < \(bind(.null)))"
        }
        switch path.field.wire {
        case .string, .boolean, .integer, .decimal, .date, .time, .instant, .reference:
            return "\(column(path)) = \(bind(.null))"
        case .money, .keys, .lines, .place, .file: return nil
        }
    }
}
