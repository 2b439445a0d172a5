import CRMSDK
import Registry
import Security

/// A field named in a filter, sort or group: the entity's own, or one reached over up to five references.
struct FieldPath {
    /// The field at the end.
    let field: Field
    /// The tables in which it is read: one, or several where a reference may name records of several entities.
    let aliases: [String]

    static let maximumReferences = 5
}

extension StatementBuilder {
    /// Finds the field that a path names and joins what it needs.
    ///
    /// Every step is read under the rights and the mask of the entity it stands in.
    mutating func resolve(_ path: String) throws(CRMError) -> FieldPath {
        if let ofLink = try linkField(path) { return ofLink }
        let names = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard names.count - 1 <= FieldPath.maximumReferences else {
            throw CRMError(
                .limitExceeded,
                "the path \"\(path.prefix(120))\" goes over more than \(FieldPath.maximumReferences) references"
            )
        }
        var places = [(entity: entity, alias: base)]
        for (index, name) in names.dropLast().enumerated() {
            var next: [(entity: Entity, alias: String)] = []
            for place in places {
                guard let field = place.entity[name], viewpoint.mask(place.entity).isVisible(name) else {
                    continue
                }
                guard field.isReference else {
                    throw CRMError(
                        .invalidParameters,
                        "\"\(name)\" in the path \"\(path.prefix(120))\" is no reference, so nothing can follow it"
                    )
                }
                for target in targets(of: field, followedBy: names[index + 1]) {
                    next.append((target, join(target, from: place.alias, through: field)))
                }
            }
            guard !next.isEmpty else {
                throw unknown(name, in: path, places.map(\.entity), next: names[index + 1])
            }
            places = next
        }
        let last = names[names.count - 1]
        let found = places.compactMap { place -> (field: Field, alias: String)? in
            guard let field = place.entity[last], viewpoint.mask(place.entity).isVisible(last) else {
                return nil
            }
            return (field, place.alias)
        }
        guard let first = found.first else { throw unknown(last, in: path, places.map(\.entity), next: nil) }
        guard
            found.allSatisfy({
                $0.field.type.name == first.field.type.name && $0.field.wire == first.field.wire
            })
        else {
            throw CRMError(
                .invalidParameters, "the path \"\(path.prefix(120))\" reaches fields of different types")
        }
        try checkJoins()
        return FieldPath(field: first.field, aliases: found.map(\.alias))
    }

    /// The entities that a reference may name and that have the field which follows it, as far as the caller sees it.
    private func targets(of field: Field, followedBy next: String) -> [Entity] {
        let names = field.kind.name == "owner" ? ["user"] : field.type.targets
        return names.compactMap { viewpoint.registry[entity: $0] }
            .filter { $0[next] != nil && viewpoint.mask($0).isVisible(next) }
    }

    private func unknown(_ name: String, in path: String, _ entities: [Entity], next: String?) -> CRMError {
        // The step itself may be there while what follows it is not.
        if let next, let entity = entities.first, let field = entity[name],
            viewpoint.mask(entity).isVisible(name)
        {
            let targets = field.type.targets.compactMap { viewpoint.registry[entity: $0] }
            guard let target = targets.first else {
                return CRMError(
                    .invalidParameters,
                    "\"\(name)\" may refer to any entity, so nothing can follow it in a path")
            }
            return viewpoint.unknownField(next, of: target)
        }
        return viewpoint.unknownField(name, of: entities[0])
    }

    /// The stored value at the end of a path.
    func column(_ path: FieldPath) -> String { joined(path) { "\($0).\(path.field.column)" } }

    /// What a text is compared and sorted by: the stored key, or the same key computed here.
    func key(_ path: FieldPath) -> String {
        joined(path) { alias in
            path.field.keyColumn.map { "\(alias).\($0)" } ?? "crm_key(\(alias).\(path.field.column))"
        }
    }

    /// What a field is sorted by.
    func order(_ path: FieldPath) -> String {
        switch path.field.kind.ordering {
        case .textKey: return key(path)
        case .listPosition:
            let values = path.field.type.values
            guard !values.isEmpty else { return column(path) }
            // Keys are identifiers (DefinitionRules), so they can stand in the text.
            let cases = values.enumerated().map { "WHEN '\($0.element.key)' THEN \($0.offset)" }
            return "CASE \(column(path)) \(cases.joined(separator: " ")) END"
        case .stored, nil: return column(path)
        }
    }

    private func joined(_ path: FieldPath, _ expression: (String) -> String) -> String {
        let expressions = path.aliases.map(expression)
        return expressions.count == 1 ? expressions[0] : "coalesce(\(expressions.joined(separator: ", ")))"
    }
}
