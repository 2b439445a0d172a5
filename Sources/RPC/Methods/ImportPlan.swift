import CRMSDK
import Identity
import Query
import Records
import Registry
import Security

/// What an import does with its rows.
struct ImportPlan: Sendable {
    enum Mode: String, Sendable {
        case create, update, upsert

        /// What the importer must be allowed to do with the entity, beside importing.
        var verbs: [AccessVerb] {
            switch self {
            case .create: [.create]
            case .update: [.edit]
            case .upsert: [.create, .edit]
            }
        }
    }
    enum Match: String, Sendable { case overwrite, merge, fill, skip, fail }

    let entity: Entity
    let rows: [ImportRow]
    let matchOn: [Field]
    let mode: Mode
    let onMatch: Match
    /// Whether one refused row drops all.
    let isWhole: Bool

    init(_ entity: Entity, _ rows: [ImportRow], _ manner: ImportManner) {
        self.entity = entity
        self.rows = rows
        matchOn = manner.matchOn
        mode = manner.mode
        onMatch = manner.onMatch
        isWhole = manner.isWhole
    }
}

/// How rows find what is there and what becomes of that: as the call says, else as its import was begun.
struct ImportManner: Sendable {
    let matchOn: [Field]
    let mode: ImportPlan.Mode
    let onMatch: ImportPlan.Match
    let isWhole: Bool

    /// - Throws: `forbidden` for who may not import such records; `invalidParameters` for a field to match on that is
    ///   unknown or hidden.
    init(_ scope: CallScope, _ entity: Entity, after settings: ImportSettings? = nil) throws(CRMError) {
        let arguments = scope.arguments
        mode =
            (arguments.textIfGiven("mode") ?? settings?.mode).flatMap { ImportPlan.Mode(rawValue: $0) }
            ?? .upsert
        onMatch =
            (arguments.textIfGiven("on_match") ?? settings?.onMatch).flatMap {
                ImportPlan.Match(rawValue: $0)
            } ?? .overwrite
        isWhole = arguments.textIfGiven("atomic").map { $0 == "all" } ?? settings?.isWhole ?? false
        for verb in mode.verbs + [.import] { try scope.checkScope(verb, entity) }
        try scope.snapshot.security.require(try scope.session().principal, .import, entity.name)
        let names = arguments.textsIfGiven("match_on") ?? settings?.matchOn ?? []
        guard names.count <= 5 else { throw CRMError(.limitExceeded, "a row is matched on at most 5 fields") }
        let view = try scope.fieldView()
        matchOn = try names.map { name throws(CRMError) in try view.field(at: name, of: entity) }
        guard mode != .update || !matchOn.isEmpty else {
            throw CRMError(
                .invalidParameters, "mode update needs match_on, the fields by which records are found")
        }
    }

    var settings: ImportSettings {
        var settings = ImportSettings()
        settings.matchOn = matchOn.map(\.name)
        settings.mode = mode.rawValue
        settings.onMatch = onMatch.rawValue
        settings.isWhole = isWhole
        return settings
    }
}

/// Whether records can be found by their values without reading all of them for each row. Of few that is quick enough.
enum ImportMatch {
    /// - Throws: `limitExceeded` where no index leads to the records.
    static func requireQuick(
        _ fields: [Field], of entity: Entity, _ records: RecordService, _ snapshot: KernelSnapshot,
        _ call: CallContext
    ) throws(CRMError) {
        guard let first = fields.first, !fields.contains(where: { isIndexed($0, entity) }),
            let counts = records.viewpoint(call, snapshot).counts, let total = counts.total(entity.number),
            Double(total) > counts.costs.boundedLimit
        else { return }
        let names = fields.map { "\"\($0.name)\"" }.joined(separator: " and ")
        var error = CRMError(
            .limitExceeded, "\(total) records of \(entity.name) cannot be searched by \(names) for each row",
            hint: "Match on an indexed field, or index one: field.update with indexed true.")
        error.index = "\(entity.name).\(first.name)"
        throw error
    }

    private static func isIndexed(_ field: Field, _ entity: Entity) -> Bool {
        field.name == "id" || field.isReference || field.type.name == "autonumber"
            || field.definition.isIndexed || field.definition.isUnique
            || entity.definition.indexes.contains { $0.first == field.name }
            || entity.defaultSort.first?.field === field
    }
}

extension Value {
    /// Whether an import's cell is empty.
    var isNothing: Bool {
        switch self {
        case .null: true
        case .text(let text): text.isEmpty
        case .list(let values): values.isEmpty
        default: false
        }
    }
}
