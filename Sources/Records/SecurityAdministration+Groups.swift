package import CRMSDK
import Query
import Registry
package import Security
import Storage

/// Groups and their members.
extension SecurityAdministration {
    package func createGroup(
        _ name: String, description: String?, members: [GroupMember]
    ) throws(CRMError) -> Outcome {
        var values: [String: Value] = ["group_name": .text(name)]
        if let description { values["description"] = .text(description) }
        let id = try context.create("group", values).id
        for member in members { try addMember(member, to: id) }
        return Outcome(id: id)
    }

    package func updateGroup(_ id: RecordID, _ values: [String: Value]) throws(CRMError) -> Outcome {
        Outcome(id: try context.update("group", id, values, version: nil).id)
    }

    @discardableResult
    package func addMember(_ member: GroupMember, to group: RecordID) throws(CRMError) -> Outcome {
        try put(
            "group_member",
            where: [
                "member_of": .reference(group), "kind": .text(member.kind), "member": .reference(member.id),
            ], [:])
        return Outcome(id: group)
    }

    package func removeMember(_ member: GroupMember, from group: RecordID) throws(CRMError) -> Outcome {
        let entry = Filter.all([
            .where("member_of", .equal, .reference(group)), .where("kind", .equal, .text(member.kind)),
            .where("member", .equal, .reference(member.id)),
        ])
        for found in try all("group_member", entry) { try context.delete("group_member", found.id) }
        return Outcome(id: group)
    }

    /// What it owns, and its places in groups and sharing rules, go to the replacement: a user or a group for the
    /// records, a group where rules or groups name it.
    package func deleteGroup(_ id: RecordID, replacement: RecordID) throws(CRMError) -> Outcome {
        try requireReplacement("group", id, replacement)
        _ = try context.get("group", id)
        try moveRecords(ownedBy: id, to: replacement)
        if facts.groups[replacement] != nil {
            try replaceParty(id, of: ["group"], with: replacement)
        }
        try deleteAll("group_member", "member_of", .reference(id))
        try context.delete("group", id)
        return Outcome()
    }

    private func moveRecords(ownedBy id: RecordID, to replacement: RecordID) throws(CRMError) {
        var moved = 0
        for entity in unit.snapshot.registry.entities where !entity.definition.isAdministrative {
            var ids: [RecordID] = []
            let limit = Self.maximumMoves + 1 - moved
            try unit.transaction.rows(
                DirectoryStatements.records(of: entity, ownedBy: id, limit: limit)
            ) { row throws(CRMError) in
                ids.append(RecordID(row.int64(0)))
                return .next
            }
            moved += ids.count
            guard moved <= Self.maximumMoves else {
                throw CRMError(
                    .limitExceeded, "group \(id) owns more than \(Self.maximumMoves) records",
                    hint: "Give them to others in several calls first.")
            }
            for record in ids {
                _ = try context.update(
                    entity.name, record, ["owner": .reference(replacement)], version: nil)
            }
        }
    }
}
