import CRMSDK
import Query
import Security
import Storage

/// Reads what administrators have decided: roles, profiles, groups, defaults, rules and field access; not the users.
///
/// A role to which nobody has given a profile has the shipped one, so that its people can work from the first day.
extension SecurityFacts {
    init(of source: some RowSource) throws(CRMError) {
        self.init(profiles: [ProfileFact.standard.id: .standard])
        try readProfiles(source)
        try readFieldAccess(source)
        try readRoles(source)
        try readGroups(source)
        try readSharing(source)
    }

    private mutating func readProfiles(_ source: some RowSource) throws(CRMError) {
        var profiles = self.profiles
        try source.rows(DirectoryStatements.profiles) { row throws(CRMError) in
            let id = RecordID(row.int64(0))
            profiles[id] = ProfileFact(
                id: id, name: row.text(1), viewAll: row.int64(2) != 0, editAll: row.int64(3) != 0)
            return .next
        }
        try source.rows(DirectoryStatements.profileRights) { row throws(CRMError) in
            let profile = RecordID(row.int64(0))
            let verbs = row.isNull(3) ? [] : VerbNames.read(row.text(3))
            let rights = EntityRights(access: row.int64(2) != 0, verbs: verbs)
            if row.text(1) == "*" {
                profiles[profile]?.otherEntities = rights
            } else {
                profiles[profile]?.entities[row.text(1)] = rights
            }
            return .next
        }
        self.profiles = profiles
    }

    private mutating func readFieldAccess(_ source: some RowSource) throws(CRMError) {
        var (profiles, switches) = (self.profiles, fieldSwitches)
        try source.rows(DirectoryStatements.fieldAccess) { row throws(CRMError) in
            let (entity, field, isVisible) = (row.text(0), row.text(1), row.int64(3) != 0)
            if row.isNull(2) {
                switches[entity, default: [:]][field] = isVisible
            } else {
                profiles[RecordID(row.int64(2))]?.fields[entity, default: [:]][field] = FieldRight(
                    visible: isVisible, readOnly: !isVisible || row.int64(4) != 0)
            }
            return .next
        }
        (self.profiles, fieldSwitches) = (profiles, switches)
    }

    private mutating func readRoles(_ source: some RowSource) throws(CRMError) {
        var roles: [RecordID: RoleFact] = [:]
        try source.rows(DirectoryStatements.roles) { row throws(CRMError) in
            let id = RecordID(row.int64(0))
            roles[id] = RoleFact(
                id: id, name: row.text(1), parent: row.isNull(2) ? nil : RecordID(row.int64(2)))
            return .next
        }
        try source.rows(DirectoryStatements.roleProfiles) { row throws(CRMError) in
            roles[RecordID(row.int64(0))]?.profiles.append(RecordID(row.int64(1)))
            return .next
        }
        self.roles = roles.mapValues { role in
            var role = role
            if role.profiles.isEmpty { role.profiles = [ProfileFact.standard.id] }
            return role
        }
    }

    private mutating func readGroups(_ source: some RowSource) throws(CRMError) {
        var groups: [RecordID: GroupFact] = [:]
        try source.rows(DirectoryStatements.groups) { row throws(CRMError) in
            let id = RecordID(row.int64(0))
            groups[id] = GroupFact(id: id, name: row.text(1))
            return .next
        }
        try source.rows(DirectoryStatements.groupMembers) { row throws(CRMError) in
            if let member = GroupMember(kind: row.text(1), RecordID(row.int64(2))) {
                groups[RecordID(row.int64(0))]?.members.append(member)
            }
            return .next
        }
        self.groups = groups
    }

    private mutating func readSharing(_ source: some RowSource) throws(CRMError) {
        var defaults: [String: SharingDefault] = [:]
        try source.rows(DirectoryStatements.sharingDefaults) { row throws(CRMError) in
            let name = row.text(1)
            defaults[row.text(0)] = SharingDefault.all.first { $0.name == name }
            return .next
        }
        var related: [RecordID: [String: SharingPermission]] = [:]
        try source.rows(DirectoryStatements.sharingRelated) { row throws(CRMError) in
            related[RecordID(row.int64(0)), default: [:]][row.text(1)] = SharingPermission(
                rawValue: row.text(2))
            return .next
        }
        var rules: [SharingRule] = []
        try source.rows(DirectoryStatements.sharingRules) { row throws(CRMError) in
            guard let from = SharingParty(kind: row.text(2), RecordID(row.int64(3))),
                let to = SharingParty(kind: row.text(4), RecordID(row.int64(5)))
            else { return .next }
            let id = RecordID(row.int64(0))
            rules.append(
                SharingRule(
                    id: id, entity: row.text(1), from: from, to: to,
                    permission: SharingPermission(rawValue: row.text(6)) ?? .none,
                    related: related[id] ?? [:]))
            return .next
        }
        (self.defaults, self.rules) = (defaults, rules)
    }
}

/// A list of verbs as a profile's right stores it: names in order, `, ` between them.
enum VerbNames {
    static func read(_ text: String) -> Set<AccessVerb> {
        Set(text.split { $0 == "," || $0 == " " }.map { .utility(String($0)) })
    }

    static func text(_ verbs: some Sequence<AccessVerb>) -> String {
        Set(verbs.map(\.name)).sorted().joined(separator: ", ")
    }
}
