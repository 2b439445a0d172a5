package import CRMSDK
import Registry
package import Security

/// What everyone may do by default, what rules add, and which fields are seen.
extension SecurityAdministration {
    /// - Parameter related: whether the children that carry the entity's rights get the same default.
    package func setDefault(
        of entity: String, to sharing: SharingDefault, related: Bool
    ) throws(CRMError) -> Outcome {
        let registered = try unit.snapshot.registry.entity(entity)
        if let followed = SecuredEntity(registered.completeDefinition).sharingFollows {
            throw CRMError(
                .invalidRecord, "entity \"\(entity)\" has no default of its own: it follows \(followed)",
                hint: "Set the default of \(followed).")
        }
        let id = try put(
            "sharing_default", where: ["entity": .text(entity)], ["sharing": .text(sharing.name)])
        guard related else { return Outcome(id: id) }
        for child in unit.snapshot.registry.entities
        where SecuredEntity(child.completeDefinition).parentFields[entity] != nil {
            try put("sharing_default", where: ["entity": .text(child.name)], ["sharing": .text(sharing.name)])
        }
        return Outcome(id: id)
    }

    /// A rule that can have no effect is made all the same, with the reason as a warning.
    package func createRule(_ rule: SharingRule) throws(CRMError) -> Outcome {
        let id = try context.create(
            "sharing_rule",
            [
                "entity": .text(rule.entity), "from_kind": .text(rule.from.kind),
                "from_party": .reference(rule.from.id), "to_kind": .text(rule.to.kind),
                "to_party": .reference(rule.to.id), "permission": .text(rule.permission.rawValue),
            ]
        ).id
        for (entity, permission) in rule.related.sorted(by: { $0.key < $1.key }) {
            _ = try context.create(
                "sharing_related",
                [
                    "rule": .reference(id), "entity": .text(entity),
                    "permission": .text(permission.rawValue),
                ])
        }
        let made = SharingRule(
            id: id, entity: rule.entity, from: rule.from, to: rule.to, permission: rule.permission,
            related: rule.related)
        return Outcome(id: id, warnings: try securityNow().warnings(for: made))
    }

    package func deleteRule(_ id: RecordID) throws(CRMError) -> Outcome {
        try deleteAll("sharing_related", "rule", .reference(id))
        try context.delete("sharing_rule", id)
        return Outcome()
    }

    /// - Parameter profile: nil for the organisation's switch, which knows visible or not and nothing between.
    package func setFieldAccess(
        _ field: String, of entity: String, profile: RecordID?, _ right: FieldRight
    ) throws(CRMError) -> Outcome {
        Outcome(
            id: try put(
                "field_access",
                where: [
                    "entity": .text(entity), "field": .text(field),
                    "profile": profile.map(Value.reference) ?? .null,
                ],
                ["visible": .bool(right.visible), "read_only": .bool(profile != nil && right.readOnly)]))
    }
}
