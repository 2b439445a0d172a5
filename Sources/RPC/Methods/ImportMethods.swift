import CRMSDK
import JSON
import Query
import Records
import Registry
import Storage

/// Many records at once, row by row: what an import of a file sends.
enum ImportMethods {
    static let rowLimit = 500

    static let all: [Method] = [rows, start, finish, list, show, undo]

    /// How rows find what is there already, and what becomes of that.
    static let manner: [Parameter] = [
        Parameter(
            "match_on", .list(of: .text),
            "Fields by which a row is found to be there already, in all of which it must agree; at most 5. Where there "
                + "are many records, one of them must be indexed."),
        Parameter(
            "mode", .choice("create", "update", "upsert"),
            "Whether rows may make records, change them, or both; upsert where it is not given."),
        Parameter(
            "on_match", .choice("overwrite", "merge", "fill", "skip", "fail"),
            "What a match gets: overwrite all values, empty ones too; merge those that are not empty; fill only fields that "
                + "are empty in the record; skip nothing; or the row fails. overwrite where it is not given."),
        Parameter(
            "atomic", .choice("row", "all"),
            "Whether a row that is refused fails alone, or all rows of the call with it; row where it is not given."
        ),
    ]

    static let rows =
        Method(
            "import.rows", needs: .session, .writes,
            "Creates and updates up to 500 records, each on its own.",
            "A row that breaks a rule fails alone; the others are kept. A reference may be given as "
                + "{\"$lookup\": {\"entity\": …, \"field\": …, \"value\": …}}, which must find exactly one record; also in "
                + "lines. Lines without ids are taken for those that stand at their places already.",
            parameters: [RecordMethods.entity] + manner + [
                Parameter(
                    "import", .integer(1...Int.max),
                    "The number that import.start has answered: the rows belong to it, and are treated as it says where the "
                        + "call does not."),
                Parameter(
                    "rows",
                    .list(
                        of: .object([
                            Parameter("line", .integer, "The line in its file, answered again."),
                            Parameter("values", .values(of: nil), "By field name.", required: true),
                        ])), "At most 500.", required: true),
                RecordMethods.dryRun,
            ],
            result: .object([
                Parameter(
                    "rows",
                    .list(
                        of: .object([
                            Parameter("line", .any, "As it was given.", required: true),
                            Parameter(
                                "outcome", .choice("created", "updated", "unchanged", "skipped", "failed"),
                                "What became of it.", required: true),
                            Parameter("id", .id(), "The record; absent where there is none."),
                            Parameter(
                                "problems", .list(of: .object([])),
                                "Field, code and message of a row that failed."),
                        ])), "In the order of the request.", required: true),
                Parameter(
                    "change_set", .integer, "What change.undo takes the whole call back by.", required: true),
                Parameter(
                    "kept", .boolean,
                    "False where all rows were dropped because one was refused; the others say what would have been.",
                    required: true),
            ]), errors: [.notFound, .limitExceeded],
            example: .init(
                parameters:
                    #"{"entity": "account", "match_on": ["account_name"], "rows": [{"line": 2, "values": {"account_name": "Acme"}}]}"#,
                result:
                    #"{"rows": [{"line": 2, "outcome": "created", "id": 17}], "change_set": 12, "kept": true}"#
            )
        ) { scope throws(CRMError) in
            let call = try scope.context(source: .import)
            let snapshot = scope.snapshot
            let entity = try snapshot.registry.entity(try scope.arguments.text("entity"))
            let number = scope.arguments.integerIfGiven("import")
            let settings = try number.map { number throws(CRMError) in
                try ImportLedger.requireOpen(number, for: entity, call, snapshot, on: scope.reader).settings
            }
            let manner = try ImportManner(scope, entity, after: settings)
            let read = try ImportRow.read(try scope.arguments.node("rows"), of: entity, try scope.fieldView())
            let rows = manner.mode == .update ? read : ImportRow.drafted(read, of: entity, call, snapshot)
            let plan = ImportPlan(entity, rows, manner)
            let records = scope.services.records
            try ImportMatch.requireQuick(plan.matchOn, of: entity, records, snapshot, call)
            return .write(scope.mode, lane: .bulk) { transaction, writer throws(CRMError) in
                if let number {
                    _ = try ImportLedger.requireOpen(number, for: entity, call, snapshot, on: transaction)
                }
                let outcomes = try ImportRun.outcomes(of: plan, records, call, transaction)
                let isKept = !plan.isWhole || !outcomes.contains(where: \.isFailed)
                if let number {
                    try ImportLedger.attach(
                        ImportOutcome.counts(outcomes, isKept: isKept), to: number, in: transaction)
                }
                write(outcomes, of: rows, isKept: isKept, changeSet: transaction.changeSet, to: &writer)
            }
        }

    private static func write(
        _ outcomes: [ImportOutcome], of rows: [ImportRow], isKept: Bool, changeSet: Int64,
        to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.key("rows")
        writer.beginArray()
        for (row, outcome) in zip(rows, outcomes) {
            writer.beginObject()
            writer.key("line")
            if let line = row.line { writer.int(line) } else { writer.null() }
            writer.key("outcome")
            writer.string(outcome.name)
            if let id = outcome.id, isKept || !outcome.isCreated {
                writer.key("id")
                writer.int(id.rawValue)
            }
            if case .failed(let problems) = outcome {
                writer.key("problems")
                ErrorObject.write(problems, to: &writer)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.key("change_set")
        writer.int(changeSet)
        writer.key("kept")
        writer.bool(isKept)
        writer.endObject()
    }
}

/// What became of one row.
enum ImportOutcome: Sendable {
    case created(RecordID)
    case updated(RecordID)
    case unchanged(RecordID)
    case skipped(RecordID)
    case failed([FieldProblem])

    var name: String {
        switch self {
        case .created: "created"
        case .updated: "updated"
        case .unchanged: "unchanged"
        case .skipped: "skipped"
        case .failed: "failed"
        }
    }

    var isFailed: Bool { if case .failed = self { true } else { false } }
    var isCreated: Bool { if case .created = self { true } else { false } }

    /// - Parameter isKept: Where nothing was kept, only what was refused counts.
    static func counts(_ outcomes: [ImportOutcome], isKept: Bool) -> ImportFacts.Counts {
        var counts = ImportFacts.Counts()
        for outcome in outcomes where isKept || outcome.isFailed {
            switch outcome {
            case .created: counts.created += 1
            case .updated: counts.updated += 1
            case .unchanged: counts.unchanged += 1
            case .skipped: counts.skipped += 1
            case .failed: counts.failed += 1
            }
        }
        return counts
    }

    var id: RecordID? {
        switch self {
        case .created(let id), .updated(let id), .unchanged(let id), .skipped(let id): id
        case .failed: nil
        }
    }
}

/// One row of an import, read as far as that goes without looking at records.
struct ImportRow: Sendable {
    let line: Int64?
    let values: [String: Value]
    let lookups: [Lookup]
    /// Found while reading; a row that has any is not tried.
    let problems: [FieldProblem]
    /// The record that it would make, checked while the row waits for its turn; nil where other records must be looked
    /// up first.
    private(set) var draft: Deferred<CreationDraft?>?

    /// A reference given by a value of the record that it means.
    struct Lookup: Sendable {
        let field: String
        /// Nil for a field of the record itself.
        let line: LinePlace?
        let target: Target

        /// As a problem names it: `account`, `lines[3].item`.
        var place: String { line.map { "\($0).\(field)" } ?? field }
    }

    /// The record of an entity that has a value in a field.
    struct Target: Sendable, Hashable {
        let entity: String
        let by: String
        let value: Value

        /// `account.account_name`
        var place: String { "\(entity).\(by)" }
    }

    static func read(_ node: JSONNode, of entity: Entity, _ view: FieldView) throws(CRMError) -> [ImportRow] {
        guard node.count <= ImportMethods.rowLimit else {
            throw CRMError(
                .limitExceeded, "\(node.count) rows are over the limit of \(ImportMethods.rowLimit)",
                hint: "Send them in several calls.")
        }
        var rows: [ImportRow] = []
        rows.reserveCapacity(node.count)
        for row in node.elements {
            let members = Arguments(row)
            rows.append(
                ImportRow(members.integerIfGiven("line"), try members.node("values"), of: entity, view))
        }
        return rows
    }

    /// What is empty is not given: defaults are for new records.
    static func given(_ values: [String: Value]) -> [String: Value] {
        guard values.values.contains(where: \.isNothing) else { return values }
        return values.filter { !$0.value.isNothing }
    }

    static func drafted(
        _ rows: [ImportRow], of entity: Entity, _ call: CallContext, _ snapshot: KernelSnapshot
    ) -> [ImportRow] {
        var rows = rows
        var drafts: [Deferred<CreationDraft?>] = []
        for index in rows.indices where rows[index].lookups.isEmpty && rows[index].problems.isEmpty {
            let values = rows[index].values
            let draft = Deferred { CreationDraft(entity, Self.given(values), call, snapshot) }
            rows[index].draft = draft
            drafts.append(draft)
        }
        Deferred.prepare(drafts)
        return rows
    }

    private init(_ line: Int64?, _ node: JSONNode, of entity: Entity, _ view: FieldView) {
        var problems: [FieldProblem] = []
        var lookups: [Lookup] = []
        do throws(CRMError) {
            values = try RecordValues.read(node, of: entity, view, &problems) {
                line, field, value throws(FieldRefusal) in
                guard field.isReference, value.kind == .object, let lookup = value["$lookup"] else {
                    return false
                }
                let target = try Self.target(lookup, for: field, view)
                lookups.append(Lookup(field: field.name, line: line, target: target))
                return true
            }
        } catch {
            // Too many fields or lines are this row's fault, and no other's.
            values = [:]
            problems.append(FieldProblem(field: "", code: error.kind.name, message: error.message))
        }
        self.line = line
        self.lookups = lookups
        self.problems = problems
    }

    private static func target(
        _ node: JSONNode, for field: Field, _ view: FieldView
    ) throws(FieldRefusal) -> Target {
        guard let name = node["entity"]?.string, let by = node["field"]?.string, let value = node["value"]
        else {
            throw FieldRefusal("type", "\(field.label): $lookup needs entity, field and value")
        }
        guard let entity = view.registry[entity: name], let key = view.field(by, of: entity) else {
            throw FieldRefusal(
                "not_found",
                "\(field.label): there is no field \"\(by.prefix(60))\" of \"\(name.prefix(60))\"")
        }
        let targets = field.type.name == "owner" ? ["user", "group"] : field.type.targets
        guard targets.isEmpty || targets.contains(name) else {
            throw FieldRefusal("type", "\(field.label) cannot be a record of \"\(name.prefix(60))\"")
        }
        return Target(
            entity: name, by: by,
            value: try WireValue.read(value, key.wire, label: "\(field.label): \(by)"))
    }
}
