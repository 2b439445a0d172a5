import CRMSDK
import JSON
import Query
import Records
import Registry
import Security
import Storage

/// Records that are taken out of the platform: a list that needs a right of its own and stands in the change log.
enum ExportMethods {
    static let all = [records]

    private static let records = Method(
        "export.records", needs: .session, .writes, "Lists records for use elsewhere, a page at a time.",
        "As record.list, under the right to export; each page is an entry of the change log, which says what was "
            + "taken out by whom, before it is answered.",
        parameters: [
            RecordMethods.entity, RecordMethods.filter, RecordMethods.fields,
            Parameter("sort", .list(of: .text), "Field names, - in front for descending; at most 10."),
            Parameter(
                "limit", .integer(1...1000), "How many to answer at most; 1,000 where it is not given."),
            RecordMethods.cursor,
        ],
        result: .object([
            Parameter("records", .list(of: .record(of: nil)), "In order.", required: true),
            Parameter("next_cursor", .any, "Text for the next page, or null.", required: true),
        ]), errors: [.forbidden, .limitExceeded],
        example: .init(
            parameters: #"{"entity": "account", "fields": ["account_name"]}"#,
            result: #"{"records": [{"id": 17, "account_name": "Acme"}], "next_cursor": null}"#)
    ) { scope throws(CRMError) in
        let call = try scope.context()
        let entity = try scope.readableEntity()
        try scope.checkScope(.export, entity)
        try scope.snapshot.security.require(call.principal, .export, entity.name)
        var parameters = try RecordMethods.listParameters(scope)
        if scope.arguments.integerIfGiven("limit") == nil { parameters.limit = 1000 }
        let plan = try scope.services.records.planList(call, scope.snapshot, parameters)
        let (services, snapshot) = (scope.services, scope.snapshot)
        let filter = scope.arguments["filter"].map { String(decoding: $0.rawBytes, as: UTF8.self) }
        return .scan { reader, writer throws(CRMError) in
            let json = RecordJSON(snapshot)
            var count: Int64 = 0
            writer.beginObject()
            writer.key("records")
            writer.beginArray()
            let next = try services.records.list(plan, on: reader) { row in
                json.write(row, plan.read.columns, to: &writer)
                count += 1
            }
            writer.endArray()
            writer.key("next_cursor")
            if let next { writer.string(next) } else { writer.null() }
            writer.endObject()
            let taken = payload(count, entity.name, filter)
            try services.database.writer.perform { transaction throws(CRMError) in
                try transaction.append(
                    ChangeEntry(
                        .export, entity: entity.number, actor: call.principal.user, source: call.source.name,
                        method: call.method, payload: taken))
            }
        }
    }

    private static func payload(_ count: Int64, _ entity: String, _ filter: String?) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("entity")
        writer.string(entity)
        writer.key("records")
        writer.int(count)
        if let filter {
            writer.key("filter")
            writer.string(String(filter.prefix(2_000)))
        }
        writer.endObject()
        return writer.finish()
    }
}
