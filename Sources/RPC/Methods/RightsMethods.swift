import CRMSDK
import JSON
import Records
import Registry
import Security

/// Who may do what, as administrators read and change it. The lists come from the snapshot and cost no read.
enum RightsMethods {
    static let all: [Method] = SecurityChange.all.map(\.method) + lists

    private static let lists: [Method] = [
        list("profile.list", "profiles", "The profiles with their rights.") { snapshot in
            let facts = snapshot.facts
            let json = SecurityJSON(facts: facts)
            return facts.profiles.values.sorted { $0.id < $1.id }.map(json.profile)
        },
        list("role.list", "roles", "The roles with profiles and users.") { snapshot in
            let facts = snapshot.facts
            let json = SecurityJSON(facts: facts)
            return facts.roles.values.sorted { $0.id < $1.id }.map(json.role)
        },
        list("group.list", "groups", "The groups with their members.") { snapshot in
            let facts = snapshot.facts
            let json = SecurityJSON(facts: facts)
            return facts.groups.values.sorted { $0.id < $1.id }.map(json.group)
        },
        list("sharing.list_rules", "rules", "The sharing rules; those without effect say why.") { snapshot in
            let json = SecurityJSON(facts: snapshot.facts)
            return snapshot.facts.rules.map { json.rule($0, warnings: snapshot.warnings(for: $0)) }
        },
        Method(
            "sharing.list_defaults", needs: .administrator, .reads,
            "What everyone may do with the records of each entity.",
            result: .object([
                Parameter("defaults", .list(of: .object([])), "By entity.", required: true)
            ])
        ) { scope throws(CRMError) in
            let facts = scope.snapshot.security.facts
            let entities = scope.snapshot.registry.entities.filter { !$0.definition.isAdministrative }
            let defaults = entities.map { entity in
                let secured = SecuredEntity(entity.completeDefinition)
                let base = secured.sharingFollows ?? entity.name
                let sharing =
                    facts.defaults[base] ?? scope.snapshot.registry[entity: base]?.definition.sharing
                return StructuredValue.object([
                    .init("entity", .text(entity.name)),
                    .init("sharing", .text((sharing ?? entity.definition.sharing).name)),
                    .init("follows", secured.sharingFollows.map { .text($0) } ?? .value(.null)),
                    .init("is_set", .flag(facts.defaults[base] != nil)),
                ])
            }
            ValueJSON(scope.snapshot.currencies).write(
                .object([.init("defaults", .list(defaults))]), to: &scope.writer)
            return .done
        },
        Method(
            "field_access.list", needs: .administrator, .reads,
            "The organisation's switches of fields; profile.list has what profiles say.",
            result: .object([
                Parameter(
                    "switches", .list(of: .object([])), "Entity, field and whether it is visible.",
                    required: true)
            ])
        ) { scope throws(CRMError) in
            let switches = scope.snapshot.security.facts.fieldSwitches.sorted { $0.key < $1.key }
            let all = switches.flatMap { entity, fields in
                fields.sorted { $0.key < $1.key }.map { field, isVisible in
                    StructuredValue.object([
                        .init("entity", .text(entity)), .init("field", .text(field)),
                        .init("visible", .flag(isVisible)),
                    ])
                }
            }
            ValueJSON(scope.snapshot.currencies).write(
                .object([.init("switches", .list(all))]), to: &scope.writer)
            return .done
        },
    ]

    private static func list(
        _ name: String, _ member: String, _ summary: String,
        _ items: @escaping @Sendable (SecuritySnapshot) -> [StructuredValue]
    ) -> Method {
        Method(
            name, needs: .administrator, .reads, summary,
            result: .object([Parameter(member, .list(of: .object([])), "By id.", required: true)])
        ) { scope throws(CRMError) in
            ValueJSON(scope.snapshot.currencies).write(
                .object([.init(member, .list(items(scope.snapshot.security)))]), to: &scope.writer)
            return .done
        }
    }
}
