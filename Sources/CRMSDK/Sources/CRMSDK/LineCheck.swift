/// Part of `ManifestCheck`: whether lines and the records that they belong to name each other.
enum LineCheck {
    /// Kinds of fields that a line cannot have: what they are for belongs to whole records.
    static let refusedTypes = ["owner", "autonumber", "lines", "file"]

    static func problems(_ manifest: ModuleManifest) -> [String] {
        manifest.entities.flatMap { entity in
            entity.fields.filter { $0.type.name == "lines" }.flatMap { problems($0, of: entity, manifest) }
                + (entity.lineOf.map { problems(in: entity, of: $0, manifest) } ?? [])
        }
    }

    private static func problems(
        _ field: FieldDefinition, of entity: EntityDefinition, _ manifest: ModuleManifest
    ) -> [String] {
        let place = "entity \"\(entity.name)\": field \"\(field.name)\""
        guard field.type.targets.count == 1 else { return ["\(place) does not name the entity of its lines"] }
        let lines = manifest.entities.first { $0.name == field.type.targets[0] }
        guard lines?.lineOf == entity.name else {
            return [
                "\(place): \"\(field.type.targets[0])\" is no entity of lines of \"\(entity.name)\" in this module"
            ]
        }
        return []
    }

    private static func problems(
        in lines: EntityDefinition, of parent: String, _ manifest: ModuleManifest
    ) -> [String] {
        let place = "entity \"\(lines.name)\""
        let holders = manifest.entities.filter { $0.name == parent }.flatMap(\.fields).filter {
            $0.type.name == "lines" && $0.type.targets == [lines.name]
        }
        var problems: [String] = []
        if holders.count != 1 {
            problems.append(
                "\(place): \"\(parent)\" must have exactly one field of these lines, not \(holders.count)")
        }
        for field in lines.fields {
            if refusedTypes.contains(field.type.name) {
                problems.append("\(place): field \"\(field.name)\": a line has no \(field.type.name)")
            }
            if field.isUnique {
                problems.append("\(place): field \"\(field.name)\" of a line cannot be unique")
            }
        }
        return problems
    }
}
