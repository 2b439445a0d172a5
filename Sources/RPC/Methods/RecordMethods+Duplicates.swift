import CRMSDK
import JSON
import Records
import Registry
import Storage

extension RecordMethods {
    private static let foundRecord = [
        Parameter("id", .id(), "The record.", required: true),
        Parameter("entity", .text, "Its entity.", required: true),
        Parameter("label", .any, "Its label, or null where the caller may not see it.", required: true),
    ]

    static let findDuplicates = Method(
        "record.find_duplicates", needs: .session, .reads,
        "Finds records that mean the same by the entity's rules.",
        "With id, those like a record; with entity and values, those like one that would be made; with entity alone, all "
            + "groups, rule by rule. Rules are records of duplicate_rule; one over a field that the caller may not see "
            + "is not used. Of records that are alike by one value the 1,000 oldest are looked at. record.merge makes "
            + "one of several.",
        parameters: [
            Parameter("id", .id(), "A record."),
            Parameter("entity", .text, "Where to look; saves a look-up where there is an id."),
            Parameter("values", .values(of: nil), "By field name, as record.create takes them."),
            limit, cursor,
        ],
        result: .object([
            Parameter(
                "records",
                .list(
                    of: .object(
                        foundRecord + [
                            Parameter(
                                "rules", .list(of: .text), "The names of the rules that find it.",
                                required: true)
                        ])), "For an id and for values: from the oldest."),
            Parameter(
                "hidden", .integer,
                "For an id and for values: how many more there are that the caller may not view; 0 for whoever may not "
                    + "create one."),
            Parameter(
                "groups",
                .list(
                    of: .object([
                        Parameter(
                            "rule",
                            .object([
                                Parameter("id", .id(), "The rule's record.", required: true),
                                Parameter("label", .text, "Its name.", required: true),
                            ]), "By what they are alike.", required: true),
                        Parameter(
                            "records", .list(of: .object(foundRecord)),
                            "At least two, from the oldest; at most 50.",
                            required: true),
                        Parameter("more", .boolean, "Whether there are more than these.", required: true),
                    ])), "For an entity."),
            Parameter("next_cursor", .any, "For an entity: text for the next page, or null."),
            Parameter(
                "filling", .list(of: .text), "Rules by which not all records have been looked at yet.",
                required: true),
        ]), errors: [.notFound, .invalidRecord],
        example: .init(
            parameters: #"{"entity": "contact", "values": {"email": "ada@acme.example"}}"#,
            result:
                #"{"records": [{"id": 21, "entity": "contact", "label": "Ada Lovelace", "rules": ["Contact by e-mail"]}], "hidden": 0, "filling": []}"#
        )
    ) { scope throws(CRMError) in
        let (arguments, records, snapshot) = (scope.arguments, scope.services.records, scope.snapshot)
        let call = try scope.context()
        let name = arguments.textIfGiven("entity")
        if arguments["id"] != nil {
            guard arguments["values"] == nil else {
                throw CRMError(.invalidParameters, "id and values cannot be given together")
            }
            let id = try arguments.id()
            try scope.checkScope(.view, of: id)
            return .scan { reader, writer throws(CRMError) in
                try reader.transaction { () throws(CRMError) in
                    let (entity, finding) = try records.duplicates(
                        call, snapshot, on: reader, of: id, entity: name)
                    write(finding, entity, to: &writer)
                    try end(call, records, snapshot, reader, entity, &writer)
                }
            }
        }
        guard name != nil else {
            throw CRMError(.invalidParameters, "parameter \"id\" or \"entity\" is missing")
        }
        let entity = try scope.entity(.view)
        guard let node = arguments["values"] else {
            let (limit, cursor) = (
                Int(arguments.integerIfGiven("limit") ?? 50), arguments.textIfGiven("cursor")
            )
            return .scan { reader, writer throws(CRMError) in
                try reader.transaction { () throws(CRMError) in
                    let (groups, next) = try records.duplicateGroups(
                        call, snapshot, on: reader, entity, limit: limit, cursor: cursor)
                    write(groups, entity, next: next, to: &writer)
                    try end(call, records, snapshot, reader, entity, &writer)
                }
            }
        }
        let values = try accepted(try RecordValues.read(node, of: entity, try scope.fieldView()), entity)
        return .scan { reader, writer throws(CRMError) in
            try reader.transaction { () throws(CRMError) in
                let finding = try records.duplicates(call, snapshot, on: reader, entity, values)
                write(finding, entity, to: &writer)
                try end(call, records, snapshot, reader, entity, &writer)
            }
        }
    }

    /// The values in the one form in which they would be stored.
    private static func accepted(
        _ values: [String: Value], _ entity: Entity
    ) throws(CRMError) -> [String: Value] {
        var accepted: [String: Value] = [:]
        for (name, value) in values where !value.isNull {
            guard let field = entity[name] else { continue }
            do throws(FieldRefusal) {
                accepted[name] = try field.kind.accept(value, for: field.definition)
            } catch {
                throw .invalidRecord(
                    entity.name, [FieldProblem(field: name, code: error.code, message: error.message)])
            }
        }
        return accepted
    }

    // MARK: Answers

    private static func write(_ finding: DuplicateFinding, _ entity: Entity, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("records")
        writer.beginArray()
        for record in finding.records {
            write(record.id, record.label, entity, to: &writer)
            writer.key("rules")
            writer.strings(record.rules)
            writer.endObject()
        }
        writer.endArray()
        writer.key("hidden")
        writer.int(finding.hidden)
    }

    private static func write(
        _ groups: [DuplicateGroup], _ entity: Entity, next: String?, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.key("groups")
        writer.beginArray()
        for group in groups {
            writer.beginObject()
            writer.key("rule")
            writer.beginObject()
            writer.key("id")
            writer.int(group.rule.id.rawValue)
            writer.key("label")
            writer.string(group.rule.name)
            writer.endObject()
            writer.key("records")
            writer.beginArray()
            for record in group.records {
                write(record.id, record.label, entity, to: &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.key("more")
            writer.bool(group.hasMore)
            writer.endObject()
        }
        writer.endArray()
        writer.key("next_cursor")
        if let next { writer.string(next) } else { writer.null() }
    }

    /// Begins a record's object.
    private static func write(
        _ id: RecordID, _ label: String?, _ entity: Entity, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.key("id")
        writer.int(id.rawValue)
        writer.key("entity")
        writer.string(entity.name)
        writer.key("label")
        if let label { writer.string(label) } else { writer.null() }
    }

    /// Writes which rules are being filled, and ends the answer.
    private static func end(
        _ call: CallContext, _ records: RecordService, _ snapshot: KernelSnapshot, _ reader: ReadConnection,
        _ entity: Entity, _ writer: inout JSONWriter
    ) throws(CRMError) {
        writer.key("filling")
        writer.strings(try records.rulesBeingFilled(call, snapshot, on: reader, entity))
        writer.endObject()
    }
}
