import CRMSDK
import JSON
import Registry

/// Where a line stands among those that were written: `items[3]`.
struct LinePlace: Hashable, Sendable, CustomStringConvertible {
    /// The field of the record.
    let list: String
    /// From 0.
    let index: Int

    var description: String { "\(list)[\(index)]" }
}

/// Reads a record's lines: all of them as an array, or some as `{"set": [...], "remove": [...]}`.
///
/// Each line is an object of the fields of its entity. With `id` it is that line, without it is new. What was read can
/// be written back: `position` is taken where it agrees with the order of the array, which alone decides.
enum LineValues {
    /// - Parameter taking: asked first for every field of a line, where all lines are given.
    static func read(
        _ node: JSONNode, of lines: Entity, in field: Field, _ view: FieldView,
        _ problems: inout [FieldProblem],
        taking: (LinePlace?, Field, JSONNode) throws(FieldRefusal) -> Bool = { _, _, _ in false }
    ) throws(CRMError) -> Value? {
        switch node.kind {
        case .null: return .null
        case .array:
            return .lines(
                try list(node, field.name, of: lines, in: field, view, hasOrder: true, &problems, taking))
        case .object:
            var set: [Line] = []
            var removed: [RecordID] = []
            for (name, value) in node.members {
                switch name {
                case "set" where value.kind == .array:
                    let place = field.name + ".set"
                    set = try list(value, place, of: lines, in: field, view, hasOrder: false, &problems) {
                        _, _, _ in false
                    }
                case "remove" where value.kind == .array:
                    removed = ids(value, field.name + ".remove", &problems)
                default:
                    problems.append(
                        FieldProblem(
                            field: "\(field.name).\(name.prefix(60))", code: "type",
                            message: "a change of \(field.label) has \"set\" and \"remove\", each an array"))
                }
            }
            return .lineChange(set: set, remove: removed)
        case .bool, .number, .string:
            problems.append(
                FieldProblem(
                    field: field.name, code: "type",
                    message: "\(field.label) must be \(WireForm.lines.phrase), not \(node.kind.phrase)"))
            return nil
        }
    }

    private static func list(
        _ node: JSONNode, _ name: String, of lines: Entity, in field: Field, _ view: FieldView,
        hasOrder: Bool, _ problems: inout [FieldProblem],
        _ taking: (LinePlace?, Field, JSONNode) throws(FieldRefusal) -> Bool
    ) throws(CRMError) -> [Line] {
        guard node.count <= LineLimit.lines else {
            throw CRMError(
                .limitExceeded,
                "\(field.label) has \(node.count) lines, more than the \(LineLimit.lines) of one record")
        }
        var result: [Line] = []
        result.reserveCapacity(node.count)
        for (index, element) in node.elements.enumerated() {
            let place = LinePlace(list: name, index: index)
            guard element.kind == .object else {
                problems.append(
                    FieldProblem(
                        field: place.description, code: "type",
                        message: "a line is an object of its fields, not \(element.kind.phrase)"))
                continue
            }
            let position = hasOrder ? index + 1 : nil
            result.append(try line(element, place, position, of: lines, view, &problems, taking))
        }
        return result
    }

    /// - Parameter position: Where the line stands; nil where nothing says so.
    private static func line(
        _ node: JSONNode, _ place: LinePlace, _ position: Int?, of lines: Entity, _ view: FieldView,
        _ problems: inout [FieldProblem], _ taking: (LinePlace?, Field, JSONNode) throws(FieldRefusal) -> Bool
    ) throws(CRMError) -> Line {
        var id: RecordID?
        var found: [FieldProblem] = []
        let values = try RecordValues.read(node, of: lines, view, &found) {
            _, field, value throws(FieldRefusal) in
            switch field.name {
            case "id":
                if !value.isNull { id = try WireValue.read(value, .reference, label: "id").reference }
                return true
            case SystemField.linePosition:
                guard let position, value.isNull || value.int64 == Int64(position) else {
                    throw FieldRefusal("read_only", "the order of the lines decides their positions")
                }
                return true
            default: return try taking(place, field, value)
            }
        }
        for problem in found {
            problems.append(
                FieldProblem(
                    field: "\(place).\(problem.field)", code: problem.code, message: problem.message))
        }
        return Line(id: id, values)
    }

    private static func ids(
        _ node: JSONNode, _ name: String, _ problems: inout [FieldProblem]
    ) -> [RecordID] {
        node.elements.enumerated().compactMap { index, element in
            if let id = element.int64 { return RecordID(id) }
            problems.append(
                FieldProblem(
                    field: "\(name)[\(index)]", code: "type",
                    message: "must be the id of a line, not \(element.kind.phrase)"))
            return nil
        }
    }
}
