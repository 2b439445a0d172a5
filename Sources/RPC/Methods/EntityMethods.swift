import CRMSDK
import Identity
import JSON
import Query
import Records
import Registry
import Security

/// What kinds of records there are, as far as the caller may see them.
enum EntityMethods {
    static let all: [Method] = [
        Method(
            "entity.list", needs: .session, .reads, "The entities that the caller may view.",
            "Labels are in the language of the caller's user, in English where there are none.",
            result: .object([
                Parameter(
                    "entities", .list(of: .object([])), "By name: label, plural label and module.",
                    required: true)
            ]),
            example: .init(
                parameters:
                    #"{}"#,
                result:
                    #"{"entities": [{"name": "account", "label": "Account", "plural_label": "Accounts", "module": "core", "is_administrative": false}]}"#
            )
        ) { scope throws(CRMError) in
            let principal = try scope.session().principal
            let security = scope.snapshot.security
            let json = EntityJSON(
                labels: scope.snapshot.registry.labels, language: try scope.session().user.language)
            scope.writer.beginObject()
            scope.writer.key("entities")
            scope.writer.beginArray()
            let registry = scope.snapshot.registry
            let view = try scope.fieldView()
            for entity in registry.entities + registry.lineEntities
            where security.decide(principal, .view, entity.name).allowed && view.isOpen(entity) {
                json.writeSummary(entity, to: &scope.writer)
            }
            scope.writer.endArray()
            scope.writer.endObject()
            return .done
        },
        Method(
            "entity.describe", needs: .session, .reads, "An entity with the fields that the caller may see.",
            "Labels are in the language of the caller's user, in English where there are none.",
            parameters: [Parameter("name", .text, "The entity's name.", required: true)],
            result: .object([
                Parameter("name", .text, "The entity's name.", required: true),
                Parameter(
                    "sections", .list(of: .object([])),
                    "Groups of the form, in order: key, label and fields.",
                    required: true),
                Parameter(
                    "fields", .list(of: .object([])), "In order: name, label, type and rules.", required: true
                ),
                Parameter(
                    "relations", .list(of: .object([])),
                    "For record.related: name, label, entity, cardinality, and the values of a link.",
                    required: true
                ),
            ]), errors: [.notFound]
        ) { scope throws(CRMError) in
            let entity = try scope.services.records.readable(
                try scope.arguments.text("name"), try scope.context(), scope.snapshot)
            try scope.snapshot.security.require(try scope.session().principal, .view, entity.name)
            let json = EntityJSON(
                labels: scope.snapshot.registry.labels, language: try scope.session().user.language)
            let call = try scope.context()
            let records = scope.services.records
            let viewpoint = records.viewpoint(call, scope.snapshot)
            json.write(
                entity, try scope.fieldView(),
                relations: records.relatedLists(of: entity, call, scope.snapshot).map { list in
                    let visible = list.relation.map { relation in
                        relation.values.filter { viewpoint.sees($0, of: relation) }
                    }
                    return (list, visible ?? [])
                }, to: &scope.writer)
            return .done
        },
    ]
}
