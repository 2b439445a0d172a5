import CRMSDK

/// How one entity is shared under the facts of a snapshot: its default, and the rules that can open its records.
struct SharingPlan: Sendable {
    let entity: SecuredEntity
    /// The default in force: an entity that follows another has the other's.
    let sharing: SharingDefault
    /// The entity whose rules apply here.
    let rulesOf: String
    /// Rules whose owner is the record's, by id.
    let direct: [SharingRule]
    /// Rules whose owner is the parent record's, by parent entity.
    let parents: [Parent]

    struct Parent: Sendable {
        let entity: String
        let field: String
        /// Rules with a related permission for the child, by id.
        let rules: [SharingRule]
    }

    init(
        _ entity: SecuredEntity, entities: [String: SecuredEntity], facts: SecurityFacts,
        rules: [String: [SharingRule]]
    ) {
        let base = entity.sharingFollows.flatMap { entities[$0] } ?? entity
        self.entity = entity
        sharing =
            entity.isShareable && base.isShareable ? facts.defaults[base.name] ?? base.sharing : .notShareable
        rulesOf = base.name
        direct = rules[base.name] ?? []
        parents = entity.parentFields.sorted { $0.key < $1.key }.compactMap { parent, field in
            let carrying = (rules[parent] ?? []).filter { $0.related[entity.name, default: .none] != .none }
            return carrying.isEmpty ? nil : Parent(entity: parent, field: field, rules: carrying)
        }
    }

    /// Whether the default alone settles it; nil where rules are still asked.
    func verdict(_ reach: RecordReach) -> Bool? {
        switch (sharing, reach) {
        case (.publicReadEditDelete, _): true
        case (.publicReadEdit, .view), (.publicReadEdit, .edit), (.publicRead, .view): true
        case (_, .delete): false
        default: nil
        }
    }
}
