import CRMSDK
import Printing

/// What templates may name, from the definitions of entities as they are now.
struct PrintShapes {
    /// References that a path may follow.
    private static let depth = 2

    private let context: any ModuleContext

    init(_ context: any ModuleContext) { self.context = context }

    func document(_ entity: String) throws(CRMError) -> [String: PrintShape] {
        var document = try fields(of: entity, depth: Self.depth)
        document["company"] = .one(try fields(of: "company", depth: 0))
        document["print"] = .one(["date": .value, "title": .value])
        return document
    }

    private func fields(of entity: String, depth: Int) throws(CRMError) -> [String: PrintShape] {
        guard context.hasEntity(entity) || depth == Self.depth else { return [:] }
        var shapes: [String: PrintShape] = ["id": .value]
        for name in Self.systemDays { shapes[name] = .value }
        for field in try context.definition(of: entity).fields {
            shapes[field.name] = try shape(of: field, depth)
        }
        return shapes
    }

    private func shape(of field: FieldDefinition, _ depth: Int) throws(CRMError) -> PrintShape {
        switch field.type.name {
        case "lines":
            var line: [String: PrintShape] = ["number": .value]
            for target in field.type.targets {
                for inner in try context.definition(of: target).fields {
                    line[inner.name] = try shape(of: inner, depth)
                }
            }
            return .many(line)
        case "reference", "owner":
            var shapes: [String: PrintShape] = [:]
            if depth > 0 {
                for target in Self.targets(of: field) {
                    shapes.merge(try fields(of: target, depth: depth - 1)) { first, _ in first }
                }
            }
            shapes["label"] = .value
            return .one(shapes)
        default: return .value
        }
    }

    /// System fields that are printed, as days.
    static let systemDays = ["created_at", "modified_at"]

    static func targets(of field: FieldDefinition) -> [String] {
        field.type.name == "owner" ? ["user", "group"] : field.type.targets
    }
}
