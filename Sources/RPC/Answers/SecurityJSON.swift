import CRMSDK
import Security

/// Rights as `profile.list`, `sharing.list` and the others answer them: ids with names beside them.
struct SecurityJSON {
    let facts: SecurityFacts

    static func problems(_ problems: [SecurityProblem]) -> StructuredValue {
        .list(
            problems.map {
                .object([.init("code", .text($0.code)), .init("message", .text($0.message))])
            })
    }

    func profile(_ profile: ProfileFact) -> StructuredValue {
        var rights = profile.entities.sorted { $0.key < $1.key }
        rights.append(("*", profile.otherEntities))
        let fields = profile.fields.sorted { $0.key < $1.key }.flatMap { entity, fields in
            fields.sorted { $0.key < $1.key }.map { field, right in
                StructuredValue.object([
                    .init("entity", .text(entity)), .init("field", .text(field)),
                    .init("visible", .flag(right.visible)), .init("read_only", .flag(right.readOnly)),
                ])
            }
        }
        return .object([
            .init("id", profile.id.json), .init("name", .text(profile.name)),
            .init("view_all", .flag(profile.viewAll)), .init("edit_all", .flag(profile.editAll)),
            .init(
                "rights",
                .list(
                    rights.map { entity, right in
                        .object([
                            .init("entity", .text(entity)), .init("access", .flag(right.access)),
                            .init("verbs", .list(right.verbs.map(\.name).sorted().map { .text($0) })),
                        ])
                    })),
            .init("fields", .list(fields)),
        ])
    }

    func role(_ role: RoleFact) -> StructuredValue {
        let users = facts.users.values.filter { $0.role == role.id }.sorted { $0.username < $1.username }
        return .object([
            .init("id", role.id.json), .init("name", .text(role.name)),
            .init("reports_to", role.parent.map { named($0, facts.roles[$0]?.name) } ?? .value(.null)),
            .init("profiles", .list(role.profiles.map { named($0, facts.profiles[$0]?.name) })),
            .init("users", .list(users.map { named($0.id, $0.username) })),
        ])
    }

    func group(_ group: GroupFact) -> StructuredValue {
        .object([
            .init("id", group.id.json), .init("name", .text(group.name)),
            .init("members", .list(group.members.map { party(kind: $0.kind, $0.id) })),
        ])
    }

    func rule(_ rule: SharingRule, warnings: [SecurityProblem]) -> StructuredValue {
        .object([
            .init("id", rule.id.json), .init("entity", .text(rule.entity)),
            .init("from", party(kind: rule.from.kind, rule.from.id)),
            .init("to", party(kind: rule.to.kind, rule.to.id)),
            .init("permission", .text(rule.permission.rawValue)),
            .init(
                "related",
                .list(
                    rule.related.sorted { $0.key < $1.key }.map { entity, permission in
                        .object([
                            .init("entity", .text(entity)), .init("permission", .text(permission.rawValue)),
                        ])
                    })), .init("warnings", Self.problems(warnings)),
        ])
    }

    private func party(kind: String, _ id: RecordID) -> StructuredValue {
        let name =
            switch kind {
            case "user": facts.users[id]?.username
            case "group": facts.groups[id]?.name
            default: facts.roles[id]?.name
            }
        return .object([
            .init("kind", .text(kind)), .init("id", id.json), .init("name", .text(name ?? "")),
        ])
    }

    private func named(_ id: RecordID, _ name: String?) -> StructuredValue {
        .object([.init("id", id.json), .init("name", .text(name ?? ""))])
    }
}

extension StructuredValue {
    static func text(_ text: String) -> Self { .value(.text(text)) }
    static func flag(_ flag: Bool) -> Self { .value(.bool(flag)) }
    static func count(_ count: Int64) -> Self { .value(.integer(count)) }
}

extension RecordID {
    var json: StructuredValue { .value(.integer(rawValue)) }
}

extension RecordID? {
    var json: StructuredValue { map(\.json) ?? .value(.null) }
}
