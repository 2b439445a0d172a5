import CRMSDK
import JSON
import Query
import Records

/// Records as they were: the same answers as of today's, always on the scan lane.
extension RecordMethods {
    static func get(_ scope: CallScope, _ id: RecordID, asOf moment: Instant) throws(CRMError) -> Work {
        let (records, call, snapshot) = (scope.services.records, try scope.context(), scope.snapshot)
        let name = scope.arguments.textIfGiven("entity")
        let fields = scope.arguments.textsIfGiven("fields")
        let bin = recycleBin(scope.arguments)
        return .scan { reader, writer throws(CRMError) in
            let json = RecordJSON(snapshot)
            try records.get(
                call, snapshot, on: reader, id: id, entity: name, fields: fields, bin: bin, asOf: moment
            ) { row, plan in
                json.write(row, plan.columns, to: &writer)
            }
        }
    }

    static func list(
        _ scope: CallScope, _ parameters: ListParameters, asOf moment: Instant
    ) throws(CRMError) -> Work {
        let (records, call, snapshot) = (scope.services.records, try scope.context(), scope.snapshot)
        let counting = scope.arguments.flag("count")
        return .scan { reader, writer throws(CRMError) in
            let json = RecordJSON(snapshot)
            writer.beginObject()
            writer.key("records")
            writer.beginArray()
            let (next, total) = try records.list(
                call, snapshot, parameters, asOf: moment, counting: counting, on: reader
            ) { row, plan in
                json.write(row, plan.columns, to: &writer)
            }
            writer.endArray()
            writer.key("next_cursor")
            if let next { writer.string(next) } else { writer.null() }
            if let total {
                writer.key("total")
                writer.int(total)
            }
            writer.endObject()
        }
    }

    static func count(_ scope: CallScope, asOf moment: Instant) throws(CRMError) -> Work {
        let (records, call, snapshot) = (scope.services.records, try scope.context(), scope.snapshot)
        let parameters = try listParameters(scope)
        return .scan { reader, writer throws(CRMError) in
            let count = try records.count(call, snapshot, parameters, asOf: moment, on: reader)
            writer.beginObject()
            writer.key("count")
            writer.int(count)
            writer.endObject()
        }
    }
}
