package import CRMSDK

/// A named bundle of abilities: global flags, what may be done with each entity, and which fields are seen.
///
/// The profiles of a role combine as a union. What a profile does not name is refused for entities
/// (`otherEntities` says otherwise) and open for fields, so that a new field is seen until somebody hides it.
package struct ProfileFact: Hashable, Sendable {
    package let id: RecordID
    package var name: String
    /// Reads every record of every entity, also of entities without `access`.
    package var viewAll: Bool
    /// Reads and edits every record of every entity. Includes neither create nor delete.
    package var editAll: Bool
    package var entities: [String: EntityRights]
    /// The rights to entities of modules that `entities` does not name.
    package var otherEntities: EntityRights
    /// Entity → field → right. Counts only in a profile that gives access to the entity.
    package var fields: [String: [String: FieldRight]]

    package init(
        id: RecordID, name: String, viewAll: Bool = false, editAll: Bool = false,
        entities: [String: EntityRights] = [:], otherEntities: EntityRights = .none,
        fields: [String: [String: FieldRight]] = [:]
    ) {
        self.id = id
        self.name = name
        self.viewAll = viewAll
        self.editAll = editAll
        self.entities = entities
        self.otherEntities = otherEntities
        self.fields = fields
    }

    /// An entity that administrators have made is not among the others: it has no rights until somebody gives them.
    package func rights(to entity: String) -> EntityRights {
        entities[entity] ?? (entity.hasPrefix("x_") ? .none : otherEntities)
    }

    package func right(to field: String, of entity: String) -> FieldRight {
        fields[entity]?[field] ?? .editable
    }

    /// What a user without a role has: all business entities, to view, create, edit and delete; no import, no
    /// export, no utility, nothing administrative. Its id names no record.
    package static let standard = ProfileFact(
        id: RecordID(0), name: "standard",
        otherEntities: EntityRights(access: true, verbs: [.view, .create, .edit, .delete]))
}

/// What one profile permits with one entity.
package struct EntityRights: Hashable, Sendable {
    /// Whether the entity is there at all for people with this profile.
    package var access: Bool
    package var verbs: Set<AccessVerb>

    package init(access: Bool, verbs: Set<AccessVerb>) {
        self.access = access
        self.verbs = verbs
    }

    package static let none = EntityRights(access: false, verbs: [])
}

/// What one profile permits with one field.
package struct FieldRight: Hashable, Sendable {
    package var visible: Bool
    package var readOnly: Bool

    package init(visible: Bool, readOnly: Bool) {
        self.visible = visible
        self.readOnly = readOnly
    }

    package static let editable = FieldRight(visible: true, readOnly: false)
    package static let readOnly = FieldRight(visible: true, readOnly: true)
    package static let hidden = FieldRight(visible: false, readOnly: true)
}
