import JSON

/// What a dry run takes for there: records that earlier steps of the same run would have made.
///
/// A row is judged here, and not by the kernel, when it refers to such a record, or writes a field that the run would
/// first make. Then the mapping and the look-ups are checked, the kernel's own rules are not; it counts as created, or
/// as updated when the record is there.
struct PresumedRecords {
    private struct Key: Hashable {
        let entity: String
        let field: String
        let value: String
    }

    /// Fields by which anything is found, by entity.
    private let keys: [String: Set<String>]
    /// Fields that the run would first make, by entity: no record has a value there.
    private var lacking: [String: Set<String>] = [:]
    private var present: Set<Key> = []
    private var found: [Key: Bool] = [:]

    init(_ steps: [ImportStep]) {
        var keys: [String: Set<String>] = [:]
        for step in steps {
            keys[step.entity, default: []].formUnion(step.matchOn)
            for (lookup, _) in step.lookups + step.lines.flatMap(\.step.lookups) {
                keys[lookup.entity, default: []].insert(lookup.by)
            }
        }
        self.keys = keys
    }

    mutating func lack(_ field: String, of entity: String) {
        lacking[entity, default: []].insert(field)
    }

    mutating func insert(_ texts: [String: String], of entity: String) {
        for field in keys[entity] ?? [] {
            if let value = texts[field] { present.insert(Key(entity: entity, field: field, value: value)) }
        }
    }

    /// Whether the kernel cannot judge the row.
    func concerns(_ row: RowMaker.Row, of prepared: PreparedStep) -> Bool {
        if !prepared.missingFields.isDisjoint(with: row.texts.keys) { return true }
        let step = prepared.step
        let isPresumedItself =
            !step.matchOn.isEmpty
            && step.matchOn.allSatisfy { isPresent(step.entity, $0, row.texts[$0]) }
        return isPresumedItself
            || references(row, step).contains { _, lookup, value in
                isLacking(lookup) || isPresent(lookup.entity, lookup.by, value)
            }
    }

    enum Judgement: Equatable {
        case created, updated
        case refused(String)
    }

    mutating func judge(
        _ row: RowMaker.Row, of prepared: PreparedStep, _ client: any RPCClient
    ) throws(AdminError) -> Judgement {
        let step = prepared.step
        for (place, lookup, value) in references(row, step) {
            guard !isPresent(lookup.entity, lookup.by, value) else { continue }
            guard !isLacking(lookup), try exists([(lookup.by, value)], in: lookup.entity, client) else {
                return .refused("\(place): no \(lookup.entity) has \(lookup.by) \"\(value)\"")
            }
        }
        let isThere = try isMatched(row, prepared, client)
        switch step.mode {
        case .update: return isThere ? .updated : .refused("no \(step.entity) is there to be updated")
        case .create: return .created
        case .upsert: return isThere ? .updated : .created
        }
    }

    private mutating func isMatched(
        _ row: RowMaker.Row, _ prepared: PreparedStep, _ client: any RPCClient
    ) throws(AdminError) -> Bool {
        let step = prepared.step
        guard !step.matchOn.isEmpty else { return false }
        if step.matchOn.allSatisfy({ isPresent(step.entity, $0, row.texts[$0]) }) { return true }
        // No record can have a value in a field that is not there yet.
        guard prepared.missingFields.isDisjoint(with: step.matchOn) else { return false }
        var conditions: [(field: String, value: String)] = []
        let lookups = Dictionary(lookups(of: step), uniquingKeysWith: { first, _ in first })
        for field in step.matchOn {
            let value = row.texts[field] ?? ""
            guard let lookup = lookups[field] else {
                conditions.append((field, value))
                continue
            }
            // What is not there yet, nothing can refer to.
            if isLacking(lookup) || isPresent(lookup.entity, lookup.by, value) { return false }
            conditions.append(("\(field).\(lookup.by)", value))
        }
        return try exists(conditions, in: step.entity, client)
    }

    /// All records that a row refers to, in its lines as well; the place is the field, behind the line's if it is in
    /// one.
    private func references(
        _ row: RowMaker.Row, _ step: ImportStep
    ) -> [(place: String, lookup: ImportStep.Lookup, value: String)] {
        var all = lookups(of: step).compactMap { field, lookup in
            row.texts[field].map { (place: field, lookup: lookup, value: $0) }
        }
        for part in step.lines {
            let lookups = lookups(of: part.step)
            for line in row.lines[part.field] ?? [] {
                for (field, lookup) in lookups {
                    guard let value = line.texts[field] else { continue }
                    all.append(("\(line.place): \(part.field).\(field)", lookup, value))
                }
            }
        }
        return all
    }

    private func lookups(of step: ImportStep) -> [(String, ImportStep.Lookup)] {
        step.rules.compactMap { rule in rule.lookup.map { (rule.field, $0) } }
            + step.constants.compactMap { constant in constant.lookup.map { (constant.field, $0) } }
    }

    private func isLacking(_ lookup: ImportStep.Lookup) -> Bool {
        lacking[lookup.entity]?.contains(lookup.by) == true
    }

    private func isPresent(_ entity: String, _ field: String, _ value: String?) -> Bool {
        value.map { present.contains(Key(entity: entity, field: field, value: $0)) } ?? false
    }

    private mutating func exists(
        _ conditions: [(field: String, value: String)], in entity: String, _ client: any RPCClient
    ) throws(AdminError) -> Bool {
        let key = Key(
            entity: entity, field: conditions.map(\.field).joined(separator: ","),
            value: conditions.map(\.value).joined(separator: "\u{1F}"))
        if let known = found[key] { return known }
        var filter = JSONWriter()
        filter.beginObject()
        filter.key("all")
        filter.beginArray()
        for (field, value) in conditions {
            filter.beginArray()
            for text in [field, "=", value] { filter.string(text) }
            filter.endArray()
        }
        filter.endArray()
        filter.endObject()
        var parameters = Parameters()
        parameters.set("entity", entity)
        parameters.set("filter", json: filter.finish())
        let isThere = (try client.call("record.count", parameters)["count"]?.int64 ?? 0) > 0
        found[key] = isThere
        return isThere
    }
}
