import CRMSDK
import JSON
import Query
import Records
import Registry
import Storage

/// Records that belong together: linked many with many, or referring to one.
extension RecordMethods {
    private static let relation = Parameter(
        "relation", .text, "The relation's name on this record's side, as entity.describe has it.",
        required: true)
    private static let other = Parameter("to", .id(), "The other record's id.", required: true)
    private static let linkErrors: [CRMError.Kind] = [.notFound, .invalidRecord]

    static let links: [Method] = [
        Method(
            "record.link", needs: .session, .writes, "Links two records.",
            "Linking again with other values changes the link's values; those not named stay. Needs the right to view "
                + "both records and to edit one of them.",
            parameters: [
                id, relation, other,
                Parameter("values", .values(of: nil), "Of the link itself, by field name."), dryRun,
            ],
            result: .object([
                Parameter("id", .id(), "The record.", required: true),
                Parameter("relation", .text, "As it was given.", required: true),
                Parameter("to", .id(), "The other record.", required: true),
                Parameter(
                    "outcome", .choice("linked", "changed", "unchanged"), "What became of the pair.",
                    required: true),
            ]), errors: linkErrors,
            example: .init(
                parameters:
                    #"{"id": 41, "relation": "campaign_contact", "to": 18, "values": {"response_status": "contacted_successful"}}"#,
                result: #"{"id": 41, "relation": "campaign_contact", "to": 18, "outcome": "linked"}"#)
        ) { scope throws(CRMError) in
            let (id, other, list) = try ends(scope, .edit)
            let name = try scope.arguments.text("relation")
            var values: [String: Value] = [:]
            if let given = scope.arguments["values"], let relation = list.relation {
                values = try LinkValuesReading.read(given, of: relation)
            }
            let (records, call, given) = (scope.services.records, try scope.context(), values)
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                let outcome = try records.unit(transaction, call) { unit throws(CRMError) in
                    try unit.link(id, name, to: other, given)
                }
                writePair(id, name, other, to: &writer) { $0.string(outcome.rawValue) }
            }
        },
        Method(
            "record.unlink", needs: .session, .writes, "Ends the link of two records.",
            "Needs the same rights as record.link.",
            parameters: [id, relation, other, dryRun],
            result: .object([
                Parameter("id", .id(), "The record.", required: true),
                Parameter("relation", .text, "As it was given.", required: true),
                Parameter("to", .id(), "The other record.", required: true),
                Parameter("outcome", .choice("unlinked"), "What became of the pair.", required: true),
            ]), errors: [.notFound],
            example: .init(
                parameters:
                    #"{"id": 41, "relation": "campaign_contact", "to": 18}"#,
                result:
                    #"{"id": 41, "relation": "campaign_contact", "to": 18, "outcome": "unlinked"}"#)
        ) { scope throws(CRMError) in
            let (id, other, _) = try ends(scope, .edit)
            let name = try scope.arguments.text("relation")
            let (records, call) = (scope.services.records, try scope.context())
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                try records.unit(transaction, call) { unit throws(CRMError) in
                    try unit.unlink(id, name, from: other)
                }
                writePair(id, name, other, to: &writer) { $0.string("unlinked") }
            }
        },
        related,
    ]

    static let related = Method(
        "record.related", needs: .session, .reads,
        "The records that are linked with a record, or refer to it.",
        "As record.list answers, a page at a time, and only what the caller may view. A linked record has a member "
            + "\"link\" with the link's values; filter and sort reach them by link.NAME.",
        parameters: [
            id, relation, filter, fields,
            Parameter("sort", .list(of: .text), "Field names, - in front for descending; at most 10."), limit,
            cursor,
            Parameter("count", .boolean, "Answer the total as well; costs a count of all that match."),
        ],
        result: pageResult, errors: [.notFound, .limitExceeded],
        example: .init(
            parameters:
                #"{"id": 41, "relation": "campaign_contact", "filter": ["link.response_status", "is not empty"], "fields": ["last_name"]}"#,
            result:
                #"{"records": [{"id": 18, "last_name": "Noor", "link": {"response_status": "contacted_successful", "created_at": "2026-11-22T15:24:20.123Z", "created_by": {"id": 1, "entity": "user", "label": "Ada Lovelace"}}}], "next_cursor": null}"#
        )
    ) { scope throws(CRMError) in
        let id = try scope.arguments.id()
        let (near, list) = try relatedList(scope, id)
        try scope.checkScope(.view, near)
        try scope.checkScope(.view, list.entity)
        var parameters = ListParameters(entity: list.entity.name)
        if let node = scope.arguments["filter"] {
            parameters.filter = try FilterReading.read(
                node, on: list.entity, try scope.fieldView().reaching(list.relation, scope))
        }
        setPage(of: &parameters, scope)
        return try page(scope.services.records.related(to: id, list, parameters), &scope)
    }

    /// The record that `id` names, if the caller may view it, and the list that `relation` names.
    private static func relatedList(
        _ scope: CallScope, _ id: RecordID
    ) throws(CRMError) -> (Entity, RelatedList) {
        let (records, call) = (scope.services.records, try scope.context())
        let entity = try records.entity(of: id, named: nil, scope.snapshot, scope.reader)
        try records.get(call, scope.snapshot, on: scope.reader, id: id, entity: entity.name, fields: ["id"]) {
            _, _ in
        }
        return (
            entity,
            try records.relatedList(try scope.arguments.text("relation"), of: entity, call, scope.snapshot)
        )
    }

    /// What a write of a link names, held against what an API key was narrowed to.
    private static func ends(
        _ scope: CallScope, _ verb: AccessVerb
    ) throws(CRMError) -> (RecordID, RecordID, RelatedList) {
        let id = try scope.arguments.id()
        let (near, list) = try relatedList(scope, id)
        do throws(CRMError) {
            try scope.checkScope(verb, near)
            try scope.checkScope(.view, list.entity)
        } catch {
            // One side to edit is enough.
            guard (try? scope.checkScope(verb, list.entity)) != nil,
                (try? scope.checkScope(.view, near)) != nil
            else { throw error }
        }
        return (id, try scope.arguments.id("to"), list)
    }

    private static func writePair(
        _ id: RecordID, _ relation: String, _ other: RecordID, to writer: inout JSONWriter,
        outcome: (inout JSONWriter) -> Void
    ) {
        writer.beginObject()
        writer.key("id")
        writer.int(id.rawValue)
        writer.key("relation")
        writer.string(relation)
        writer.key("to")
        writer.int(other.rawValue)
        writer.key("outcome")
        outcome(&writer)
        writer.endObject()
    }
}

/// Reads the values of a link from JSON; rules are checked by `Records`.
enum LinkValuesReading {
    /// - Throws: `invalidRecord` with every value that cannot be read, fields named as `link.role`.
    static func read(_ node: JSONNode, of relation: Relation) throws(CRMError) -> [String: Value] {
        guard node.count <= RecordValues.fieldLimit else {
            throw CRMError(
                .limitExceeded,
                "\(node.count) values are over the limit of \(RecordValues.fieldLimit) of one link")
        }
        var problems: [FieldProblem] = []
        var values: [String: Value] = [:]
        for (name, value) in node.members {
            guard let field = relation.values.first(where: { $0.name == name }) else {
                // Unknown ones are refused where hidden ones are, and with the same words.
                values[name] = .null
                continue
            }
            do throws(FieldRefusal) {
                values[name] = try WireValue.read(value, field.wire, label: field.label)
            } catch {
                problems.append(FieldProblem(field: "link.\(name)", code: error.code, message: error.message))
            }
        }
        guard problems.isEmpty else { throw .invalidRecord(relation.name, problems) }
        return values
    }
}

extension FieldView {
    /// The same view, which also knows the values of a relation's links as `link.NAME`.
    func reaching(_ relation: Relation?, _ scope: CallScope) throws(CRMError) -> FieldView {
        guard let relation else { return self }
        let viewpoint = scope.services.records.viewpoint(try scope.context(), scope.snapshot)
        var view = self
        view.linkFields = relation.fields.filter { viewpoint.sees($0, of: relation) }
        return view
    }
}
