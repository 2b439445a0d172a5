package import CRMSDK
package import Registry

/// The schema as the database has it. A value: the planner compares one with another.
package struct StoredSchema: Sendable {
    /// Grows with every applied plan; a plan made for another generation is refused.
    package var generation: Int64 = 0
    package var nextEntityNumber = 1
    package var nextFieldNumber = 1
    /// In the order of their numbers.
    package var entities: [StoredEntity] = []
    package var modules: [StoredModule] = []

    package init() {}

    package func entity(named name: String) -> StoredEntity? { entities.first { $0.name == name } }

    /// The entities as the registry takes them: of enabled modules and the kernel, without deleted fields and
    /// without the fields that modules not enabled have added.
    package func registryEntities(enabledModules: Set<String>) throws(CRMError) -> [Entity] {
        let enabled = enabledModules.union(["core", StoredEntity.customModule])
        var result: [Entity] = []
        for stored in entities where enabled.contains(stored.module) && !stored.isDeleted {
            let fields = stored.fields.filter { field in
                if case .module(let name) = field.placement.source, !enabled.contains(name) { return false }
                return !field.isDeleted
            }
            result.append(try stored.registered(fields.map(\.placement)))
        }
        return result
    }

    /// All entities that have a table, whoever brought them and whether or not they are deleted, but for those that are
    /// being removed; nil where these are what the registry has. For what must hold for sleeping data too: that no
    /// reference names what is gone.
    ///
    /// Of deleted fields only the references are there, without rules of their own.
    package func completeEntities(enabledModules: Set<String>) throws(CRMError) -> [Entity]? {
        let kept = entities.filter { !$0.isPurging }.map { entity in
            (entity, entity.fields.compactMap(Self.kept))
        }
        let enabled = enabledModules.union(["core", StoredEntity.customModule])
        let isAwake = kept.allSatisfy { entity, fields in
            !entity.isDeleted && enabled.contains(entity.module)
                && fields.count == entity.fields.count { !$0.isDeleted }
                && fields.allSatisfy { field in
                    if case .module(let name) = field.source { enabled.contains(name) } else { true }
                }
        }
        return isAwake
            ? nil : try kept.map { (entity, fields) throws(CRMError) in try entity.registered(fields) }
    }

    private static func kept(_ field: StoredField) -> FieldPlacement? {
        guard field.isDeleted else { return field.placement }
        let type = field.placement.definition.type
        guard !field.isPurging, FieldKindList.kind(named: type.name)?.wire(type) == .reference else {
            return nil
        }
        var placement = field.placement
        placement.definition.isMandatory = false
        placement.definition.isUnique = false
        placement.definition.defaultText = nil
        return placement
    }
}

/// An entity with its table.
package struct StoredEntity: Sendable {
    /// In place of a module's name: made by an administrator.
    package static let customModule = "custom"

    package let number: Int
    package let module: String
    /// Without its fields; those are in `fields`.
    package var facts: EntityDefinition
    /// All fields ever made and not purged, in the order of their numbers.
    package var fields: [StoredField]
    package var adjustments = Adjustments()
    /// Its table and records stay until it is restored or purged.
    package var isDeleted = false
    /// Its records are being removed; it cannot be restored.
    package var isPurging = false
    /// What the table has beside its fields' columns.
    package var table = TableFacts()

    package var isCustom: Bool { module == Self.customModule }

    package var name: String { facts.name }

    /// The definition with the fields that are not deleted.
    package var definition: EntityDefinition {
        var definition = facts
        definition.fields = fields.filter { !$0.isDeleted }.map(\.placement.definition)
        return definition
    }

    package func field(named name: String) -> StoredField? {
        fields.first { $0.placement.definition.name == name }
    }

    func registered(_ placements: [FieldPlacement]) throws(CRMError) -> Entity {
        var definition = facts
        definition.fields = placements.map(\.definition)
        return try Entity(
            number: number, definition: definition, module: module, fields: placements,
            adjustments: adjustments)
    }
}

/// A field with its column.
package struct StoredField: Sendable {
    package var placement: FieldPlacement
    /// Its column and values stay until it is restored or purged.
    package var isDeleted = false
    /// Its values are being removed; it cannot be restored.
    package var isPurging = false

    package var name: String { placement.definition.name }
}

/// What a table has, by name; read from the database, compared with what it should have.
package struct TableFacts: Sendable {
    package var columns: Set<String> = []
    /// The definition of each index by its name.
    package var indexes: [String: String] = [:]
    /// The definition of the view; nil when there is none.
    package var view: String?
}

/// A module as the database knows it.
package struct StoredModule: Hashable, Sendable {
    package let name: String
    package var version: String
    /// Hexadecimal, of its file.
    package var sha256: String
    package var isEnabled: Bool
    package var label: String
    /// JSON: what a list of modules shows while the module is not loaded.
    package var manifest: String
    package var enabledAt: Instant?

    package init(
        name: String, version: String, sha256: String, isEnabled: Bool, label: String,
        manifest: String = "{}",
        enabledAt: Instant? = nil
    ) {
        self.name = name
        self.version = version
        self.sha256 = sha256
        self.isEnabled = isEnabled
        self.label = label
        self.manifest = manifest
        self.enabledAt = enabledAt
    }
}
