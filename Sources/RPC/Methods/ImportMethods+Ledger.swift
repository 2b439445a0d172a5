import CRMSDK
import JSON
import Records
import Registry
import Storage

/// Imports as things: begun, added to by `import.rows`, ended, listed, shown and taken back.
extension ImportMethods {
    private static let number = Parameter(
        "id", .integer(1...Int.max), "The import's number.", required: true)

    // MARK: Beginning and end

    static let start = Method(
        "import.start", needs: .session, .writes,
        "Begins an import: a number to which calls of import.rows then belong.",
        "What is said of match_on, mode, on_match and atomic holds for its rows. An import can be listed, and taken back as "
            + "one, whatever its number of calls; also one that was broken off. With atomic all it has one call.",
        parameters: [
            RecordMethods.entity,
            Parameter("file", .text(maximumLength: 255), "What is imported, in the caller's words."),
        ] + manner + [RecordMethods.dryRun],
        result: .object(ImportJSON.members), errors: [.forbidden],
        example: .init(
            parameters: #"{"entity": "account", "file": "accounts.csv", "match_on": ["account_name"]}"#,
            result: ImportJSON.example)
    ) { scope throws(CRMError) in
        let call = try scope.context(source: .import)
        let entity = try scope.snapshot.registry.entity(try scope.arguments.text("entity"))
        let settings = try ImportManner(scope, entity).settings
        let (file, snapshot) = (scope.arguments.textIfGiven("file"), scope.snapshot)
        return .write(scope.mode) { transaction, writer throws(CRMError) in
            let id = try ImportLedger.begin(entity, file: file, settings, call, in: transaction)
            let facts = try ImportLedger.facts(id, call, snapshot, on: transaction)
            ImportJSON(snapshot).write(facts, to: &writer)
        }
    }

    static let finish = Method(
        "import.finish", needs: .session, .writes, "Says that an import has all its rows.",
        "Finishing one that is finished changes nothing. Answers its counts.",
        parameters: [number, RecordMethods.dryRun], result: .object(ImportJSON.members),
        errors: [.notFound]
    ) { scope throws(CRMError) in
        let (call, snapshot) = (try scope.context(source: .import), scope.snapshot)
        let id = try number(scope)
        return .write(scope.mode) { transaction, writer throws(CRMError) in
            let facts = try ImportLedger.finish(id, call, snapshot, in: transaction)
            ImportJSON(snapshot).write(facts, to: &writer)
        }
    }

    private static func number(_ scope: CallScope) throws(CRMError) -> Int64 {
        guard let id = scope.arguments.integerIfGiven("id") else {
            throw CRMError(.invalidParameters, "parameter \"id\" is missing")
        }
        return id
    }

    // MARK: Reading

    static let list = Method(
        "import.list", needs: .session, .reads,
        "Imports, the newest first: the caller's own, to an administrator all.",
        parameters: [RecordMethods.limit, RecordMethods.cursor],
        result: .object([
            Parameter("imports", .list(of: .object(ImportJSON.members)), "In order.", required: true),
            Parameter("next_cursor", .any, "Text for the next page, or null.", required: true),
        ])
    ) { scope throws(CRMError) in
        let (call, snapshot) = (try scope.context(), scope.snapshot)
        let limit = Int(scope.arguments.integerIfGiven("limit") ?? 50)
        let before = try PlainCursor.position(scope.arguments.textIfGiven("cursor"))
        let imports = try ImportLedger.list(call, snapshot, before: before, limit: limit, on: scope.reader)
        let json = ImportJSON(snapshot)
        scope.writer.beginObject()
        scope.writer.key("imports")
        scope.writer.beginArray()
        for facts in imports { json.write(facts, to: &scope.writer) }
        scope.writer.endArray()
        scope.writer.key("next_cursor")
        PlainCursor.write(imports.count == limit ? imports.last?.id : nil, to: &scope.writer)
        scope.writer.endObject()
        return .done
    }

    static let show = Method(
        "import.show", needs: .session, .reads, "One import, and for an undo what it has left as it was.",
        parameters: [
            number,
            Parameter(
                "limit", .integer(1...1000),
                "Parts of the undo whose leavings are answered; 50 where it is not given."),
            RecordMethods.cursor,
        ],
        result: .object(
            ImportJSON.members + [
                Parameter(
                    "left", .list(of: .object([])),
                    "Of an undo: each {record, entity, field, why, changed_in}, or {records, why} for some that are only "
                        + "counted.", required: true),
                Parameter("next_cursor", .any, "Text for more of them, or null.", required: true),
            ]), errors: [.notFound]
    ) { scope throws(CRMError) in
        let (call, snapshot) = (try scope.context(), scope.snapshot)
        let facts = try ImportLedger.facts(try number(scope), call, snapshot, on: scope.reader)
        let limit = Int(scope.arguments.integerIfGiven("limit") ?? 50)
        let after = try PlainCursor.position(scope.arguments.textIfGiven("cursor"))
        let parts = try ImportLedger.left(by: facts.id, after: after, limit: limit, on: scope.reader)
        scope.writer.beginObject()
        ImportJSON(snapshot).writeMembers(facts, to: &scope.writer)
        scope.writer.key("left")
        scope.writer.beginArray()
        for part in parts {
            guard let list = try? JSONDocument(parsing: Array(part.json.utf8)).root else { continue }
            for element in list.elements { scope.writer.raw(element) }
        }
        scope.writer.endArray()
        scope.writer.key("next_cursor")
        PlainCursor.write(parts.count == limit ? parts.last?.changeSet : nil, to: &scope.writer)
        scope.writer.endObject()
        return .done
    }

    // MARK: Undo

    /// Records of one part, where the call does not say.
    private static let partLimit = 100

    static let undo = Method(
        "import.undo", needs: .session, .writes,
        "Takes back the next part of an import, the last rows first.",
        "Call it until state is undone. Records that the import made go to the recycle bin, changed ones get their old values, "
            + "with the caller's rights and all checks and hooks; what has been changed since, or what a right or a check "
            + "refuses, is left and listed. For the importer and administrators. After a break, call it again: it goes on. The undo "
            + "is an import in the list itself and can be undone by its own number; undoing again tries once more what was left. "
            + "A dry run keeps nothing, so it is told where to go on: cursor.",
        parameters: [
            number, ChangeMethods.force,
            Parameter(
                "limit", .integer(1...500),
                "Records of this part at most; \(partLimit) where it is not given."),
            Parameter("cursor", .text, "For a dry run: next_cursor of the part before."),
            RecordMethods.dryRun,
        ],
        result: .object([
            Parameter(
                "undo", .integer, "The undo's own number; of a dry run it is kept by nobody.", required: true),
            Parameter(
                "state", .choice("undoing", "undone"), "Whether there is more to take back.", required: true),
            Parameter(
                "deleted", .integer, "Records of this part that are in the recycle bin now.", required: true),
            Parameter("restored", .integer, "Those that are back from it.", required: true),
            Parameter("updated", .integer, "Those that have their old values.", required: true),
            Parameter(
                "unseen", .integer, "Those that are purged or that the caller may not view.", required: true),
            UndoJSON.left,
            Parameter("next_cursor", .any, "For a dry run: text for the next part, or null.", required: true),
        ]), errors: [.notFound, .forbidden],
        example: .init(
            parameters: #"{"id": 5}"#,
            result:
                #"{"undo": 6, "state": "undone", "deleted": 1, "restored": 0, "updated": 1, "unseen": 0, "left": [], "next_cursor": null}"#
        )
    ) { scope throws(CRMError) in
        try ChangeMethods.refuseNarrowedKey(scope)
        let id = try number(scope)
        let place = try place(scope)
        let records = scope.services.records
        let work = ImportUndo(
            records, try scope.context(), scope.snapshot, since: ChangeMethods.since(scope.arguments),
            limit: Int(scope.arguments.integerIfGiven("limit") ?? Int64(partLimit)))
        return .write(scope.mode) { transaction, writer throws(CRMError) in
            let report = try work.step(id, at: place, in: transaction)
            write(report, isDryRun: transaction.isDryRun, to: &writer)
        }
    }

    private static func place(_ scope: CallScope) throws(CRMError) -> ImportUndo.Place? {
        guard let cursor = scope.arguments.textIfGiven("cursor") else { return nil }
        guard case .rollBack = scope.mode else {
            throw CRMError(
                .invalidParameters, "only a dry run takes a cursor",
                hint: "An undo remembers how far it has come: call it again.")
        }
        let parts = cursor.split(separator: ".", omittingEmptySubsequences: false).map { Int64($0) }
        guard parts.count == 2, let set = parts[0], let entry = parts[1], set >= 0, entry >= 0 else {
            throw CRMError(.invalidParameters, "the cursor \"\(cursor.prefix(40))\" is none of this undo")
        }
        return ImportUndo.Place(changeSet: set, entry: entry)
    }

    private static func write(_ report: ImportUndo.Report, isDryRun: Bool, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("undo")
        writer.int(report.undo)
        writer.key("state")
        writer.string(report.state.rawValue)
        let counts = report.counts
        for (key, number) in [
            ("deleted", counts.deleted), ("restored", counts.restored), ("updated", counts.updated),
            ("unseen", report.unseen),
        ] {
            writer.key(key)
            writer.int(number)
        }
        writer.key("left")
        writer.beginArray()
        for left in report.left { left.write(to: &writer) }
        writer.endArray()
        writer.key("next_cursor")
        if isDryRun, let next = report.next {
            writer.string("\(next.changeSet).\(next.entry)")
        } else {
            writer.null()
        }
        writer.endObject()
    }
}
