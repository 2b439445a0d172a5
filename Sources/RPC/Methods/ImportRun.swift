import CRMSDK
import Query
import Records
import Registry
import Storage

/// Runs the rows of an import inside one unit of work; a row that fails leaves nothing behind.
///
/// A savepoint for each row would make SQLite keep a second copy of every page that the row touches, which costs as
/// much as the row itself. Nearly all refusals come before a row has written anything, so there is nothing to undo:
/// all rows run in one savepoint. Where one row does fail after it has written, all are undone and run again, each in
/// a savepoint of its own.
///
/// What a row refuses is that row's outcome; what concerns the database as a whole (a full disk, a deadline that has
/// passed) ends the unit.
struct ImportRun {
    let plan: ImportPlan
    let records: RecordService
    let call: CallContext
    let transaction: WriteTransaction
    let unit: UnitOfWork
    let snapshot: KernelSnapshot
    /// Found in this unit. Only hits are kept: what is not there yet may be made by a later row.
    private var found: [ImportRow.Target: RecordID] = [:]
    /// Fields by which records of their entity are found without reading all, as far as that was asked.
    private var quick: Set<String> = []
    /// By entity and fields; nil where those can only be listed.
    private var finders: [String: RecordFinder?] = [:]
    private let undoing: Undoing

    /// How what a failed row has written is undone.
    private enum Undoing {
        case allRows
        case thatRow
    }

    static func outcomes(
        of plan: ImportPlan, _ records: RecordService, _ call: CallContext, _ transaction: WriteTransaction
    ) throws(CRMError) -> [ImportOutcome] {
        guard plan.isWhole else { return try keptOutcomes(of: plan, records, call, transaction) }
        var outcomes: [ImportOutcome] = []
        var isRefused = false
        do throws(CRMError) {
            try transaction.savepoint { () throws(CRMError) in
                outcomes = try keptOutcomes(of: plan, records, call, transaction)
                isRefused = outcomes.contains(where: \.isFailed)
                if isRefused { throw CRMError(.invalidRecord, "a row was refused") }
            }
        } catch {
            guard isRefused else { throw error }
        }
        return outcomes
    }

    private static func keptOutcomes(
        of plan: ImportPlan, _ records: RecordService, _ call: CallContext, _ transaction: WriteTransaction
    ) throws(CRMError) -> [ImportOutcome] {
        var isSpoilt = false
        do throws(CRMError) {
            return try transaction.savepoint { () throws(CRMError) in
                try outcomes(of: plan, records, call, transaction, .allRows, &isSpoilt)
            }
        } catch {
            guard isSpoilt else { throw error }
            return try outcomes(of: plan, records, call, transaction, .thatRow, &isSpoilt)
        }
    }

    /// What is known of records is the unit's, so each attempt has a unit of its own.
    private static func outcomes(
        of plan: ImportPlan, _ records: RecordService, _ call: CallContext, _ transaction: WriteTransaction,
        _ undoing: Undoing, _ isSpoilt: inout Bool
    ) throws(CRMError) -> [ImportOutcome] {
        try records.unit(transaction, call) { unit throws(CRMError) in
            var run = ImportRun(plan, records, call, transaction, unit, undoing)
            return try run.run(&isSpoilt)
        }
    }

    private init(
        _ plan: ImportPlan, _ records: RecordService, _ call: CallContext, _ transaction: WriteTransaction,
        _ unit: UnitOfWork, _ undoing: Undoing
    ) {
        self.undoing = undoing
        self.plan = plan
        self.records = records
        self.call = call
        self.transaction = transaction
        self.unit = unit
        snapshot = records.snapshots.current
    }

    private mutating func run(_ isSpoilt: inout Bool) throws(CRMError) -> [ImportOutcome] {
        var outcomes: [ImportOutcome] = []
        outcomes.reserveCapacity(plan.rows.count)
        for row in plan.rows { outcomes.append(try outcome(of: row, &isSpoilt)) }
        return outcomes
    }

    private mutating func outcome(of row: ImportRow, _ isSpoilt: inout Bool) throws(CRMError) -> ImportOutcome
    {
        guard row.problems.isEmpty else { return .failed(row.problems) }
        let before = transaction.writtenRows
        do throws(CRMError) {
            let values = try resolved(row)
            switch undoing {
            case .allRows: return try write(values, row.draft)
            case .thatRow:
                return try unit.attempt { () throws(CRMError) in try write(values, row.draft) }
            }
        } catch {
            guard error.kind != .unavailable, error.kind != .internalError else { throw error }
            guard undoing == .thatRow || transaction.writtenRows == before else {
                isSpoilt = true
                throw error
            }
            guard error.fields.isEmpty else { return .failed(error.fields) }
            let message = [error.message, error.hint].compactMap(\.self).joined(separator: "; ")
            return .failed([FieldProblem(field: "", code: error.kind.name, message: message)])
        }
    }

    private mutating func write(
        _ values: [String: Value], _ draft: Deferred<CreationDraft?>?
    ) throws(CRMError) -> ImportOutcome {
        guard let match = try match(values) else {
            guard plan.mode != .update else { throw notThere(values) }
            if let draft = draft?.value, let id = try unit.create(draft) { return .created(id) }
            return .created(try unit.create(plan.entity.name, ImportRow.given(values)))
        }
        guard plan.mode != .create || plan.onMatch == .skip, plan.onMatch != .fail else {
            throw problem("duplicate", "record \(match) has \(description(of: values)) already")
        }
        switch plan.onMatch {
        case .skip, .fail: return .skipped(match)
        case .overwrite: return try update(match, values)
        case .merge: return try update(match, ImportRow.given(values))
        case .fill: return try update(match, try emptyOnes(of: match, among: values))
        }
    }

    private func update(_ id: RecordID, _ values: [String: Value]) throws(CRMError) -> ImportOutcome {
        let values = try unit.keepingLines(of: id, entity: plan.entity, values)
        let isChanged = try unit.update(id, entity: plan.entity.name, values, version: nil)
        return isChanged ? .updated(id) : .unchanged(id)
    }

    // MARK: Finding

    /// The values with every reference found, in lines as well.
    private mutating func resolved(_ row: ImportRow) throws(CRMError) -> [String: Value] {
        var values = row.values
        var lines: [String: [Line]] = [:]
        var problems: [FieldProblem] = []
        for lookup in row.lookups {
            do throws(CRMError) {
                let found = Value.reference(try record(lookup.target))
                if let line = lookup.line {
                    lines[line.list, default: values[line.list]?.lines ?? []][line.index][lookup.field] =
                        found
                } else {
                    values[lookup.field] = found
                }
            } catch  where error.kind == .notFound || error.kind == .duplicate {
                let code = error.kind == .notFound ? "not_found" : "ambiguous"
                problems.append(FieldProblem(field: lookup.place, code: code, message: error.message))
            }
        }
        guard problems.isEmpty else { throw .invalidRecord(plan.entity.name, problems) }
        for (field, found) in lines { values[field] = .lines(found) }
        return values
    }

    private mutating func record(_ target: ImportRow.Target) throws(CRMError) -> RecordID {
        if let known = found[target] { return known }
        if !quick.contains(target.place) {
            let entity = try snapshot.registry.entity(target.entity)
            if let field = entity[target.by] {
                try ImportMatch.requireQuick([field], of: entity, records, snapshot, call)
            }
            quick.insert(target.place)
        }
        let ids = try records(of: target.entity, with: [(target.by, target.value)])
        let shown = "\(target.by) \"\(printed(target.value).prefix(60))\""
        guard let id = ids.first else { throw CRMError(.notFound, "no \(target.entity) has \(shown)") }
        guard ids.count == 1 else {
            throw CRMError(.duplicate, "more than one \(target.entity) has \(shown)")
        }
        found[target] = id
        return id
    }

    /// The record that is there already; nil without one, and for rows whose matching values are all empty.
    private mutating func match(_ values: [String: Value]) throws(CRMError) -> RecordID? {
        guard !plan.matchOn.isEmpty else { return nil }
        var wanted: [(field: String, value: Value)] = []
        for field in plan.matchOn {
            guard let value = values[field.name], !value.isNull else {
                throw CRMError.invalidRecord(
                    plan.entity.name,
                    [
                        FieldProblem(
                            field: field.name, code: "required",
                            message: "\(field.label) is needed to find the record")
                    ])
            }
            wanted.append((field.name, value))
        }
        let ids = try records(of: plan.entity.name, with: wanted)
        guard ids.count <= 1 else {
            let named = ids.prefix(Self.namedMatches).map(\.description).joined(separator: ", ")
            let more = ids.count > Self.namedMatches ? " and more" : ""
            throw problem(
                "ambiguous",
                "more than one \(plan.entity.name) has \(description(of: values)): \(named)\(more)")
        }
        return ids.first
    }

    /// Of several matches so many are named; one the caller may not view is none.
    private static let namedMatches = 10

    /// One is wanted, and a few are enough to say which there are.
    private mutating func records(
        of entity: String, with values: [(field: String, value: Value)]
    ) throws(CRMError) -> [RecordID] {
        var ids: [RecordID] = []
        let place = ([entity] + values.map(\.field)).joined(separator: " ")
        if finders[place] == nil {
            finders[place] = .some(
                try records.finder(
                    call, snapshot, of: entity, by: values.map(\.field), limit: Self.namedMatches + 1))
        }
        if let known = finders[place], let finder = known, !values.contains(where: \.value.isNull) {
            try transaction.rows(try finder.statement(values.map(\.value))) { row in
                ids.append(RecordID(row.int64(0)))
                return .next
            }
            return ids
        }
        var parameters = ListParameters(entity: entity)
        parameters.filter = .all(values.map { .where($0.field, .equal, $0.value) })
        parameters.fields = ["id"]
        parameters.sort = ["id"]
        parameters.limit = Self.namedMatches + 1
        let list = try records.planList(call, snapshot, parameters)
        _ = try records.list(list, on: transaction) { row throws(CRMError) in
            ids.append(RecordID(row.int64(list.read.idColumn)))
        }
        return ids
    }

    /// Those values whose field is empty in the record.
    private func emptyOnes(
        of id: RecordID, among values: [String: Value]
    ) throws(CRMError) -> [String: Value] {
        var empty: [String: Value] = [:]
        let names = values.keys.sorted()
        try records.get(
            call, snapshot, on: transaction, id: id, entity: plan.entity.name, fields: names
        ) { row, plan throws(CRMError) in
            for column in plan.columns where row.isNull(column.form.valueColumn) {
                empty[column.field.name] = values[column.field.name]
            }
        }
        return empty
    }

    // MARK: Refusals

    private func problem(_ code: String, _ message: String) -> CRMError {
        .invalidRecord(
            plan.entity.name,
            [FieldProblem(field: plan.matchOn.first?.name ?? "", code: code, message: message)])
    }

    private func notThere(_ values: [String: Value]) -> CRMError {
        guard !plan.matchOn.isEmpty else {
            return CRMError(.invalidParameters, "an update needs match_on, the fields to find records by")
        }
        return problem("not_found", "no \(plan.entity.name) has \(description(of: values))")
    }

    private func description(of values: [String: Value]) -> String {
        plan.matchOn.map { "\($0.label) \"\(printed(values[$0.name] ?? .null).prefix(60))\"" }
            .joined(separator: " and ")
    }
}
