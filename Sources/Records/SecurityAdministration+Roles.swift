package import CRMSDK
import Registry

/// The tree of roles.
extension SecurityAdministration {
    package func createRole(
        _ name: String, reportsTo parent: RecordID, profiles: [RecordID]
    ) throws(CRMError) -> Outcome {
        let id = try context.create(
            "role", ["role_name": .text(name), "parent_role": .reference(parent)]
        ).id
        return try setProfiles(of: id, profiles)
    }

    package func updateRole(
        _ id: RecordID, _ values: [String: Value], profiles: [RecordID]?
    ) throws(CRMError) -> Outcome {
        if !values.isEmpty { _ = try context.update("role", id, values, version: nil) }
        return try profiles.map { profiles throws(CRMError) in try setProfiles(of: id, profiles) }
            ?? Outcome(id: id)
    }

    private func setProfiles(of role: RecordID, _ profiles: [RecordID]) throws(CRMError) -> Outcome {
        let links = try all("role_profile", "role", .reference(role))
        for link in links where !profiles.contains(where: { link["profile"].reference == $0 }) {
            try context.delete("role_profile", link.id)
        }
        for profile in profiles where !links.contains(where: { $0["profile"].reference == profile }) {
            _ = try context.create(
                "role_profile", ["role": .reference(role), "profile": .reference(profile)])
        }
        return Outcome(id: role)
    }

    /// Its users, and its places in groups and sharing rules, go to the replacement; the roles below it, to its parent.
    package func deleteRole(_ id: RecordID, replacement: RecordID) throws(CRMError) -> Outcome {
        try requireReplacement("role", id, replacement)
        let role = try context.get("role", id)
        _ = try context.get("role", replacement)
        let parent = role["parent_role"]
        guard !parent.isNull else {
            throw CRMError(
                .invalidRecord, "role \"\(role["role_name"].text ?? "")\" is the root of the tree",
                hint: "Rename it instead.")
        }
        for below in try all("role", "parent_role", .reference(id)) {
            _ = try context.update("role", below.id, ["parent_role": parent], version: nil)
        }
        for user in try all("user", "role", .reference(id)) {
            _ = try context.update("user", user.id, ["role": .reference(replacement)], version: nil)
        }
        try replaceParty(id, of: ["role", "role_and_subordinates"], with: replacement)
        try deleteAll("role_profile", "role", .reference(id))
        try context.delete("role", id)
        return Outcome()
    }

    package func setRole(of user: RecordID, _ role: RecordID) throws(CRMError) -> Outcome {
        Outcome(id: try context.update("user", user, ["role": .reference(role)], version: nil).id)
    }

    /// Puts another role or group into the place of one that goes, in groups and in sharing rules.
    func replaceParty(
        _ id: RecordID, of kinds: [String], with replacement: RecordID
    ) throws(CRMError) {
        for entry in try all("group_member", "member", .reference(id)) {
            guard let group = entry["member_of"].reference, let kind = entry["kind"].text,
                kinds.contains(kind)
            else { continue }
            try context.delete("group_member", entry.id)
            guard group != replacement else { continue }
            try put(
                "group_member",
                where: [
                    "member_of": .reference(group), "kind": .text(kind), "member": .reference(replacement),
                ], [:])
        }
        for side in ["from", "to"] {
            for rule in try all("sharing_rule", "\(side)_party", .reference(id)) {
                _ = try context.update(
                    "sharing_rule", rule.id, ["\(side)_party": .reference(replacement)], version: nil)
            }
        }
    }
}
