package import CRMSDK
import Query
package import Registry
import Storage

/// Writes a record's lines in the record's own unit: what changed of them, and only that, becomes statements and one
/// part of the record's entry in the change log.
extension UnitOfWork {
    /// The values of a change, with lines that name no ids taken for those that stand at their places: whoever knows no
    /// ids writes the same lines twice and changes nothing. Lines over that stay new, and those left over are removed.
    package func keepingLines(
        of id: RecordID, entity: Entity, _ values: [String: Value]
    ) throws(CRMError) -> [String: Value] {
        let fields = entity.lines.map(\.name).filter { name in
            values[name]?.lines?.allSatisfy { $0.id == nil } ?? false
        }
        guard !fields.isEmpty else { return values }
        let old = try whole(id, entity, bin: .outside)
        var kept = values
        for name in fields {
            let before = old.lines(name)
            kept[name] = .lines(
                (values[name]?.lines ?? []).enumerated().map { index, line in
                    Line(id: index < before.count ? before[index].id : nil, line.values)
                })
        }
        return kept
    }

    /// Brings the stored lines of a record to those in `values`, and gives new ones their ids there.
    ///
    /// - Parameter old: The record as it was; nil for a new one. Its row must be there by now.
    /// - Returns: what was changed, field by field; fields whose lines stayed as they were are left out.
    func writeLines(
        _ entity: Entity, _ id: RecordID, old: Record?, _ values: inout [String: Value]
    ) throws(CRMError) -> [LinesChange] {
        var changes: [LinesChange] = []
        for field in entity.lines {
            guard let lines = snapshot.registry.lines(of: field) else { continue }
            let before = old?.lines(field.name) ?? []
            var after = values[field.name]?.lines ?? []
            guard before != after else { continue }
            var writing = LineWriting(lines, parent: id, before)
            for index in after.indices { try writing.write(&after[index], at: index + 1, self) }
            try writing.removeOthers(transaction)
            values[field.name] = .lines(after)
            if !writing.changes.isEmpty { changes.append(LinesChange(field: field, lines: writing.changes)) }
        }
        return changes
    }
}

/// The lines of one record on their way from what they were to what they are to be.
private struct LineWriting {
    let entity: Entity
    let parent: RecordID
    /// Those that were there and have not been kept so far, with their positions.
    private var left: [RecordID: (line: Line, position: Int)] = [:]
    private(set) var changes: [LineChange] = []

    init(_ entity: Entity, parent: RecordID, _ before: [Line]) {
        self.entity = entity
        self.parent = parent
        for (index, line) in before.enumerated() {
            if let id = line.id { left[id] = (line, index + 1) }
        }
    }

    mutating func write(_ line: inout Line, at position: Int, _ unit: UnitOfWork) throws(CRMError) {
        if let id = line.id, let old = left.removeValue(forKey: id) {
            let changed = columns(from: old.line, at: old.position, to: line, at: position)
            guard !changed.isEmpty else { return }
            try unit.transaction.execute(
                WriteStatements.update(entity, id, changed.map { ($0.field, $0.new) }))
            changes.append(LineChange(id: id, columns: changed))
            return
        }
        let id = try unit.transaction.nextRecordID()
        line = Line(id: id, line.values)
        var row = [StoredValue](repeating: .null, count: entity.fields.count)
        row[entity.system("id").position] = .integer(id.rawValue)
        row[entity.system(SystemField.lineParent).position] = .integer(parent.rawValue)
        let made = columns(from: nil, at: nil, to: line, at: position)
        for column in made { row[column.field.position] = column.new }
        try unit.transaction.execute(unit.snapshot.insertions.insertion(entity, row).statement)
        changes.append(LineChange(id: id, columns: made))
    }

    mutating func removeOthers(_ transaction: WriteTransaction) throws(CRMError) {
        for (id, old) in left.sorted(by: { $0.value.position < $1.value.position }) {
            try transaction.execute(WriteStatements.deleteLine(entity, id))
            changes.append(
                LineChange(id: id, columns: columns(from: old.line, at: old.position, to: nil, at: nil)))
        }
    }

    /// The columns that differ, the position first.
    private func columns(
        from old: Line?, at oldPosition: Int?, to new: Line?, at newPosition: Int?
    ) -> [LineChange.Column] {
        func stored(_ position: Int?) -> StoredValue { position.map { .integer(Int64($0)) } ?? .null }
        var columns = [
            LineChange.Column(
                field: entity.system(SystemField.linePosition), old: stored(oldPosition),
                new: stored(newPosition))
        ]
        for field in entity.fields where !field.isSystem {
            columns.append(
                LineChange.Column(
                    field: field, old: field.kind.stored(old?[field.name] ?? .null),
                    new: field.kind.stored(new?[field.name] ?? .null)))
        }
        return columns.filter { $0.old != $0.new }
    }
}

extension Dictionary where Key == RecordID, Value == Line {
    /// Stored lines by their ids.
    init(ofLines lines: [Line]) {
        self.init(
            lines.compactMap { line in line.id.map { ($0, line) } }, uniquingKeysWith: { first, _ in first })
    }
}
