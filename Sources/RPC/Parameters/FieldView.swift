package import CRMSDK
package import Registry
package import Security

/// The fields as one caller sees them: what is hidden from them is unknown to them, in messages and near names too.
package struct FieldView: Sendable {
    package let registry: RegistrySnapshot
    private let mask: @Sendable (String) -> FieldMask
    /// The values of a link, where one is in reach: paths to them begin with `link.`.
    var linkFields: [Field] = []

    /// - Parameter mask: the caller's mask of an entity.
    package init(registry: RegistrySnapshot, mask: @escaping @Sendable (String) -> FieldMask) {
        self.registry = registry
        self.mask = mask
    }

    package func field(_ name: String, of entity: Entity) -> Field? {
        guard let field = entity[name], mask(entity.name).isVisible(name) else { return nil }
        return field
    }

    /// Whether the caller writes the field by hand: neither the kernel nor a module does, and no rule forbids it.
    func mayWrite(_ field: Field, of entity: Entity) -> Bool {
        !field.definition.isReadOnly && field.definition.computed == nil
            && mask(entity.name).isEditable(field.name)
    }

    /// Finds fields of one entity by name, with the mask looked up once.
    package func finder(of entity: Entity) -> (String) -> Field? {
        let mask = mask(entity.name)
        return { name in
            guard let field = entity[name], mask.isVisible(name) else { return nil }
            return field
        }
    }

    /// Whether the caller sees the field that the lines of such an entity are in; true for an entity of records.
    package func isOpen(_ entity: Entity) -> Bool {
        guard entity.isLine else { return true }
        guard let holder = registry.holder(of: entity) else { return false }
        return mask(holder.entity.name).isVisible(holder.field.name)
    }

    /// Whether the caller sees every field that a computed one reads; else what it is computed from is not told.
    func sees(_ computed: Computed, of entity: Entity) -> Bool {
        if let rollUp = computed.rollUp {
            guard let child = try? registry.readable(rollUp.entity), isOpen(child) else { return false }
            let filter = rollUp.filter.flatMap { try? Expression(parsing: $0) }
            let read =
                [rollUp.reference, rollUp.field].compactMap { $0 } + (filter?.paths.map { $0[0] } ?? [])
            return read.allSatisfy { field($0, of: child) != nil }
        }
        guard let expression = try? Expression(parsing: computed.expression ?? "") else { return false }
        return expression.paths.allSatisfy { path in
            (try? field(at: path.joined(separator: "."), of: entity)) != nil
        }
    }

    package func fields(of entity: Entity) -> [Field] {
        let mask = mask(entity.name)
        return mask.isEverything ? entity.fields : entity.fields.filter { mask.isVisible($0.name) }
    }

    /// The field at the end of a path over references: `account.parent_account.industry`.
    ///
    /// - Throws: `invalidParameters` naming the part that does not exist, with near names; `limitExceeded` beyond five
    ///   references.
    package func field(at path: String, of entity: Entity) throws(CRMError) -> Field {
        if let field = field(path, of: entity) ?? linkFields.first(where: { "link.\($0.name)" == path }) {
            return field
        }
        let names = path.split(separator: ".", omittingEmptySubsequences: false)
        guard names.count - 1 <= FilterReading.pathLimit else {
            throw CRMError(
                .limitExceeded,
                "the path \"\(path.prefix(80))\" is over the limit of \(FilterReading.pathLimit) references")
        }
        // Where a reference may name records of several entities, those count that have the field which follows.
        var places = [entity]
        for (index, name) in names.enumerated() {
            let found = places.compactMap { place in field(String(name), of: place).map { (place, $0) } }
            guard let (place, field) = found.first else { throw unknown(String(name), of: places[0]) }
            if index == names.count - 1 { return field }
            guard field.isReference else {
                throw CRMError(
                    .invalidParameters,
                    "\"\(field.name)\" of \(place.name) is no reference; a path ends there")
            }
            let next = String(names[index + 1])
            let targets = found.flatMap { self.targets(of: $0.1) }
            guard !targets.isEmpty else {
                throw CRMError(
                    .invalidParameters,
                    "\"\(field.name)\" of \(place.name) may refer to any entity; a path cannot go over it")
            }
            let following = targets.filter { self.field(next, of: $0) != nil }
            guard !following.isEmpty else { throw unknown(next, of: targets[0]) }
            places = following
        }
        throw unknown(path, of: entity)
    }

    private func targets(of field: Field) -> [Entity] {
        let names = field.type.name == "owner" ? ["user"] : field.type.targets
        return names.compactMap { registry[entity: $0] }
    }

    private func unknown(_ name: String, of entity: Entity) -> CRMError {
        var error = CRMError(.invalidParameters, entity.lacks(name))
        error.candidates = near(name, of: entity)
        if let near = error.candidates.first { error.hint = "Did you mean \"\(near)\"?" }
        return error
    }

    func unknownProblem(_ name: String, of entity: Entity) -> FieldProblem {
        let advice = near(name, of: entity).first.map { "; did you mean \"\($0)\"?" } ?? ""
        return FieldProblem(
            field: String(name.prefix(60)), code: "unknown_field",
            message: entity.lacks(name) + advice)
    }

    private func near(_ name: String, of entity: Entity) -> [String] {
        entity.near(name, where: mask(entity.name).isVisible)
    }
}
