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
    private static let writeErrors: [CRMError.Kind] = [.notFound, .invalidRecord, .duplicate]

    static let writes: [Method] = [
        Method(
            "record.create", needs: .session, .writes, "Creates a record.",
            "Defaults fill what is not given. Answers the record as stored.",
            parameters: [entity, values, fields, dryRun], result: .record(of: nil), errors: writeErrors,
            example: .init(
                parameters:
                    #"{"entity": "account", "values": {"account_name": "Acme", "annual_revenue": "1200000.00"}}"#,
                result: #"{"id": 17, "account_name": "Acme", "version": 1}"#)
        ) { scope throws(CRMError) in
            let entity = try scope.entity(.create)
            let values = try RecordValues.read(
                try scope.arguments.node("values"), of: entity, try scope.fieldView())
            let answer = try WrittenRecord(scope)
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                let id = try answer.records.unit(transaction, answer.call) { unit throws(CRMError) in
                    try unit.create(entity.name, values)
                }
                try answer.write(id, entity.name, from: transaction, to: &writer)
            }
        },
        Method(
            "record.update", needs: .session, .writes, "Changes the fields that are named.",
            "With version, refuses when somebody else has changed the record since that version was read. "
                + "Answers the record as stored.",
            parameters: [
                id, entityIfKnown, values,
                Parameter(
                    "version", .integer(1...Int(RecordID.maximum.rawValue)), "The version that was read."),
                fields, dryRun,
            ],
            result: .record(of: nil), errors: writeErrors + [.versionConflict]
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
            let answer = try WrittenRecord(scope)
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                _ = try answer.records.unit(transaction, answer.call) { unit throws(CRMError) in
                    try unit.update(id, entity: entity.name, values, version: version)
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
            ]), errors: [.notFound]
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
            errors: [.notFound, .duplicate]
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
