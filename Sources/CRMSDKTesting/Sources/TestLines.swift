import CRMSDK

/// A record's lines in memory: what the kernel does with those that are written.
struct TestLines {
    let definitions: [String: EntityDefinition]

    /// The lines to be stored, from those written and those that were there; problems name the place as the kernel
    /// does.
    ///
    /// - Parameter number: Gives a new line its id; nil while hooks may still change the lines.
    func settle(
        _ change: inout RecordChange, _ definition: EntityDefinition, number: (() -> RecordID)?
    ) throws(CRMError) {
        for field in definition.fields where field.type.name == "lines" {
            guard case .other(let payload) = change[field.name], let given = payload.lines else { continue }
            let old = change.old?.lines(field.name) ?? []
            let defaults = definitions[field.type.targets.joined()].map { TestFields.defaults(of: $0) } ?? [:]
            var lines = try merged(given, payload.removed, old, defaults, field, change.entity)
            if let number {
                lines = lines.map { $0.id == nil ? Line(id: number(), $0.values) : $0 }
            }
            guard lines.count <= 1000 else {
                throw CRMError(.limitExceeded, "\(field.label) has more than 1000 lines")
            }
            change.setLines(field.name, lines)
        }
    }

    private func merged(
        _ given: [Line], _ removed: [RecordID]?, _ old: [Line], _ defaults: [String: Value],
        _ field: FieldDefinition, _ entity: String
    ) throws(CRMError) -> [Line] {
        let known = Dictionary(
            old.compactMap { line in line.id.map { ($0, line) } }, uniquingKeysWith: { first, _ in first })
        var set: [Line] = []
        for (index, line) in given.enumerated() {
            guard let id = line.id else {
                set.append(Line(defaults.merging(line.values) { $1 }))
                continue
            }
            guard let kept = known[id] else {
                let place = removed == nil ? "[\(index)].id" : ".set[\(index)].id"
                throw .invalidRecord(
                    entity,
                    [
                        FieldProblem(
                            field: field.name + place, code: "not_found",
                            message: "the record has no line \(id)")
                    ])
            }
            set.append(Line(id: id, kept.values.merging(line.values) { $1 }))
        }
        guard let removed else { return set }
        let changed = Dictionary(
            set.compactMap { line in line.id.map { ($0, line) } }, uniquingKeysWith: { $1 })
        let stay = old.filter { line in line.id.map { !removed.contains($0) } ?? true }
        return stay.map { line in line.id.flatMap { changed[$0] } ?? line } + set.filter { $0.id == nil }
    }

    /// What is wrong with the lines to be stored.
    func problems(_ change: RecordChange, _ definition: EntityDefinition) -> [FieldProblem] {
        definition.fields.flatMap { field -> [FieldProblem] in
            guard field.type.name == "lines", let lines = definitions[field.type.targets.joined()] else {
                return []
            }
            return change.lines(field.name).enumerated().flatMap { index, line in
                TestFields.problems(line, lines).map { problem in
                    FieldProblem(
                        field: "\(field.name)[\(index)].\(problem.field)", code: problem.code,
                        message: problem.message)
                }
            }
        }
    }
}
