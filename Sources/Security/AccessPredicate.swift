package import CRMSDK

/// Which records of an entity a principal may view, edit or delete: a value that Query compiles into SQL.
///
/// Normalised: equal rights give equal predicates, so that it serves as the key of a cache of statements. There is no
/// `any` within `any`, none with fewer than two branches, at most one `owners` branch (the first), one branch per field
/// after it, in the order of entity and field, and all else at the end.
package indirect enum AccessPredicate: Hashable, Sendable {
    case everything
    case nothing
    /// The record's owner is in the set.
    case owners(OwnerSet)
    /// `field` refers to a record of `entity`, deleted or not, whose owner is in the set.
    case parent(entity: String, field: String, owners: OwnerSet)
    /// `field` refers to a record of `entity` that is not deleted and that the inner predicate lets through.
    case belonging(entity: String, field: String, AccessPredicate)
    /// A user is linked with the record by the relation: it goes out from the record's entity to users.
    case inviting(RecordID, relation: String)
    /// The record's owner shares it with a user.
    case sharing(Openings.Sharing, with: RecordID)
    /// The record is a customer's: `CustomerReach` says by which fields.
    case ofCustomer(RecordID, entity: String, CustomerReach)
    case having(CustomerReach.Condition)
    case any([AccessPredicate])
    case all([AccessPredicate])

    /// The normal form of "at least one of these".
    package static func anyOf(_ predicates: some Sequence<AccessPredicate>) -> AccessPredicate {
        var union = Union()
        for predicate in predicates { union.add(predicate) }
        return union.normalForm
    }

    /// The owners whose records a list shows whatever fields they have; nil when all are shown.
    package var directOwners: OwnerSet? {
        switch self {
        case .everything: nil
        case .owners(let owners): owners
        case .any(let branches): branches.first?.ownersOfBranch ?? .empty
        case .nothing, .parent, .belonging, .inviting, .sharing, .ofCustomer, .having, .all: .empty
        }
    }

    private var ownersOfBranch: OwnerSet? {
        if case .owners(let owners) = self { owners } else { nil }
    }

    /// The normal form of "each of these".
    package static func allOf(_ predicates: [AccessPredicate]) -> AccessPredicate {
        if predicates.contains(.nothing) { return .nothing }
        let narrow = predicates.flatMap { predicate -> [AccessPredicate] in
            switch predicate {
            case .everything: []
            case .all(let parts): parts
            default: [predicate]
            }
        }
        switch narrow.count {
        case 0: return .everything
        case 1: return narrow[0]
        default: return .all(narrow)
        }
    }

    /// Whether a record passes, for those who have it at hand instead of a statement. What a customer reaches is not
    /// among the facts of a record: only a statement knows.
    package func matches(_ record: RecordFacts) -> Bool {
        switch self {
        case .everything: true
        case .nothing: false
        case .owners(let owners): record.owner.map(owners.contains) ?? false
        case .parent(let entity, _, let owners): record.parents[entity].map(owners.contains) ?? false
        case .belonging(let entity, _, let inner): record.belongsTo[entity].map(inner.matches) ?? false
        case .inviting(let user, _): record.invited.contains(user)
        case .sharing(_, let user): record.sharedWith.contains(user)
        case .ofCustomer, .having: false
        case .any(let branches): branches.contains { $0.matches(record) }
        case .all(let parts): parts.allSatisfy { $0.matches(record) }
        }
    }
}

extension AccessPredicate {
    /// Gathers branches by what they test.
    private struct Union {
        struct Way: Hashable, Comparable {
            let entity, field: String

            static func < (left: Way, right: Way) -> Bool {
                (left.entity, left.field) < (right.entity, right.field)
            }
        }

        var isEverything = false
        var owners = OwnerSet.empty
        var parents: [Way: OwnerSet] = [:]
        var belonging: [Way: AccessPredicate] = [:]
        var others: [AccessPredicate] = []

        mutating func add(_ predicate: AccessPredicate) {
            switch predicate {
            case .everything: isEverything = true
            case .nothing: break
            case .owners(let more): owners = owners.union(more)
            case .parent(let entity, let field, let more):
                parents[Way(entity: entity, field: field), default: .empty].formUnion(more)
            case .belonging(let entity, let field, let inner):
                let way = Way(entity: entity, field: field)
                belonging[way] = .anyOf([belonging[way] ?? .nothing, inner])
            case .inviting, .sharing, .ofCustomer, .having, .all:
                if !others.contains(predicate) { others.append(predicate) }
            case .any(let branches): for branch in branches { add(branch) }
            }
        }

        var normalForm: AccessPredicate {
            if isEverything { return .everything }
            var branches: [AccessPredicate] = owners.isEmpty ? [] : [.owners(owners)]
            for (way, owners) in parents.sorted(by: { $0.key < $1.key }) where !owners.isEmpty {
                branches.append(.parent(entity: way.entity, field: way.field, owners: owners))
            }
            for (way, inner) in belonging.sorted(by: { $0.key < $1.key }) where inner != .nothing {
                branches.append(.belonging(entity: way.entity, field: way.field, inner))
            }
            branches += others
            switch branches.count {
            case 0: return .nothing
            case 1: return branches[0]
            default: return .any(branches)
            }
        }
    }
}

extension OwnerSet {
    fileprivate mutating func formUnion(_ other: OwnerSet) { self = union(other) }
}
