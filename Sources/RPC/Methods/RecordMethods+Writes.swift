import CRMSDK
import JSON
import Query
import Records
import Registry
import Storage

extension RecordMethods {
    private static let values = Parameter(
        "values", .values(of: nil),
        "By field name: amounts and decimals as text, references as ids, null to empty.",
        required: true)
    private static let allowDuplicate = Parameter(
        "allow_duplicate", .boolean, "Write it though a rule for duplicates warns; one that blocks stays.")
    private static let writeErrors: [CRMError.Kind] = [.notFound, .invalidRecord, .duplicate]

    private static func warnings(_ arguments: Arguments) -> DuplicateWarnings {
        arguments.flag("allow_duplicate") ? .waived : .heard
    }

    static let writes: [Method] = [
        Method(
            "record.create", needs: .session, .writes, "Creates a record.",
            "Defaults fill what is not given. Answers the record as stored. Where a rule for duplicates warns or blocks, "
                + "the refusal lists in its data the records that it is like.",
            parameters: [entity, values, allowDuplicate, fields, dryRun], result: .record(of: nil),
            errors: writeErrors,
            example: .init(
                parameters:
                    #"{"entity": "account", "values": {"account_name": "Acme", "annual_revenue": "1200000.00"}}"#,
                result: #"{"id": 17, "account_name": "Acme", "version": 1}"#)
        ) { scope throws(CRMError) in
            let entity = try scope.entity(.create)
            let given = try GivenValues(try scope.arguments.node("values"), of: entity, try scope.fieldView())
            let (answer, warnings) = (try WrittenRecord(scope), warnings(scope.arguments))
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                let id = try answer.records.unit(transaction, answer.call) { unit throws(CRMError) in
                    try given.write(transaction) { values throws(CRMError) in
                        try unit.create(entity.name, values, warnings: warnings)
                    }
                }
                try answer.write(id, entity.name, from: transaction, to: &writer)
            }
        },
        upsert,
        Method(
            "record.update", needs: .session, .writes, "Changes the fields that are named.",
            "With version, refuses when somebody else has changed the record since that version was read. "
                + "Answers the record as stored.",
            parameters: [
                id, entityIfKnown, values,
                Parameter(
                    "version", .integer(1...Int(RecordID.maximum.rawValue)), "The version that was read."),
                allowDuplicate, fields, dryRun,
            ],
            result: .record(of: nil), errors: writeErrors + [.versionConflict],
            example: .init(
                parameters:
                    #"{"id": 17, "values": {"rating": "active"}, "version": 1, "fields": ["account_name", "rating", "version"]}"#,
                result:
                    #"{"id": 17, "account_name": "Acme", "rating": "active", "version": 2}"#)
        ) { scope throws(CRMError) in
            let id = try scope.arguments.id()
            let entity = try scope.services.records.entity(
                of: id, named: scope.arguments.textIfGiven("entity"), scope.snapshot, scope.reader)
            // Before anything is said of the entity's fields: what cannot be seen is not there.
            try scope.services.records.requireVisible(
                try scope.context(), scope.snapshot, on: scope.reader, id: id, entity,
                named: scope.arguments.textIfGiven("entity"))
            try scope.checkScope(.edit, entity)
            let values = try RecordValues.read(
                try scope.arguments.node("values"), of: entity, try scope.fieldView())
            let version = scope.arguments.integerIfGiven("version")
            let (answer, warnings) = (try WrittenRecord(scope), warnings(scope.arguments))
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                _ = try answer.records.unit(transaction, answer.call) { unit throws(CRMError) in
                    try unit.update(
                        id, entity: entity.name, values, version: version, warnings: warnings)
                }
                try answer.write(id, entity.name, from: transaction, to: &writer)
            }
        },
        Method(
            "record.delete", needs: .session, .writes, "Moves a record to the recycle bin.",
            "record.restore brings it back; references to it stay and are marked.",
            parameters: [id, entityIfKnown, dryRun],
            result: .object([
                Parameter("id", .id(), "The record.", required: true),
                Parameter("deleted", .boolean, "True.", required: true),
            ]), errors: [.notFound],
            example: .init(
                parameters:
                    #"{"id": 17}"#,
                result:
                    #"{"id": 17, "deleted": true}"#)
        ) { scope throws(CRMError) in
            let id = try scope.arguments.id()
            try scope.checkScope(.delete, of: id)
            let name = scope.arguments.textIfGiven("entity")
            let answer = try WrittenRecord(scope)
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                try answer.records.unit(transaction, answer.call) { unit throws(CRMError) in
                    try unit.delete(id, entity: name)
                }
                writer.beginObject()
                writer.key("id")
                writer.int(id.rawValue)
                writer.key("deleted")
                writer.bool(true)
                writer.endObject()
            }
        },
        Method(
            "record.restore", needs: .session, .writes, "Brings a record back from the recycle bin.",
            "Refused where another record has taken a value that must be unique. Answers the record.",
            parameters: [id, entityIfKnown, fields, dryRun], result: .record(of: nil),
            errors: [.notFound, .duplicate],
            example: .init(
                parameters:
                    #"{"id": 17, "fields": ["account_name"]}"#,
                result:
                    #"{"id": 17, "account_name": "Acme"}"#)
        ) { scope throws(CRMError) in
            let id = try scope.arguments.id()
            try scope.checkScope(.delete, of: id)
            let name = scope.arguments.textIfGiven("entity")
            let answer = try WrittenRecord(scope)
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                try answer.records.unit(transaction, answer.call) { unit throws(CRMError) in
                    try unit.restore(id, entity: name)
                }
                try answer.write(id, name, from: transaction, to: &writer)
            }
        },
    ]
}

extension RecordMethods {
    private static let upsert = Method(
        "record.upsert", needs: .session, .writes, "Updates the record that has these values, or creates it.",
        "match_on names fields of values, at least one of them unique: the record that has the same values in all of "
            + "them is updated, and where there is none one is created.",
        parameters: [
            entity,
            Parameter(
                "match_on", .list(of: .text),
                "Fields by which the record is found; at least one of them unique.",
                required: true), values, allowDuplicate, fields, dryRun,
        ],
        result: .object([
            Parameter(
                "outcome", .choice("created", "updated", "unchanged"), "What was done.", required: true),
            Parameter("record", .record(of: nil), "As it is stored now.", required: true),
        ]), errors: writeErrors,
        example: .init(
            parameters:
                #"{"entity": "user", "match_on": ["username"], "values": {"username": "ada", "last_name": "Lovelace"}}"#,
            result: #"{"outcome": "updated", "record": {"id": 17, "username": "ada", "version": 2}}"#)
    ) { scope throws(CRMError) in
        let entity = try scope.snapshot.registry.entity(try scope.arguments.text("entity"))
        for verb in [AccessVerb.create, .edit] { try scope.checkScope(verb, entity) }
        let view = try scope.fieldView()
        let given = try GivenValues(try scope.arguments.node("values"), of: entity, view)
        let names = scope.arguments.textsIfGiven("match_on") ?? []
        guard names.count <= 5 else {
            throw CRMError(.limitExceeded, "a record is matched on at most 5 fields")
        }
        let find = view.finder(of: entity)
        var matching: [Field] = []
        for name in names {
            guard let field = find(name) else { _ = try view.field(at: name, of: entity); continue }
            matching.append(field)
        }
        let (answer, fields, warnings) = (try WrittenRecord(scope), matching, warnings(scope.arguments))
        return .write(scope.mode) { transaction, writer throws(CRMError) in
            let (id, outcome) = try answer.records.unit(transaction, answer.call) { unit throws(CRMError) in
                try given.write(transaction) { values throws(CRMError) in
                    try unit.upsert(entity, matching: fields, values, warnings: warnings)
                }
            }
            writer.beginObject()
            writer.key("outcome")
            writer.string(outcome.rawValue)
            writer.key("record")
            try answer.write(id, entity.name, from: transaction, to: &writer)
            writer.endObject()
        }
    }
}

/// The values of a record that is to be made, with what is wrong with those that cannot be read.
///
/// Where some cannot, the write is tried with the others and undone, so that what else is wrong is told at once:
/// whoever mends a record should not be told of the next problem only then.
struct GivenValues: Sendable {
    private let values: [String: Value]
    private let problems: [FieldProblem]
    /// The place of each field in what was sent.
    private let places: [String: Int]
    private let entity: String

    init(_ node: JSONNode, of entity: Entity, _ view: FieldView) throws(CRMError) {
        var problems: [FieldProblem] = []
        values = try RecordValues.read(node, of: entity, view, &problems)
        self.problems = problems
        places = Dictionary(
            node.members.enumerated().map { ($0.element.name, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        self.entity = entity.name
    }

    func write<R>(
        _ transaction: WriteTransaction, _ body: ([String: Value]) throws(CRMError) -> R
    ) throws(CRMError) -> R {
        guard !problems.isEmpty else { return try body(values) }
        let unreadable = CRMError.invalidRecord(entity, problems)
        do throws(CRMError) {
            return try transaction.savepoint { () throws(CRMError) in
                _ = try body(values)
                throw unreadable
            }
        } catch {
            guard error.kind == .invalidRecord, !error.fields.isEmpty else {
                // What the caller may not do at all comes first; a duplicate or the like can wait.
                throw [.forbidden, .notFound, .unavailable, .limitExceeded].contains(error.kind)
                    ? error : unreadable
            }
            let told = Set(problems.map(\.field))
            let all = problems + error.fields.filter { !told.contains($0.field) }
            // In the order of what was sent; what is missing comes behind it.
            let sorted = all.enumerated().sorted { one, other in
                (places[one.element.field] ?? .max, one.offset) < (
                    places[other.element.field] ?? .max, other.offset
                )
            }
            var whole = CRMError.invalidRecord(entity, sorted.map(\.element), hint: error.hint)
            whole.rule = error.rule
            throw whole
        }
    }
}

/// What a write answers: the record as it was stored, read inside the unit that wrote it.
struct WrittenRecord: Sendable {
    let records: RecordService
    let call: CallContext
    let fields: [String]?

    init(_ scope: CallScope, source: CallSource? = nil) throws(CRMError) {
        records = scope.services.records
        call = try scope.context(source: source)
        fields = scope.arguments.textsIfGiven("fields")
    }

    /// Who may write but not view is answered the id alone.
    func write(
        _ id: RecordID, _ entity: String?, from transaction: WriteTransaction, to writer: inout JSONWriter
    ) throws(CRMError) {
        let snapshot = records.snapshots.current
        let json = RecordJSON(snapshot)
        let mark = writer.mark
        do throws(CRMError) {
            try records.get(call, snapshot, on: transaction, id: id, entity: entity, fields: fields) {
                row, plan in
                json.write(row, plan.columns, to: &writer)
            }
        } catch  where error.kind == .notFound {
            writer.truncate(to: mark)
            writer.beginObject()
            writer.key("id")
            writer.int(id.rawValue)
            writer.endObject()
        }
    }
}
