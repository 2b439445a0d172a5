package import CRMSDK
import Query
package import Registry
import Security
package import Storage

/// The records that a rule finds like one.
struct DuplicateMatch {
    let rule: DuplicateRule
    let ids: [RecordID]
}

/// The duplicates of a record, as a caller may know them.
package struct DuplicateFinding: Sendable {
    package struct Found: Sendable {
        package let id: RecordID
        /// Nil where the caller may not see what the label is made of.
        package let label: String?
        /// The names of the rules by which it is like the record.
        package let rules: [String]
    }

    /// From the lowest id.
    package var records: [Found] = []
    /// How many more there are that the caller may not view.
    package var hidden = 0
}

/// Records that are like each other by one rule.
package struct DuplicateGroup: Sendable {
    package let rule: DuplicateRuleFact
    package let records: [(id: RecordID, label: String?)]
    /// Whether there are more than these.
    package let hasMore: Bool
}

/// Finds duplicates by their stored keys.
///
/// A key only proposes: the records are read again and their own keys compared, so that neither a key that is out of
/// date nor two keys with one number ever join what is not alike. What the caller may not view is not among the
/// records; a rule over a field that the caller may not see finds nothing for them.
extension RecordService {
    /// So many records with one key are looked at.
    static let duplicateLimit = 1000
    /// So many records of a group are named.
    static let groupLimit = 50

    /// The records that are not in the recycle bin and have a key, from the lowest id.
    func holders(
        of key: DuplicateKey, _ rule: DuplicateRule, besides id: RecordID?, on source: some RowSource
    ) throws(CRMError) -> [RecordID] {
        try held(key.number, rule, on: source)[key, default: []].filter { $0 != id }
    }

    /// The records behind a stored number, by their own keys.
    private func held(
        _ number: Int64, _ rule: DuplicateRule, on source: some RowSource
    ) throws(CRMError) -> [DuplicateKey: [RecordID]] {
        var ids: [RecordID] = []
        let stored = DuplicateStatements.records(with: number, rule: rule.id, limit: Self.duplicateLimit)
        try source.rows(stored) { row in
            ids.append(RecordID(row.int64(0)))
            return .next
        }
        guard !ids.isEmpty else { return [:] }
        var held: [DuplicateKey: [RecordID]] = [:]
        let fields = rule.parts.map(\.field)
        try source.rows(DuplicateStatements.values(of: fields, rule.entity, among: ids)) { row in
            let key = rule.key { field in
                fields.firstIndex { $0 === field }.map { row.value($0 + 1) } ?? .null
            }
            if let key { held[key, default: []].append(RecordID(row.int64(0))) }
            return .next
        }
        return held
    }

    /// What a caller is told of matches: a record once, with all rules that find it.
    func finding(
        _ matches: [DuplicateMatch], _ entity: Entity, _ viewpoint: Viewpoint, on source: some RowSource
    ) throws(CRMError) -> DuplicateFinding {
        let mask = viewpoint.mask(entity)
        var (rules, all): ([RecordID: [String]], Set<RecordID>) = ([:], [])
        for match in matches {
            all.formUnion(match.ids)
            // Who may not see the field would learn of the others what stands in it.
            guard match.rule.parts.allSatisfy({ mask.isVisible($0.field.name) }) else { continue }
            for id in match.ids { rules[id, default: []].append(match.rule.name) }
        }
        var finding = DuplicateFinding()
        for (id, label) in try visible(Array(rules.keys), entity, viewpoint, on: source) {
            finding.records.append(.init(id: id, label: label, rules: rules[id] ?? []))
        }
        finding.hidden = all.count - finding.records.count
        return finding
    }

    private func visible(
        _ ids: [RecordID], _ entity: Entity, _ viewpoint: Viewpoint, on source: some RowSource
    ) throws(CRMError) -> [(RecordID, String?)] {
        guard !ids.isEmpty else { return [] }
        var found: [(RecordID, String?)] = []
        try source.rows(DuplicateStatements.visible(viewpoint, entity, among: ids)) { row in
            found.append((RecordID(row.int64(0)), row.optionalText(1)))
            return .next
        }
        return found
    }

    // MARK: For callers

    /// The rules of an entity whose fields the caller may all see, from the oldest.
    private func rules(_ viewpoint: Viewpoint, _ entity: Entity, _ snapshot: KernelSnapshot)
        -> [DuplicateRule]
    {
        let mask = viewpoint.mask(entity)
        return (snapshot.duplicateRules[entity.name] ?? []).filter { rule in
            rule.parts.allSatisfy { mask.isVisible($0.field.name) }
        }
    }

    /// The records like one that has these values, or like the record that has them.
    ///
    /// How many the caller may not view is told to those who may create one: trying that tells the same.
    package func duplicates(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, _ entity: Entity,
        _ values: [String: Value], besides id: RecordID? = nil
    ) throws(CRMError) -> DuplicateFinding {
        try snapshot.security.require(call.principal, .view, entity.name)
        let viewpoint = viewpoint(call, snapshot)
        var matches: [DuplicateMatch] = []
        for rule in rules(viewpoint, entity, snapshot) {
            guard let key = rule.key(of: values) else { continue }
            let ids = try holders(of: key, rule, besides: id, on: source)
            if !ids.isEmpty { matches.append(DuplicateMatch(rule: rule, ids: ids)) }
        }
        var finding = try finding(matches, entity, viewpoint, on: source)
        if !snapshot.security.decide(call.principal, .create, entity.name).allowed { finding.hidden = 0 }
        return finding
    }

    /// The records like one that the caller may view.
    package func duplicates(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, of id: RecordID,
        entity name: String?
    ) throws(CRMError) -> (Entity, DuplicateFinding) {
        let entity = try entity(of: id, named: name, snapshot, source)
        var values: [String: Value] = [:]
        try get(call, snapshot, on: source, id: id, entity: entity.name) { row, plan throws(CRMError) in
            values = plan.record(row, snapshot).values
        }
        return (entity, try duplicates(call, snapshot, on: source, entity, values, besides: id))
    }

    /// The names of an entity's rules of which older records have no keys yet.
    package func rulesBeingFilled(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, _ entity: Entity
    ) throws(CRMError) -> [String] {
        var whole: [RecordID: String] = [:]
        try source.rows(DuplicateStatements.fills) { row in
            if row.isNull(2) { whole[RecordID(row.int64(0))] = row.text(1) }
            return .next
        }
        return rules(viewpoint(call, snapshot), entity, snapshot)
            .filter { whole[$0.id] != $0.signature }.map(\.name)
    }

    /// Groups of records that are like each other, rule by rule: those in which the caller may view at least two.
    ///
    /// - Returns: a page of them, and the cursor of the next.
    package func duplicateGroups(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, _ entity: Entity,
        limit: Int, cursor: String?
    ) throws(CRMError) -> (groups: [DuplicateGroup], next: String?) {
        try snapshot.security.require(call.principal, .view, entity.name)
        let viewpoint = viewpoint(call, snapshot)
        let identity = Array("duplicates \(entity.number) \(call.principal.user)".utf8)
        var position: (rule: Int64, key: Int64?) = (0, nil)
        if let cursor {
            let values = try cursors.decode(cursor, identity: identity)
            if case .integer(let rule) = values.first, case .integer(let key) = values.last {
                position = (rule, key)
            }
        }
        var groups: [DuplicateGroup] = []
        for rule in rules(viewpoint, entity, snapshot) where rule.id.rawValue >= position.rule {
            var after = rule.id.rawValue == position.rule ? position.key : nil
            while true {
                let keys = try sharedKeys(rule, after: after, on: source)
                for key in keys {
                    // There is another page where there is another group.
                    let found = try self.groups(key, rule, viewpoint, on: source)
                    if !found.isEmpty, groups.count >= limit {
                        return (
                            groups,
                            cursors.encode(
                                [.integer(position.rule), .integer(position.key ?? .min)], identity: identity)
                        )
                    }
                    groups += found
                    if !found.isEmpty { position = (rule.id.rawValue, key) }
                }
                guard let last = keys.last else { break }
                after = last
            }
        }
        return (groups, nil)
    }

    private func sharedKeys(
        _ rule: DuplicateRule, after key: Int64?, on source: some RowSource
    ) throws(CRMError) -> [Int64] {
        var keys: [Int64] = []
        try source.rows(DuplicateStatements.shared(rule: rule.id, after: key, limit: 100)) { row in
            keys.append(row.int64(0))
            return .next
        }
        return keys
    }

    private func groups(
        _ number: Int64, _ rule: DuplicateRule, _ viewpoint: Viewpoint, on source: some RowSource
    ) throws(CRMError) -> [DuplicateGroup] {
        let held = try held(number, rule, on: source).values.filter { $0.count > 1 }
        var groups: [DuplicateGroup] = []
        for ids in held.sorted(by: { $0[0] < $1[0] }) {
            let seen = try visible(ids, rule.entity, viewpoint, on: source)
            guard seen.count > 1 else { continue }
            groups.append(
                DuplicateGroup(
                    rule: rule.fact, records: seen.prefix(Self.groupLimit).map { (id: $0.0, label: $0.1) },
                    hasMore: seen.count > Self.groupLimit))
        }
        return groups
    }
}
