import CRMSDK
import Registry

/// Checks of a record's lines: each line's values like a record's, with the place in front: `items[3].quantity`.
///
/// Lines are counted from 0, as they stand in the array that was written; in a change of some lines the places are
/// `items.set[3].quantity` and `items.remove[1]`.
extension ValueCheck {
    /// All lines as they are to be stored, each with all its fields: those kept as they were with the changes laid
    /// over, new ones without an id. Nil, and problems, when something is not accepted.
    mutating func acceptLines(
        _ value: Value, of lines: Entity, in field: Field, old: [Line]
    ) -> Value? {
        guard case .other(let payload) = value, let given = payload.lines else {
            add(field.name, "type", "\(field.label) must be an array of lines, each an object of its fields")
            return nil
        }
        let known = Dictionary(
            old.enumerated().compactMap { index, line in line.id.map { ($0, index) } },
            uniquingKeysWith: { first, _ in first })
        let before = problems.count
        var result: [Line] = []
        if let removed = payload.removed {
            let gone = accept(removed: removed, field, known)
            var changed = old
            var new: [Line] = []
            for (place, line, index) in places(given, field.name + ".set", known) {
                let accepted = accept(line, of: lines, at: place, old: index.map { old[$0] })
                if let index { changed[index] = accepted } else { new.append(accepted) }
                if let id = line.id, gone.contains(id) {
                    add(place + ".id", "rule", "line \(id) cannot be set and removed at once")
                }
            }
            result = changed.filter { line in line.id.map { !gone.contains($0) } ?? true } + new
        } else {
            for (place, line, index) in places(given, field.name, known) {
                result.append(accept(line, of: lines, at: place, old: index.map { old[$0] }))
            }
        }
        checkSize(result, field)
        return problems.count == before ? .lines(result) : nil
    }

    /// The lines given with their places and, of those kept, where they were. Ids that are unknown or come twice are
    /// refused and left out.
    private mutating func places(
        _ given: [Line], _ name: String, _ known: [RecordID: Int]
    ) -> [(place: String, line: Line, old: Int?)] {
        var seen: Set<RecordID> = []
        var result: [(place: String, line: Line, old: Int?)] = []
        for (number, line) in given.enumerated() {
            let place = "\(name)[\(number)]"
            guard let id = line.id else {
                result.append((place, line, nil))
                continue
            }
            guard let index = known[id] else {
                add(place + ".id", "not_found", "the record has no line \(id)")
                continue
            }
            guard seen.insert(id).inserted else {
                add(place + ".id", "duplicate", "line \(id) comes twice")
                continue
            }
            result.append((place, line, index))
        }
        return result
    }

    private mutating func accept(
        removed: [RecordID], _ field: Field, _ known: [RecordID: Int]
    ) -> Set<RecordID> {
        for (number, id) in removed.enumerated() where known[id] == nil {
            add("\(field.name).remove[\(number)]", "not_found", "the record has no line \(id)")
        }
        return Set(removed)
    }

    private mutating func accept(_ line: Line, of lines: Entity, at place: String, old: Line?) -> Line {
        var check = ValueCheck(
            lines, snapshot, mayBringNumbers: false, mayWriteReadOnly: mayWriteReadOnly, maskOf: maskOf)
        let accepted = check.accept(line.values, oldLine: old)
        for problem in check.problems {
            add("\(place).\(problem.field)", problem.code, problem.message)
        }
        var values: [String: Value] = [:]
        for field in lines.fields where !field.isSystem {
            values[field.name] =
                accepted[field.name] ?? old?[field.name]
                ?? (line.values[field.name] == nil ? field.defaultValue : .null)
        }
        return Line(id: line.id, values)
    }

    private mutating func checkSize(_ lines: [Line], _ field: Field) {
        if lines.count > LineLimit.lines {
            refuse(
                CRMError(
                    .limitExceeded,
                    "\(field.label) has \(lines.count) lines, more than the \(LineLimit.lines) of one record")
            )
        }
        let bytes = lines.reduce(0) { sum, line in
            line.values.values.reduce(sum) { $0 + ($1.text?.utf8.count ?? 0) }
        }
        if bytes > LineLimit.textBytes {
            refuse(
                CRMError(
                    .limitExceeded,
                    "the texts of \(field.label) are longer than \(LineLimit.textBytes >> 20) MiB together"))
        }
    }

    // MARK: Rules over the whole record

    mutating func settleCurrencies(ofLinesIn field: Field, _ values: inout [String: Value]) {
        guard let entity = snapshot.registry.lines(of: field), !entity.amounts.isEmpty,
            var lines = values[field.name]?.lines
        else { return }
        for index in lines.indices {
            for amount in entity.amounts where !lines[index][amount.name].isNull {
                lines[index][amount.name] = settled(
                    lines[index][amount.name], amount, at: "\(field.name)[\(index)].\(amount.name)",
                    in: &values)
            }
        }
        values[field.name] = .lines(lines)
    }

    mutating func requireMandatory(inLinesOf field: Field, _ values: [String: Value]) {
        guard let entity = snapshot.registry.lines(of: field), let lines = values[field.name]?.lines else {
            return
        }
        for (index, line) in lines.enumerated() {
            for needed in entity.mandatory where line[needed.name].isNull {
                add("\(field.name)[\(index)].\(needed.name)", "required", "\(needed.label) is needed")
            }
        }
    }
}
