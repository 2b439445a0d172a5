import CRMSDK
import Identity
import JSON
import Records
import Registry
import Security
import Storage

/// What has been changed, and how to take it back.
enum ChangeMethods {
    static let all: [Method] = [list, undo]

    // MARK: The feed

    static let list = Method(
        "change.list", needs: .session, .reads,
        "Changes of all records that the caller may view, in order, without gaps.",
        "Call again with after set to next, at once while more is true, else after a while: no change is missed and none "
            + "comes twice. Changes of records that the caller may not view now do not exist; fields that they may not "
            + "see are left out; of records purged since an administrator sees that they were, without values.",
        parameters: [
            Parameter(
                "after", .integer(0...Int.max),
                "The next of the answer before; from the beginning where it is not given."),
            Parameter("entities", .list(of: .text), "Only records of these; of all where it is not given."),
            RecordMethods.limit,
            Parameter("cursor", .text, "The next_cursor of the answer before, in place of after."),
        ],
        result: .object([
            Parameter(
                "changes", .list(of: .object([])),
                "Each {entity, id, seq, change_set, at, by, kind, version, source, method, changes}.",
                required: true),
            Parameter("next", .integer, "Where to go on; it moves even where nothing came.", required: true),
            Parameter("more", .boolean, "Whether the log goes on after next already.", required: true),
            Parameter(
                "next_cursor", .any, "The same as text while more is true, else null.", required: true),
        ]),
        errors: [.limitExceeded],
        example: .init(
            parameters: #"{"after": 40, "entities": ["account"], "limit": 1}"#,
            result:
                #"{"changes": [{"entity": "account", "id": 17, "seq": 41, "change_set": 12, "at": "2026-11-22T15:24:20.123Z", "by": {"id": 1, "entity": "user", "label": "Ada Lovelace"}, "kind": "update", "version": 2, "source": "api", "method": "record.update", "changes": [{"field": "phone", "old": null, "new": "+48 22 1"}]}], "next": 41, "more": false, "next_cursor": null}"#
        )
    ) { scope throws(CRMError) in
        let arguments = scope.arguments
        let limit = Int(arguments.integerIfGiven("limit") ?? 50)
        let cursor = arguments.textIfGiven("cursor")
        let given = arguments.integerIfGiven("after")
        guard cursor == nil || given == nil else {
            throw CRMError(.invalidParameters, "\"after\" and \"cursor\" say the same; give one of them")
        }
        let place = try PlainCursor.position(cursor)
        let after = given ?? place
        let entities = try entities(scope)
        let (records, call, snapshot) = (scope.services.records, try scope.context(), scope.snapshot)
        return .scan { reader, writer throws(CRMError) in
            let page = try records.changes(
                call, snapshot, of: entities, after: after, limit: limit, on: reader)
            var json = HistoryJSON(snapshot) { id throws(CRMError) in
                try records.reference(call, snapshot, on: reader, to: id)
            }
            writer.beginObject()
            writer.key("changes")
            writer.beginArray()
            for entry in page.entries { try json.write(entry, to: &writer) }
            writer.endArray()
            writer.key("next")
            writer.int(page.position)
            writer.key("more")
            writer.bool(page.hasMore)
            writer.key("next_cursor")
            PlainCursor.write(page.hasMore ? page.position : nil, to: &writer)
            writer.endObject()
        }
    }

    /// The entities named, each of which the caller must be allowed to view; without names all that they may.
    private static func entities(_ scope: CallScope) throws(CRMError) -> [Entity] {
        let principal = try scope.session().principal
        let security = scope.snapshot.security
        guard let names = scope.arguments.textsIfGiven("entities") else {
            let scopes = try scope.session().scopes
            return scope.snapshot.registry.entities.filter { entity in
                scopes.isEverything || scopes.permits(.view, in: entity.module)
            }
        }
        var entities: [Entity] = []
        for name in names {
            let entity = try scope.snapshot.registry.entity(name)
            try scope.checkScope(.view, entity)
            try security.require(principal, .view, entity.name)
            if !entities.contains(where: { $0 === entity }) { entities.append(entity) }
        }
        return entities
    }

    // MARK: Undo

    static let force = Parameter(
        "force", .boolean, "Put old values back over what has been changed since as well.")

    static let undo = Method(
        "change.undo", needs: .session, .writes,
        "Takes back what one change set has done to records and links.",
        "A new unit of work with the caller's rights and all checks and hooks: what was made goes to the recycle bin, "
            + "what was deleted comes back, changed fields get their old values, links are as they were. "
            + "Fields and records that have been changed since, or that a right or a check refuses, are left and listed. The answer's change_set can be "
            + "undone in turn. Definitions and rights have methods of their own.",
        parameters: [
            Parameter(
                "change_set", .integer(1...Int.max), "As record.history, change.list and log.list name it.",
                required: true), force, RecordMethods.dryRun,
        ], result: .object(UndoJSON.members), errors: [.notFound, .invalidRecord],
        example: .init(
            parameters: #"{"change_set": 12, "dry_run": true}"#,
            result:
                #"{"change_set": 13, "restored": [{"id": 17, "entity": "account", "action": "updated", "fields": ["phone"]}], "links": [], "left": []}"#
        )
    ) { scope throws(CRMError) in
        guard let number = scope.arguments.integerIfGiven("change_set") else {
            throw CRMError(.invalidParameters, "parameter \"change_set\" is missing")
        }
        try refuseNarrowedKey(scope)
        let since = since(scope.arguments)
        let (records, call) = (scope.services.records, try scope.context())
        return .write(scope.mode) { transaction, writer throws(CRMError) in
            let report = try records.unit(transaction, call) { unit throws(CRMError) in
                try Undo(unit, changeSet: number, since: since).run()
            }
            writer.beginObject()
            UndoJSON.writeMembers(report, to: &writer)
            writer.endObject()
        }
    }

    static func since(_ arguments: Arguments) -> Undo.Changes {
        arguments.flag("force") ? .overwritten : .kept
    }

    /// A change set may concern entities of any module, so a key must cover them all.
    static func refuseNarrowedKey(_ scope: CallScope) throws(CRMError) {
        let scopes = try scope.session().scopes
        guard !scopes.isEverything else { return }
        var error = CRMError(
            .forbidden, "this API key covers single modules, but a change set may concern any",
            hint: "Use a key that covers everything.")
        error.rule = "api_key_scope"
        throw error
    }
}
