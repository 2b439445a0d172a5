package import CRMSDK
import Registry
import Security

/// Profiles: their flags, their rights to entities, and which roles carry them.
extension SecurityAdministration {
    /// One line of a profile's matrix.
    package struct Right: Sendable {
        /// `*` for those that the profile does not name.
        let entity: String
        let access: Bool
        let verbs: Set<AccessVerb>

        package init(entity: String, access: Bool, verbs: Set<AccessVerb>) {
            self.entity = entity
            self.access = access
            self.verbs = verbs
        }
    }

    /// - Parameter original: a profile whose flags, rights and fields the new one begins with; what is given wins.
    package func createProfile(
        _ values: [String: Value], _ rights: [Right], copyOf original: RecordID? = nil
    ) throws(CRMError) -> Outcome {
        guard let original else {
            let id = try context.create("profile", values).id
            for right in rights { try setRight(id, right) }
            return Outcome(id: id)
        }
        let model = try context.get("profile", original)
        let flags = ["view_all": model["view_all"], "edit_all": model["edit_all"]]
        let id = try context.create("profile", flags.merging(values) { _, given in given }).id
        for entity in ["profile_right", "field_access"] {
            for record in try all(entity, "profile", .reference(original)) {
                let fields = entity == "profile_right" ? Self.rightFields : Self.fieldAccessFields
                var copy: [String: Value] = ["profile": .reference(id)]
                for name in fields where !record[name].isNull { copy[name] = record[name] }
                _ = try context.create(entity, copy)
            }
        }
        for right in rights { try setRight(id, right) }
        return Outcome(id: id)
    }

    private static let rightFields = ["entity", "access", "verbs"]
    private static let fieldAccessFields = ["entity", "field", "visible", "read_only"]

    /// Adds verbs to what the profile permits with an entity, which is there for its people from then on.
    ///
    /// Begins with what holds now: the profile's own word on the entity, else its right to `*`.
    package func grant(
        _ verbs: Set<AccessVerb>, on entity: String, to profile: RecordID
    ) throws(CRMError) -> Outcome {
        let now = try rights(of: profile, to: entity)
        return try setRight(
            profile, Right(entity: entity, access: true, verbs: now.verbs.union(verbs)))
    }

    /// Takes verbs back; without any, the entity itself: it is no longer there for the profile's people.
    package func revoke(
        _ verbs: Set<AccessVerb>, on entity: String, from profile: RecordID
    ) throws(CRMError) -> Outcome {
        let now = try rights(of: profile, to: entity)
        try refuseUnknownVerbs(verbs)
        let right =
            verbs.isEmpty
            ? Right(entity: entity, access: false, verbs: [])
            : Right(entity: entity, access: now.access, verbs: now.verbs.subtracting(verbs))
        return try setRight(profile, right)
    }

    private func rights(of id: RecordID, to entity: String) throws(CRMError) -> EntityRights {
        guard let profile = try factsNow().profiles[id] else {
            throw .recordNotFound(id, entity: "profile")
        }
        return entity == "*" ? profile.otherEntities : profile.rights(to: entity)
    }

    /// A profile that the product brings: its rights to entities of modules that are not enabled yet sleep until then.
    package func shipProfile(_ values: [String: Value], _ rights: [Right]) throws(CRMError) {
        let id = try context.create("profile", values).id
        for right in rights { try putRight(id, right) }
    }

    package func updateProfile(_ id: RecordID, _ values: [String: Value]) throws(CRMError) -> Outcome {
        Outcome(id: try context.update("profile", id, values, version: nil).id)
    }

    @discardableResult
    package func setRight(_ profile: RecordID, _ right: Right) throws(CRMError) -> Outcome {
        _ = try context.get("profile", profile)
        if right.entity != "*" { _ = try unit.snapshot.registry.entity(right.entity) }
        try refuseUnknownVerbs(right.verbs)
        return Outcome(id: try putRight(profile, right))
    }

    @discardableResult
    private func putRight(_ profile: RecordID, _ right: Right) throws(CRMError) -> RecordID {
        let text = VerbNames.text(right.verbs)
        return try put(
            "profile_right", where: ["profile": .reference(profile), "entity": .text(right.entity)],
            ["access": .bool(right.access), "verbs": text.isEmpty ? .null : .text(text)])
    }

    /// The profile's own word on an entity is taken back: then its rights to all others hold.
    package func removeRight(_ profile: RecordID, entity: String) throws(CRMError) -> Outcome {
        let of = Filter.all([
            .where("profile", .equal, .reference(profile)), .where("entity", .equal, .text(entity)),
        ])
        for right in try all("profile_right", of) { try context.delete("profile_right", right.id) }
        return Outcome()
    }

    /// Roles that have the profile get the replacement.
    package func deleteProfile(_ id: RecordID, replacement: RecordID?) throws(CRMError) -> Outcome {
        if let replacement { try requireReplacement("profile", id, replacement) }
        for link in try all("role_profile", "profile", .reference(id)) {
            guard let replacement, let role = link["role"].reference else { continue }
            try context.delete("role_profile", link.id)
            try put(
                "role_profile", where: ["role": .reference(role), "profile": .reference(replacement)], [:])
        }
        try deleteAll("profile_right", "profile", .reference(id))
        try deleteAll("field_access", "profile", .reference(id))
        try context.delete("profile", id)
        return Outcome()
    }

    private func refuseUnknownVerbs(_ verbs: Set<AccessVerb>) throws(CRMError) {
        let actions = unit.snapshot.registry.actions.values.compactMap { $0.action.requires?.verb }
        let known = Set(AccessVerb.all + [.mergeDuplicates, .mailMerge, .convertLead] + actions)
        guard let odd = verbs.subtracting(known).map(\.name).sorted().first else { return }
        var error = CRMError(.invalidParameters, "there is no verb \"\(odd.prefix(60))\"")
        error.candidates = known.map(\.name).sorted()
        throw error
    }
}
