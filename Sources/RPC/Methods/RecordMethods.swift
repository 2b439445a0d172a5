import CRMSDK
import JSON
import Query
import Records
import Registry
import Storage

/// Records of every entity: what clients do all day.
enum RecordMethods {
    static let all: [Method] =
        [get, list, count, aggregate, search, history] + writes + links
        + [findDuplicates, merge, purge]

    // MARK: Parameters that several share

    static let entity = Parameter(
        "entity", .text, "The entity's name, as entity.list has it.", required: true)
    static let entityIfKnown = Parameter(
        "entity", .text, "The entity's name; saves a look-up, and another entity's record is not found.")
    static let id = Parameter("id", .id(), "The record's id.", required: true)
    static let filter = Parameter("filter", .filter, "Which records are meant; all where it is not given.")
    static let fields = Parameter(
        "fields", .list(of: .text),
        "The fields to answer, also over references (account.industry); all of its own that the caller may see where it "
            + "is not given."
    )
    static let limit = Parameter(
        "limit", .integer(1...1000), "How many to answer at most; 50 where it is not given.")
    static let cursor = Parameter("cursor", .text, "Where to go on: next_cursor of the page before.")
    static let dryRun = Parameter(
        "dry_run", .boolean, "Do everything, answer what would be, and keep nothing.")
    static let bin = Parameter(
        "recycle_bin", .choice("exclude", "only", "include"),
        "Whether deleted records are meant; exclude by default.")

    static let asOf = Parameter(
        "as_of", .field(.datetime),
        "A moment: records as they were then, for whoever may view them now. What lies behind a reference, and its "
            + "label, are today's.")

    // MARK: Reading

    static let get = Method(
        "record.get", needs: .session, .reads, "Reads one record.",
        "A record that is missing, deleted or not to be seen by the caller is not found: one answer for all three. The id "
            + "of a record that was merged into another answers that one, with the id as merged_from; with recycle_bin it "
            + "answers the record itself, with merged_into.",
        parameters: [id, entityIfKnown, fields, bin, asOf], result: .record(of: nil), errors: [.notFound],
        example: .init(
            parameters: #"{"id": 17, "entity": "account", "fields": ["account_name", "owner"]}"#,
            result:
                #"{"id": 17, "account_name": "Acme", "owner": {"id": 1, "entity": "user", "label": "Ada Lovelace"}}"#
        )
    ) { scope throws(CRMError) in
        let call = try scope.context()
        let id = try scope.arguments.id()
        if let moment = scope.arguments.momentIfGiven("as_of") {
            try scope.checkScope(.view, of: id)
            return try get(scope, id, asOf: moment)
        }
        let (bin, mark) = (recycleBin(scope.arguments), scope.writer.mark)
        do throws(CRMError) {
            try get(call, id, bin, bin == .outside ? nil : try mergedInto(id, scope), &scope)
        } catch {
            guard error.kind == .notFound, bin == .outside,
                let master = try scope.services.records.master(of: id, on: scope.reader)
            else { throw error }
            scope.writer.truncate(to: mark)
            do throws(CRMError) {
                try get(call, master, bin, .from(id), &scope)
            } catch let other {
                // Of a master that the caller may not view nothing is said.
                throw other.kind == .notFound ? error : other
            }
        }
        return .done
    }

    private static func get(
        _ call: CallContext, _ id: RecordID, _ bin: RecycleBin, _ note: MergeNote?, _ scope: inout CallScope
    ) throws(CRMError) {
        try scope.checkScope(.view, of: id)
        let json = RecordJSON(scope.snapshot)
        try scope.services.records.get(
            call, scope.snapshot, on: scope.reader, id: id, entity: scope.arguments.textIfGiven("entity"),
            fields: scope.arguments.textsIfGiven("fields"), bin: bin
        ) { row, plan in
            json.write(row, plan.columns, merge: note, to: &scope.writer)
        }
    }

    private static func mergedInto(_ id: RecordID, _ scope: CallScope) throws(CRMError) -> MergeNote? {
        let records = scope.services.records
        guard let master = try records.master(of: id, on: scope.reader) else { return nil }
        return .into(
            try records.reference(try scope.context(), scope.snapshot, on: scope.reader, to: master))
    }

    static let list = Method(
        "record.list", needs: .session, .reads, "Lists records, a page at a time.",
        "The sort is made total by the id. next_cursor is null on the last page; a cursor is good for the same query only.",
        parameters: [
            entity, filter, fields,
            Parameter("sort", .list(of: .text), "Field names, - in front for descending; at most 10."), limit,
            cursor,
            Parameter("count", .boolean, "Answer the total as well; costs a count of all that match."), bin,
            asOf,
        ],
        result: pageResult, errors: [.limitExceeded],
        example: .init(
            parameters:
                #"{"entity": "account", "filter": ["industry", "=", "banking"], "sort": ["-annual_revenue"], "fields": ["account_name"], "limit": 2}"#,
            result: #"{"records": [{"id": 17, "account_name": "Acme"}], "next_cursor": null}"#)
    ) { scope throws(CRMError) in
        let parameters = try listParameters(scope)
        if let moment = scope.arguments.momentIfGiven("as_of") {
            return try list(scope, parameters, asOf: moment)
        }
        return try page(parameters, &scope)
    }

    static let pageResult = ParameterType.object([
        Parameter("records", .list(of: .record(of: nil)), "In order.", required: true),
        Parameter("next_cursor", .any, "Text for the next page, or null.", required: true),
        Parameter("total", .integer, "How many match; only where it was asked for."),
    ])

    /// Plans a page and runs it, on the lane that the plan says.
    static func page(_ parameters: ListParameters, _ scope: inout CallScope) throws(CRMError) -> Work {
        let call = try scope.context()
        let plan = try scope.services.records.planList(call, scope.snapshot, parameters)
        let counting =
            scope.arguments.flag("count")
            ? try scope.services.records.planCount(call, scope.snapshot, parameters) : nil
        let page = Page(
            plan: plan, counting: counting, records: scope.services.records, snapshot: scope.snapshot)
        guard plan.lane == .bounded, counting == nil else {
            return .scan { reader, writer throws(CRMError) in try page.write(reader, to: &writer) }
        }
        try page.write(scope.reader, to: &scope.writer)
        return .done
    }

    /// A page that is planned: what both lanes run.
    private struct Page: Sendable {
        let plan: ListPlan
        let counting: Statement?
        let records: RecordService
        let snapshot: KernelSnapshot

        /// Several statements see one state of the database.
        func write(_ reader: ReadConnection, to writer: inout JSONWriter) throws(CRMError) {
            guard counting != nil || plan.read.statements.count > 1 else {
                return try writeParts(reader, to: &writer)
            }
            try reader.transaction { () throws(CRMError) in try writeParts(reader, to: &writer) }
        }

        private func writeParts(_ reader: ReadConnection, to writer: inout JSONWriter) throws(CRMError) {
            let json = RecordJSON(snapshot)
            writer.beginObject()
            writer.key("records")
            writer.beginArray()
            let next = try records.list(plan, on: reader) { row in
                json.write(row, plan.read.columns, link: plan.read.linkColumns, to: &writer)
            }
            writer.endArray()
            writer.key("next_cursor")
            if let next { writer.string(next) } else { writer.null() }
            if let counting {
                writer.key("total")
                writer.int(try records.count(counting, on: reader))
            }
            writer.endObject()
        }
    }

    static let count = Method(
        "record.count", needs: .session, .reads,
        "Counts the records that a list of the same filter would show.",
        parameters: [entity, filter, bin, asOf],
        result: .object([Parameter("count", .integer, "How many.", required: true)]),
        example: .init(
            parameters:
                #"{"entity": "account", "filter": {"all": [["industry", "=", "banking"], ["created_at", ">=", "2026-11-01"]]}}"#,
            result:
                #"{"count": 3}"#)
    ) { scope throws(CRMError) in
        let records = scope.services.records
        if let moment = scope.arguments.momentIfGiven("as_of") { return try count(scope, asOf: moment) }
        let statement = try records.planCount(try scope.context(), scope.snapshot, try listParameters(scope))
        return .scan { reader, writer throws(CRMError) in
            let count = try records.count(statement, on: reader)
            writer.beginObject()
            writer.key("count")
            writer.int(count)
            writer.endObject()
        }
    }

    static let history = Method(
        "record.history", needs: .session, .reads, "What became of a record, oldest first.",
        "Each entry names who changed what, when and through which method. Fields that the caller may not see are left out.",
        parameters: [id, entityIfKnown, limit, cursor],
        result: .object([
            Parameter("entries", .list(of: .object([])), "In order.", required: true),
            Parameter("next_cursor", .any, "Text for the next page, or null.", required: true),
        ]), errors: [.notFound],
        example: .init(
            parameters:
                #"{"id": 17, "limit": 1}"#,
            result:
                #"{"entries": [{"seq": 1814, "change_set": 933, "at": "2026-11-24T03:01:57.860Z", "by": {"id": 37, "entity": "user", "label": "Ada Lovelace"}, "kind": "update", "version": 2, "source": "api", "method": "record.update", "changes": [{"field": "rating", "old": null, "new": "active"}]}], "next_cursor": "1814"}"#
        )
    ) { scope throws(CRMError) in
        let id = try scope.arguments.id()
        try scope.checkScope(.view, of: id)
        let limit = Int(scope.arguments.integerIfGiven("limit") ?? 50)
        let after = try PlainCursor.position(scope.arguments.textIfGiven("cursor"))
        let (records, call, snapshot, reader) = (
            scope.services.records, try scope.context(), scope.snapshot, scope.reader
        )
        if let name = scope.arguments.textIfGiven("entity") {
            let entity = try records.entity(of: id, named: name, snapshot, reader)
            try records.requireVisible(call, snapshot, on: reader, id: id, entity, named: name)
        }
        let entries = try records.history(call, snapshot, on: reader, id: id, after: after, limit: limit)
        var json = HistoryJSON(snapshot) { id throws(CRMError) in
            try records.reference(call, snapshot, on: reader, to: id)
        }
        scope.writer.beginObject()
        scope.writer.key("entries")
        scope.writer.beginArray()
        for entry in entries { try json.write(entry, to: &scope.writer) }
        scope.writer.endArray()
        scope.writer.key("next_cursor")
        PlainCursor.write(entries.count == limit ? entries.last?.sequence : nil, to: &scope.writer)
        scope.writer.endObject()
        return .done
    }

    // MARK: Shared

    static func listParameters(_ scope: CallScope) throws(CRMError) -> ListParameters {
        let entity = try scope.readableEntity()
        var parameters = ListParameters(entity: entity.name)
        parameters.filter = try filter(scope, on: entity)
        setPage(of: &parameters, scope)
        parameters.bin = recycleBin(scope.arguments)
        return parameters
    }

    static func setPage(of parameters: inout ListParameters, _ scope: CallScope) {
        parameters.fields = scope.arguments.textsIfGiven("fields")
        parameters.sort = scope.arguments.textsIfGiven("sort")
        parameters.limit = Int(scope.arguments.integerIfGiven("limit") ?? 50)
        parameters.cursor = scope.arguments.textIfGiven("cursor")
    }

    static func filter(_ scope: CallScope, on entity: Entity) throws(CRMError) -> Filter? {
        guard let node = scope.arguments["filter"] else { return nil }
        return try FilterReading.read(node, on: entity, try scope.fieldView())
    }

    static func recycleBin(_ arguments: Arguments) -> RecycleBin {
        switch arguments.textIfGiven("recycle_bin") {
        case "only": .inside
        case "include": .both
        default: .outside
        }
    }
}

/// A cursor that is a sequence number: for lists that only grow at their end.
enum PlainCursor {
    /// - Throws: `invalidParameters` for a text that is no cursor of such a list.
    static func position(_ cursor: String?) throws(CRMError) -> Int64 {
        guard let cursor else { return 0 }
        guard let position = Int64(cursor), position >= 0 else {
            throw CRMError(.invalidParameters, "the cursor \"\(cursor.prefix(40))\" is none of this list")
        }
        return position
    }

    static func write(_ position: Int64?, to writer: inout JSONWriter) {
        if let position { writer.string(String(position)) } else { writer.null() }
    }
}

extension ParameterType {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        var type = FieldType.integer
        type.minimum = String(range.lowerBound)
        type.maximum = String(range.upperBound)
        return .field(type)
    }

    static func choice(_ keys: String...) -> Self { .field(.picklist(keys.map { PicklistValue($0, $0) })) }

    static func text(maximumLength: Int) -> Self { .field(.text(maximumLength: maximumLength)) }
}
