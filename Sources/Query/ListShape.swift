import CRMSDK
import Registry
import Security

/// The way in which the records that a caller may see are found. All give the same rows in the same order.
package enum ListShape: Hashable, Sendable, CaseIterable {
    /// Along the index of the sort, testing each record's rights: for who sees nearly all.
    case walk
    /// Along an index of owner and sort for each owner, merged: for who sees some.
    case merge
    /// All that the caller may see, by owner, then sorted: for who sees few, or where no index has the sort.
    case gather
}

/// What the steps of the shapes cost, in looks at one row of an index.
package struct ShapeCosts: Hashable, Sendable {
    package var walkedRow = 1.0
    /// Of starting a walk, for each owner.
    package var mergedOwner = 3.0
    package var mergedRow = 1.5
    package var gatheredRow = 2.0
    /// Rows looked at for one that a filter lets through, as long as nobody knows better.
    package var rowsPerMatch = 10.0
    /// More walks than this are not merged: a statement of SQLite has at most 500 parts.
    package var mergedOwnersLimit = 250
    /// A page that costs more than this is a scan.
    package var boundedLimit = 5_000.0

    package init() {}
}

/// The shape for one page and why.
struct ShapeChoice {
    let shape: ListShape
    let cost: Double
    /// The owners whose records are shown whatever fields they have, without those that have none.
    let owners: [RecordID]

    /// Nil where there is nothing to choose: everything or nothing is seen, the list follows the links of one record,
    /// or nothing is known of the counts.
    init?(_ predicate: AccessPredicate, _ viewpoint: Viewpoint, _ query: ListQuery, _ order: Order) {
        guard query.bin == .outside, query.link == nil, predicate != .everything, predicate != .nothing,
            let counts = viewpoint.counts, let total = counts.total(query.entity.number),
            let direct = predicate.directOwners,
            let holding = counts.holding(of: direct, query.entity.number)
        else { return nil }
        let costs = counts.costs
        let others = Self.share(predicate.withoutOwners, counts, viewpoint).map { $0 * Double(total) }
        let visible = min(Double(total), Double(holding.records) + (others ?? 0))
        let wanted = Double(query.limit + 1) * (query.filter == nil ? 1 : costs.rowsPerMatch)

        var offers: [(ListShape, Double)] = []
        let walked =
            order.isIndexed ? min(Double(total), wanted * Double(total) / max(visible, 1)) : Double(total)
        offers.append((.walk, walked * costs.walkedRow))
        if let others {
            offers.append((.gather, visible * costs.gatheredRow))
            let parts = holding.owners.count + (predicate.withoutOwners == .nothing ? 0 : 1)
            if order.isIndexedByOwner, (1...costs.mergedOwnersLimit).contains(parts) {
                let cost =
                    Double(parts) * costs.mergedOwner + min(wanted, visible) * costs.mergedRow
                    + others * costs.gatheredRow
                offers.append((.merge, cost))
            }
        }
        let best = offers.min { $0.1 < $1.1 } ?? (.walk, Double(total))
        (shape, cost) = best
        owners = holding.owners
    }

    /// Which part of an entity's records a predicate lets through, for those that `StatementBuilder.ids` can gather.
    private static func share(
        _ predicate: AccessPredicate, _ counts: RecordCounts, _ viewpoint: Viewpoint
    ) -> Double? {
        switch predicate {
        case .nothing: return 0
        case .everything, .parent, .owners, .inviting, .sharing, .having: return nil
        // One of many customers.
        case .ofCustomer: return customerShare
        case .all(let parts):
            return parts.contains { if case .ofCustomer = $0 { true } else { false } } ? customerShare : nil
        case .belonging(let entity, _, let inner):
            guard let parent = viewpoint.registry[entity: entity] else { return 0 }
            guard case .owners(let owners) = inner else { return nil }
            guard let total = counts.total(parent.number), total > 0,
                let holding = counts.holding(of: owners, parent.number)
            else { return 0 }
            return Double(holding.records) / Double(total)
        case .any(let branches):
            var share = 0.0
            for branch in branches {
                guard let part = Self.share(branch, counts, viewpoint) else { return nil }
                share += part
            }
            return min(1, share)
        }
    }
}

/// Which part of the records is thought to be one customer's.
private let customerShare = 0.000_1

extension AccessPredicate {
    /// The branches that do not go by the record's own owner.
    var withoutOwners: AccessPredicate {
        switch self {
        case .owners: .nothing
        case .any(let branches): .anyOf(branches.filter { if case .owners = $0 { false } else { true } })
        case .everything, .nothing, .parent, .belonging, .inviting, .sharing, .ofCustomer, .having, .all: self
        }
    }
}
