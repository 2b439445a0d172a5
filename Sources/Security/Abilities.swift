import CRMSDK

/// What a list of profiles permits together, entity by entity: their union, worked out once per list.
final class Abilities: Sendable {
    let viewAll: Bool
    let editAll: Bool
    /// The profiles that were united, in the role's order.
    let profiles: [ProfileFact]
    private let entities: [String: EntityAbility]

    init(profiles: [ProfileFact], entities: [SecuredEntity], switches: [String: [String: Bool]]) {
        let viewAll = profiles.contains { $0.viewAll || $0.editAll }
        let editAll = profiles.contains(where: \.editAll)
        self.profiles = profiles
        self.viewAll = viewAll
        self.editAll = editAll
        self.entities = Dictionary(
            entities.map { entity in
                let union = EntityAbility(
                    entity, profiles: profiles, viewAll: viewAll, editAll: editAll,
                    switches: switches[entity.name] ?? [:])
                return (entity.name, union)
            },
            uniquingKeysWith: { first, _ in first })
    }

    /// What a role that is not there permits.
    static let none = Abilities(profiles: [], entities: [], switches: [:])

    subscript(entity: String) -> EntityAbility { entities[entity] ?? .none }
}

/// What some profiles permit together with one entity.
struct EntityAbility: Sendable {
    let access: Bool
    /// Verb → the first profile that grants it.
    let grants: [AccessVerb: RecordID]
    let mask: FieldMask

    static let none = EntityAbility(access: false, grants: [:], mask: .nothing)

    private init(access: Bool, grants: [AccessVerb: RecordID], mask: FieldMask) {
        self.access = access
        self.grants = grants
        self.mask = mask
    }

    init(
        _ entity: SecuredEntity, profiles: [ProfileFact], viewAll: Bool, editAll: Bool,
        switches: [String: Bool]
    ) {
        let rightsOf = entity.lineOf ?? entity.name
        access = profiles.contains { $0.rights(to: rightsOf).access }
        var grants: [AccessVerb: RecordID] = [:]
        for profile in profiles.reversed() {
            for verb in profile.rights(to: rightsOf).verbs { grants[verb] = profile.id }
        }
        self.grants = grants
        // A profile without access says nothing about fields: else one for another module would open all of them.
        let speaking = profiles.filter { $0.rights(to: rightsOf).access }
        guard viewAll || !speaking.isEmpty else {
            mask = .nothing
            return
        }
        var hidden = Set(switches.lazy.filter { !$0.value }.map(\.key))
        var locked = entity.readOnlyFields
        for field in Set(speaking.flatMap { ($0.fields[entity.name] ?? [:]).keys }) {
            let rights = speaking.map { $0.right(to: field, of: entity.name) }
            if !viewAll, !rights.contains(where: \.visible) { hidden.insert(field) }
            if !editAll, !rights.contains(where: { $0.visible && !$0.readOnly }) { locked.insert(field) }
        }
        for (follower, source) in entity.followers where hidden.contains(source) { hidden.insert(follower) }
        mask =
            speaking.isEmpty && !editAll
            ? FieldMask.readingAll(but: hidden) : FieldMask(hidden: hidden, locked: locked)
    }
}
