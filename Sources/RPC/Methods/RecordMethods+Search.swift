import CRMSDK
import Identity
import JSON
import Records
import Registry
import Security
import Storage

extension RecordMethods {
    static let search = Method(
        "record.search", needs: .session, .reads, "Finds records by words in their texts.",
        "All words must be there, the last one as a beginning; words in \"quotes\" side by side. Case, accents and the "
            + "spelling of phone numbers do not matter. One character is looked for at the beginning of labels. Newest "
            + "first; among the newest 100 those whose label matches come before the others.",
        parameters: [
            Parameter("text", .text, "What to look for.", required: true),
            Parameter("entities", .list(of: .text), "Where; everywhere that the caller may look by default."),
            limit, cursor,
        ],
        result: .object([
            Parameter(
                "hits",
                .list(
                    of: .object([
                        Parameter("id", .id(), "The record.", required: true),
                        Parameter("entity", .text, "Its entity.", required: true),
                        Parameter(
                            "label", .any, "Its label, or null where the caller may not see it.",
                            required: true),
                        Parameter(
                            "fields",
                            .list(
                                of: .object([
                                    Parameter("field", .text, "The field.", required: true),
                                    Parameter("text", .text, "Its text around the hit.", required: true),
                                ])), "The visible fields with a hit.", required: true),
                    ])), "In order.", required: true),
            Parameter("next_cursor", .any, "Text for the next page, or null.", required: true),
        ]), errors: [.limitExceeded],
        example: .init(
            parameters: #"{"text": "lovelace acme", "entities": ["contact"], "limit": 10}"#,
            result:
                #"{"hits": [{"id": 21, "entity": "contact", "label": "Ada Lovelace", "fields": [{"field": "last_name", "text": "Lovelace"}, {"field": "email", "text": "ada@acme.example"}]}], "next_cursor": null}"#
        )
    ) { scope throws(CRMError) in
        let records = scope.services.records
        let plan = try records.planSearch(
            try scope.context(), scope.snapshot, text: try scope.arguments.text("text"),
            entities: try searched(scope), limit: Int(scope.arguments.integerIfGiven("limit") ?? 50),
            cursor: scope.arguments.textIfGiven("cursor"))
        return .scan { reader, writer throws(CRMError) in
            let (hits, next) = try reader.transaction { () throws(CRMError) in
                try records.search(plan, on: reader)
            }
            writer.beginObject()
            writer.key("hits")
            writer.beginArray()
            for hit in hits { write(hit, to: &writer) }
            writer.endArray()
            writer.key("next_cursor")
            if let next { writer.string(next) } else { writer.null() }
            writer.endObject()
        }
    }

    /// The entities named; where none is, nil, or what a narrowed key covers.
    private static func searched(_ scope: CallScope) throws(CRMError) -> [Entity]? {
        let registry = scope.snapshot.registry
        guard let names = scope.arguments.textsIfGiven("entities") else {
            let scopes = try scope.session().scopes
            guard !scopes.isEverything else { return nil }
            let principal = try scope.session().principal
            return registry.entities.filter { entity in
                scopes.permits(.view, in: entity.module)
                    && scope.snapshot.security.predicate(principal, .view, entity.name) != .nothing
            }
        }
        var entities: [Entity] = []
        for name in names {
            let entity = try registry.entity(name)
            try scope.checkScope(.view, entity)
            if !entities.contains(where: { $0 === entity }) { entities.append(entity) }
        }
        return entities
    }

    private static func write(_ hit: SearchHit, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.int(hit.id.rawValue)
        writer.key("entity")
        writer.string(hit.entity.name)
        writer.key("label")
        if let label = hit.label { writer.string(label) } else { writer.null() }
        writer.key("fields")
        writer.beginArray()
        for found in hit.fields {
            writer.beginObject()
            writer.key("field")
            writer.string(found.field.name)
            writer.key("text")
            writer.string(found.text)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
