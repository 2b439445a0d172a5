package import CRMSDK
import JSON
import Query
package import Registry
import Security
package import Storage

/// An import as the ledger has it: a thing with a number, to which each batch of rows belongs. An undo of one is one,
/// too.
package struct ImportFacts: Sendable {
    package enum State: String, Sendable, CaseIterable {
        /// Rows may come; of an undo: parts may come.
        case running
        case finished
        /// Being taken back; no rows may come any more.
        case undoing
        case undone
    }

    /// How many rows or records; those of an undo are in `deleted`, `restored`, `updated` and `left`.
    package struct Counts: Hashable, Sendable {
        package var created = 0, updated = 0, unchanged = 0, skipped = 0, failed = 0
        package var deleted = 0, restored = 0, left = 0

        package init() {}

        package var isNothing: Bool { self == Counts() }
    }

    package let id: Int64
    package let actor: RecordID
    /// The entity's number: its module may be gone.
    package let entity: Int
    /// The file's name as the client said it.
    package let file: String?
    package let settings: ImportSettings
    /// The import that this one takes back.
    package let undoes: Int64?
    package let state: State
    package let startedAt: Instant
    package let endedAt: Instant?
    package let counts: Counts
    /// The last undo of it.
    package let undoneBy: Int64?
    let place: ImportUndo.Place?

    init(_ row: borrowing Row) throws(CRMError) {
        id = row.int64(0)
        actor = RecordID(row.int64(1))
        entity = Int(row.int64(2))
        file = row.isNull(3) ? nil : row.text(3)
        settings = ImportSettings(row.text(4))
        undoes = row.optionalInt64(5)
        guard let state = State(rawValue: row.text(6)) else {
            throw CRMError(.internalError, "import \(row.int64(0)) has an unknown state", detail: row.text(6))
        }
        self.state = state
        startedAt = Instant(millisecondsSince1970: row.int64(7))
        endedAt = row.optionalInt64(8).map { Instant(millisecondsSince1970: $0) }
        var counts = Counts()
        for (index, count) in Counts.names.enumerated() {
            counts[keyPath: count.path] = Int(row.int64(9 + index))
        }
        self.counts = counts
        place = row.optionalInt64(17).map { ImportUndo.Place(changeSet: $0, entry: row.int64(18)) }
        undoneBy = row.optionalInt64(19)
    }
}

extension ImportFacts.Counts {
    package struct Name: Sendable {
        /// On the wire, and of the column.
        package let name: String
        package let meaning: String
        package let path: any WritableKeyPath<ImportFacts.Counts, Int> & Sendable
    }

    /// In the order of the statement.
    package static let names: [Name] = [
        Name(name: "created", meaning: "Rows that made a record.", path: \.created),
        Name(
            name: "updated", meaning: "Rows that changed one; of an undo, records with their old values.",
            path: \.updated),
        Name(name: "unchanged", meaning: "Rows whose record was so already.", path: \.unchanged),
        Name(name: "skipped", meaning: "Rows whose record was left.", path: \.skipped),
        Name(name: "failed", meaning: "Rows that were refused.", path: \.failed),
        Name(name: "deleted", meaning: "Of an undo: records now in the recycle bin.", path: \.deleted),
        Name(name: "restored", meaning: "Of an undo: records back from it.", path: \.restored),
        Name(name: "left_alone", meaning: "Of an undo: records left as they were.", path: \.left),
    ]
}

/// How an import treats its rows, as it was begun: what its calls need not say again. Stored as JSON.
package struct ImportSettings: Hashable, Sendable {
    package var matchOn: [String] = []
    package var mode: String?
    package var onMatch: String?
    package var isWhole = false
    /// Of an undo: whether what was changed since was lost.
    package var isForced = false

    package init() {}

    init(_ text: String) {
        // What was written here is JSON; anything else has no settings.
        guard let root = try? JSONDocument(parsing: Array(text.utf8)).root else { return }
        matchOn = root["match_on"]?.elements.compactMap(\.string) ?? []
        mode = root["mode"]?.string
        onMatch = root["on_match"]?.string
        isWhole = root["atomic"]?.string == "all"
        isForced = root["force"]?.bool ?? false
    }

    var text: String {
        var writer = JSONWriter()
        writer.beginObject()
        if !matchOn.isEmpty {
            writer.key("match_on")
            writer.beginArray()
            for name in matchOn { writer.string(name) }
            writer.endArray()
        }
        for (key, value) in [("mode", mode), ("on_match", onMatch), ("atomic", isWhole ? "all" : nil)] {
            guard let value else { continue }
            writer.key(key)
            writer.string(value)
        }
        if isForced {
            writer.key("force")
            writer.bool(true)
        }
        writer.endObject()
        return String(decoding: writer.finish(), as: UTF8.self)
    }
}

/// What the kernel keeps of imports. Whose they are decides who may see them: the importer and administrators.
package enum ImportLedger {
    // MARK: Reading

    /// - Throws: `notFound` where there is none, and where it is another's and the caller no administrator.
    package static func facts(
        _ id: Int64, _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource
    ) throws(CRMError) -> ImportFacts {
        guard let found = try facts(id, on: source),
            found.actor == call.principal.user || snapshot.isAdministrator(call.principal)
        else {
            throw CRMError(
                .notFound, "import \(id) does not exist", hint: "import.list has those that you began.")
        }
        return found
    }

    /// Whoever asks.
    static func facts(_ id: Int64, on source: some RowSource) throws(CRMError) -> ImportFacts? {
        var found: ImportFacts?
        try source.rows(ImportStatements.one(id)) { row throws(CRMError) in
            found = try ImportFacts(row)
            return .stop
        }
        return found
    }

    /// Newest first: of everybody for an administrator, else the caller's own.
    package static func list(
        _ call: CallContext, _ snapshot: KernelSnapshot, before: Int64, limit: Int, on source: some RowSource
    ) throws(CRMError) -> [ImportFacts] {
        let actor = snapshot.isAdministrator(call.principal) ? nil : call.principal.user
        var list: [ImportFacts] = []
        try source.rows(ImportStatements.list(of: actor, before: before, limit: limit)) {
            row throws(CRMError) in
            list.append(try ImportFacts(row))
            return .next
        }
        return list
    }

    /// What an undo has left, as JSON arrays by the change set of each part.
    package static func left(
        by id: Int64, after changeSet: Int64, limit: Int, on source: some RowSource
    ) throws(CRMError) -> [(changeSet: Int64, json: String)] {
        var parts: [(Int64, String)] = []
        try source.rows(ImportStatements.left(by: id, after: changeSet, limit: limit)) { row in
            parts.append((row.int64(0), row.text(1)))
            return .next
        }
        return parts
    }

    // MARK: Writing

    /// Begins an import: from now on it can be found. The change log says so as well.
    package static func begin(
        _ entity: Entity, file: String?, _ settings: ImportSettings, _ call: CallContext,
        in transaction: WriteTransaction
    ) throws(CRMError) -> Int64 {
        let id = try insert(entity.number, file, settings, undoes: nil, call, transaction)
        var payload = JSONWriter()
        payload.beginObject()
        payload.key("import")
        payload.int(id)
        if let file {
            payload.key("file")
            payload.string(file)
        }
        payload.endObject()
        try transaction.append(
            ChangeEntry(
                .import, entity: entity.number, actor: call.principal.user, source: call.source.name,
                method: call.method, payload: payload.finish()))
        return id
    }

    static func insert(
        _ entity: Int, _ file: String?, _ settings: ImportSettings, undoes: Int64?, _ call: CallContext,
        _ transaction: WriteTransaction
    ) throws(CRMError) -> Int64 {
        try transaction.execute(
            ImportStatements.begin(
                by: call.principal.user, entity: entity, file: file, settings: settings.text, undoes: undoes,
                at: transaction.now))
        guard let id = try transaction.first(ImportStatements.last, { $0.int64(0) }) else {
            throw CRMError(.internalError, "an import has no number")
        }
        return id
    }

    /// Holds rows to the import that they name: the caller's own, of this entity, still running.
    package static func requireOpen(
        _ id: Int64, for entity: Entity, _ call: CallContext, _ snapshot: KernelSnapshot,
        on source: some RowSource
    ) throws(CRMError) -> ImportFacts {
        let facts = try facts(id, call, snapshot, on: source)
        guard facts.actor == call.principal.user, facts.undoes == nil else {
            throw CRMError(.forbidden, "only who has begun import \(id) adds rows to it")
        }
        guard facts.entity == entity.number else {
            throw CRMError(.invalidParameters, "import \(id) is not one of \(entity.name)")
        }
        guard facts.state == .running else {
            throw CRMError(
                .invalidParameters, "import \(id) is \(facts.state.rawValue) and takes no more rows",
                hint: "Begin another with import.start.")
        }
        if facts.settings.isWhole, try source.isThere(ImportStatements.hasBatches(id)) {
            throw CRMError(
                .limitExceeded, "import \(id) is all or nothing, and its one call was made",
                hint: "All or nothing takes as many rows as one call; import more than that row by row.")
        }
        return facts
    }

    /// Attaches a batch: its counts, and the change set by which it can be taken back.
    package static func attach(
        _ counts: ImportFacts.Counts, to id: Int64, in transaction: WriteTransaction
    ) throws(CRMError) {
        try add(counts, to: id, transaction)
        try transaction.execute(ImportStatements.attach(transaction.changeSet, to: id, left: nil))
    }

    static func add(
        _ counts: ImportFacts.Counts, to id: Int64, _ transaction: WriteTransaction
    ) throws(CRMError) {
        let changes = ImportFacts.Counts.names.map { ($0.name, counts[keyPath: $0.path]) }.filter {
            $0.1 != 0
        }
        guard !changes.isEmpty else { return }
        try transaction.execute(ImportStatements.add(changes, to: id))
    }

    /// No rows will come any more. Finishing twice changes nothing.
    package static func finish(
        _ id: Int64, _ call: CallContext, _ snapshot: KernelSnapshot, in transaction: WriteTransaction
    ) throws(CRMError) -> ImportFacts {
        let before = try facts(id, call, snapshot, on: transaction)
        guard before.undoes == nil else {
            throw CRMError(
                .invalidParameters, "import \(id) is an undo, which ends by itself",
                hint: "Go on with import.undo of import \(before.undoes ?? id).")
        }
        guard before.state == .running else { return before }
        try transaction.execute(
            ImportStatements.setState("finished", of: id, endedAt: transaction.now))
        return try facts(id, call, snapshot, on: transaction)
    }
}

extension RowSource {
    /// Whether a statement has any row.
    func isThere(_ statement: Statement) throws(CRMError) -> Bool {
        var isThere = false
        try rows(statement) { _ in
            isThere = true
            return .stop
        }
        return isThere
    }
}
