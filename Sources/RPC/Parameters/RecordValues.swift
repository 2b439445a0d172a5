package import CRMSDK
package import JSON
package import Registry

/// Reads `values` of a record: `{"amount": "12.50", "stage": "closed_won"}`.
package enum RecordValues {
    /// Fields of one record.
    package static let fieldLimit = 200

    /// - Throws: `invalidRecord` with every problem of the single values, if one of them cannot even be read. Where all
    ///   can, their rules are checked by `Records`.
    package static func read(
        _ node: JSONNode, of entity: Entity, _ view: FieldView
    ) throws(CRMError) -> [String: Value] {
        var problems: [FieldProblem] = []
        let values = try read(node, of: entity, view, &problems)
        guard problems.isEmpty else {
            throw .invalidRecord(entity.name, complete(problems, node, values, entity))
        }
        return values
    }

    /// The problems in the order of the values, with those that `Records` would have found in the others: whoever fixes
    /// them should not be told of the next ones only then.
    private static func complete(
        _ problems: [FieldProblem], _ node: JSONNode, _ values: [String: Value], _ entity: Entity
    ) -> [FieldProblem] {
        var all: [FieldProblem] = []
        for (name, _) in node.members {
            let own = problems.filter { $0.field == name.prefix(60) || $0.isInside(name) }
            if !own.isEmpty {
                all += own
            } else if let field = entity[name], let value = values[name], !value.isNull {
                do throws(FieldRefusal) {
                    _ = try field.kind.accept(value, for: field.definition)
                } catch {
                    all.append(FieldProblem(field: name, code: error.code, message: error.message))
                }
            }
        }
        return all
    }

    /// Collects the problems instead of throwing them.
    ///
    /// - Parameter taking: asked first for every known field, of the record and of lines that are written whole; true
    ///   where it has dealt with the value itself.
    static func read(
        _ node: JSONNode, of entity: Entity, _ view: FieldView, _ problems: inout [FieldProblem],
        taking: (LinePlace?, Field, JSONNode) throws(FieldRefusal) -> Bool = { _, _, _ in false }
    ) throws(CRMError) -> [String: Value] {
        guard node.count <= fieldLimit else {
            throw CRMError(
                .limitExceeded,
                "\(node.count) values are over the limit of \(fieldLimit) fields of one record")
        }
        var values: [String: Value] = [:]
        values.reserveCapacity(node.count)
        let find = view.finder(of: entity)
        for (name, value) in node.members {
            guard let field = find(name) else {
                problems.append(view.unknownProblem(name, of: entity))
                continue
            }
            if let lines = view.registry.lines(of: field) {
                values[name] = try LineValues.read(
                    value, of: lines, in: field, view, &problems, taking: taking)
                continue
            }
            do throws(FieldRefusal) {
                if try taking(nil, field, value) { continue }
                values[name] = try WireValue.read(value, field.wire, label: field.label)
            } catch {
                problems.append(FieldProblem(field: name, code: error.code, message: error.message))
            }
        }
        return values
    }
}

extension FieldProblem {
    /// Whether it is about a part of the field: `items[3].quantity` of `items`.
    fileprivate func isInside(_ name: String) -> Bool {
        field.hasPrefix(name + "[") || field.hasPrefix(name + ".")
    }
}
