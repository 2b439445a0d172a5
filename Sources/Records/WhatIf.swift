package import CRMSDK
import Query
import Registry
package import Security
package import Storage

/// Who would gain and who would lose records, if rights changed: two snapshots of security held against each other.
///
/// Users whose reach over an entity does not differ cost a comparison of two values and no statement; those who gain or
/// lose the same share one.
package struct WhatIf {
    /// One user's difference in one entity.
    package struct Difference: Sendable {
        package let user: RecordID
        package let entity: String
        package let verb: AccessVerb
        package var gained = Side()
        package var lost = Side()
    }

    package struct Side: Sendable {
        package var count: Int64 = 0
        /// By lowest id, at most `maximumExamples`.
        package var examples: [(id: RecordID, label: String)] = []
    }

    package struct Report: Sendable {
        package var differences: [Difference] = []
        /// Whether there are more than `maximumStatements` could tell.
        package var isPartial = false
    }

    static let maximumExamples = 3
    /// Counts that one call may cost.
    static let maximumStatements = 400

    private struct Pair: Hashable {
        let entity: String
        let one: AccessPredicate
        let other: AccessPredicate
    }

    private let viewpoint: Viewpoint
    private let snapshot: KernelSnapshot
    private let after: SecuritySnapshot
    private var known: [Pair: Side] = [:]

    package init(
        _ call: CallContext, _ service: RecordService, _ snapshot: KernelSnapshot, after: SecurityFacts
    ) {
        viewpoint = service.viewpoint(call, snapshot)
        self.snapshot = snapshot
        self.after = SecuritySnapshot(facts: after, entities: snapshot.registry.securedEntities)
    }

    /// Looks at viewing, editing and deleting, entity by entity, for every active user.
    package mutating func report(on connection: ReadConnection) throws(CRMError) -> Report {
        var report = Report()
        let users = after.facts.users.values.filter(\.isActive).sorted { $0.id < $1.id }
        for entity in snapshot.registry.entities where !entity.definition.isAdministrative {
            for verb in [AccessVerb.view, .edit, .delete] {
                for user in users {
                    let difference = try difference(user.id, verb, entity, on: connection)
                    guard known.count < Self.maximumStatements else {
                        report.isPartial = true
                        return report
                    }
                    guard let difference, difference.gained.count + difference.lost.count > 0 else {
                        continue
                    }
                    report.differences.append(difference)
                }
            }
        }
        return report
    }

    private mutating func difference(
        _ user: RecordID, _ verb: AccessVerb, _ entity: Entity, on connection: ReadConnection
    ) throws(CRMError) -> Difference? {
        let old = predicate(snapshot.security, user, verb, entity)
        let new = predicate(after, user, verb, entity)
        guard old != new else { return nil }
        var difference = Difference(user: user, entity: entity.name, verb: verb)
        difference.gained = try side(new, without: old, entity, on: connection)
        difference.lost = try side(old, without: new, entity, on: connection)
        return difference
    }

    private func predicate(
        _ security: SecuritySnapshot, _ user: RecordID, _ verb: AccessVerb, _ entity: Entity
    ) -> AccessPredicate {
        let principal = Principal(
            user: user, isAdministrator: security.facts.users[user]?.isAdministrator ?? false,
            source: .session)
        return security.predicate(principal, verb, entity.name)
    }

    private mutating func side(
        _ one: AccessPredicate, without other: AccessPredicate, _ entity: Entity,
        on connection: ReadConnection
    ) throws(CRMError) -> Side {
        if one == .nothing || other == .everything { return Side() }
        let pair = Pair(entity: entity.name, one: one, other: other)
        if let side = known[pair] { return side }
        var side = Side()
        let counting = Planner.countDifference(viewpoint, entity, of: one, without: other)
        try connection.rows(counting) { row throws(CRMError) in
            side.count = row.int64(0)
            return .stop
        }
        if side.count > 0 {
            let examples = Planner.difference(
                viewpoint, entity, of: one, without: other, limit: Self.maximumExamples)
            try connection.rows(examples) { row throws(CRMError) in
                side.examples.append((RecordID(row.int64(0)), row.text(1)))
                return .next
            }
        }
        known[pair] = side
        return side
    }
}
