package import CRMSDK

extension Computed {
    /// With a field's new name wherever its old one stands.
    ///
    /// - Parameters:
    ///   - entity: whose field it is.
    ///   - owner: the entity that this is computed for.
    ///   - refersThere: whether a field of `owner` refers to records of `entity`.
    package func renaming(
        _ old: String, of entity: String, to new: String, in owner: String,
        _ refersThere: (String) -> Bool
    ) -> Computed {
        if let expression {
            return .expression(
                Expression.text(expression) { path in
                    guard path.count == 2 else { return owner == entity && path[0] == old ? [new] : path }
                    let first = owner == entity && path[0] == old ? new : path[0]
                    // A reference has its new name already when this is asked of its own entity.
                    return [first, path[1] == old && refersThere(first) ? new : path[1]]
                })
        }
        guard let rollUp, rollUp.entity == entity else { return self }
        func name(_ given: String) -> String { given == old ? new : given }
        return .rollUp(
            RollUp(
                rollUp.operation, of: rollUp.field.map(name), over: rollUp.entity, by: name(rollUp.reference),
                where: rollUp.filter.map { Expression.text($0) { $0.map(name) } }))
    }
}

extension Expression {
    /// The text with other paths; as it was written where none of them changes, or where it cannot be read.
    fileprivate static func text(_ text: String, replacing path: ([String]) -> [String]) -> String {
        guard let expression = try? Expression(parsing: text) else { return text }
        let changed = expression.replacing(path)
        return changed == expression ? text : changed.description
    }

    private func replacing(_ path: ([String]) -> [String]) -> Expression {
        switch self {
        case .null, .flag, .number, .text: self
        case .path(let names): .path(path(names))
        case .negated(let inner): .negated(inner.replacing(path))
        case .not(let inner): .not(inner.replacing(path))
        case .binary(let sign, let left, let right):
            .binary(sign, left.replacing(path), right.replacing(path))
        case .call(let function, let arguments): .call(function, arguments.map { $0.replacing(path) })
        }
    }
}
