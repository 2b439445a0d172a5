package import CRMSDK
import Query
package import Registry
import Security
package import Storage

/// A search that is planned and not yet run.
package struct SearchPlan: Sendable {
    let query: SearchQuery
    let places: [SearchPlace]
    let isEverywhere: Bool
    let limit: Int
    let identity: [UInt8]
    /// The window begins below this id, and so many of its hits were given before.
    let position: (below: Int64, given: Int)
    let viewpoint: Viewpoint
}

/// A record that was found.
package struct SearchHit {
    package let id: RecordID
    package let entity: Entity
    /// Nil where the caller may not see what the label is made of.
    package let label: String?
    /// The visible fields that hold what was searched for, with the text around it.
    package let fields: [(field: Field, text: String)]
    let rank: Int
}

/// Search over all entities: newest records first, within each window of a hundred those whose label matches.
///
/// The index only proposes: each record is read again through the caller's predicate, and held against the search by
/// the fields that the caller may see. So what is found is what a reader of all visible fields would find, and neither
/// hits nor cursors tell of others.
extension RecordService {
    /// Hits that are ranked together.
    static let searchWindow = 100

    /// - Parameter entities: Where to search; nil is everywhere that the caller may look.
    package func planSearch(
        _ call: CallContext, _ snapshot: KernelSnapshot, text: String, entities: [Entity]?, limit: Int,
        cursor: String?
    ) throws(CRMError) -> SearchPlan {
        let viewpoint = viewpoint(call, snapshot)
        let query = try SearchQuery(text)
        for entity in entities ?? [] { try snapshot.security.require(call.principal, .view, entity.name) }
        let places = (entities ?? snapshot.registry.entities).compactMap { SearchPlace(viewpoint, $0) }
        let names = entities.map { $0.map(\.name).sorted().joined(separator: ",") } ?? "*"
        let identity = Array("search \(call.principal.user) \(names) \(limit) \(text)".utf8)
        var position = (below: RecordID.maximum.rawValue + 1, given: 0)
        if let cursor {
            let values = try cursors.decode(cursor, identity: identity)
            if case .integer(let below) = values.first, case .integer(let given) = values.last {
                position = (below, Int(given))
            }
        }
        return SearchPlan(
            query: query, places: places, isEverywhere: entities == nil, limit: limit, identity: identity,
            position: position, viewpoint: viewpoint)
    }

    /// - Returns: the hits of a page in order, and the cursor of the next page.
    package func search(
        _ plan: SearchPlan, on source: ReadConnection
    ) throws(CRMError) -> (hits: [SearchHit], next: String?) {
        guard !plan.places.isEmpty else { return ([], nil) }
        let size = max(Self.searchWindow, plan.limit)
        // One more than the window tells whether there is another.
        let found = try hits(plan, count: size + 1, on: source)
        let window = found.prefix(size)
        let ranked = window.sorted { ($0.rank, $0.id) > ($1.rank, $1.id) }
        let page = Array(ranked.dropFirst(plan.position.given).prefix(plan.limit))
        let given = plan.position.given + page.count
        var next: (below: Int64, given: Int)?
        if given < ranked.count {
            next = (plan.position.below, given)
        } else if found.count > size, let last = window.last {
            next = (last.id.rawValue, 0)
        }
        let cursor = next.map {
            cursors.encode([.integer($0.below), .integer(Int64($0.given))], identity: plan.identity)
        }
        return (page, cursor)
    }

    /// The newest hits below the plan's position, at most so many. The index is asked in growing steps, since what it
    /// proposes may be hidden from the caller.
    private func hits(
        _ plan: SearchPlan, count: Int, on source: ReadConnection
    ) throws(CRMError) -> [SearchHit] {
        var hits: [SearchHit] = []
        var below = plan.position.below
        var step = count
        while hits.count < count {
            var candidates: [(id: Int64, entity: Int)] = []
            let asked = SearchStatements.candidates(
                plan.query, in: plan.places, isEverywhere: plan.isEverywhere, before: below, limit: step)
            try source.rows(asked) { row in
                candidates.append((row.int64(0), Int(row.int64(1))))
                return .next
            }
            guard let last = candidates.last else { break }
            hits += try visible(candidates, plan, on: source)
            guard candidates.count == step else { break }
            below = last.id
            step = min(step * 4, 5_000)
        }
        return Array(hits.prefix(count))
    }

    private func visible(
        _ candidates: [(id: Int64, entity: Int)], _ plan: SearchPlan, on source: ReadConnection
    ) throws(CRMError) -> [SearchHit] {
        var hits: [SearchHit] = []
        let byEntity = Dictionary(grouping: candidates, by: \.entity)
        for place in plan.places {
            guard let ids = byEntity[place.entity.number]?.map(\.id) else { continue }
            let labels = place.entity.labelFields
            let isLabel = place.fields.map { field in labels.contains { $0 === field } }
            let statement = SearchStatements.hits(plan.viewpoint, place, among: ids)
            try source.rows(statement) { row in
                var fields: [SearchedField] = []
                for (index, field) in place.fields.enumerated() {
                    guard isLabel[index] || row.withUTF8(2 + index, { plan.query.mayBe(in: $0, of: field) }),
                        let text = row.optionalText(2 + index)
                    else { continue }
                    fields.append(SearchedField(field, text, isLabel: isLabel[index]))
                }
                guard let match = plan.query.match(fields) else { return .next }
                hits.append(
                    SearchHit(
                        id: RecordID(row.int64(0)), entity: place.entity, label: row.optionalText(1),
                        fields: match.fields.map { ($0.field, plan.query.excerpt(of: $0)) }, rank: match.rank)
                )
                return .next
            }
        }
        return hits.sorted { $0.id > $1.id }
    }
}
