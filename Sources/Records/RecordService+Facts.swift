package import CRMSDK
import Query
package import Registry
package import Security
package import Storage

/// Reads what a decision has to know about one record.
extension RecordService {
    /// The record with its owner, its parents' owners and the records it belongs to; nil when there is none or it is
    /// deleted.
    ///
    /// Costs one read by key for the record and one for each record that it names.
    package func recordFacts(
        _ id: RecordID, _ entity: Entity, _ snapshot: KernelSnapshot, on source: some RowSource
    ) throws(CRMError) -> RecordFacts? {
        try recordFacts(id, entity, snapshot, on: source, cameFrom: [])
    }

    private func recordFacts(
        _ id: RecordID, _ entity: Entity, _ snapshot: KernelSnapshot, on source: some RowSource,
        cameFrom: [String]
    ) throws(CRMError) -> RecordFacts? {
        let secured = SecuredEntity(entity.completeDefinition)
        let ways =
            secured.parentFields.map { (target: $0.key, field: $0.value, isParent: true) }
            + secured.belongsTo.map { (target: $0.key, field: $0.value, isParent: false) }
        let fields = ways.compactMap { entity[$0.field] }
        guard fields.count == ways.count,
            let row = try ownership(id, entity, fields, on: source), !row.isDeleted
        else { return nil }
        var record = RecordFacts(id: id, owner: row.owner)
        for (way, reference) in zip(ways, row.references) {
            guard let reference, let target = snapshot.registry[entity: way.target] else { continue }
            if way.isParent {
                // Parents in the recycle bin count; a reference to a record of another entity finds no row.
                record.parents[way.target] = try ownership(reference, target, [], on: source)?.owner
            } else if !cameFrom.contains(way.target), way.target != entity.name {
                record.belongsTo[way.target] = try recordFacts(
                    reference, target, snapshot, on: source, cameFrom: cameFrom + [entity.name])
            }
        }
        if let openings = secured.openings {
            record.invited = try people(
                snapshot.registry.relation(openings.invitation).map {
                    Planner.linked(with: id, by: $0)
                }, on: source)
            record.sharedWith = try people(
                Planner.people(openings.sharing, entity, id: id, snapshot.registry), on: source)
        }
        return record
    }

    private func people(_ statement: Statement?, on source: some RowSource) throws(CRMError) -> Set<RecordID>
    {
        var ids: Set<RecordID> = []
        guard let statement else { return ids }
        try source.rows(statement) { row throws(CRMError) in
            ids.insert(RecordID(row.int64(0)))
            return .next
        }
        return ids
    }

    private struct Ownership {
        let owner: RecordID?
        let references: [RecordID?]
        let isDeleted: Bool
    }

    private func ownership(
        _ id: RecordID, _ entity: Entity, _ fields: [Field], on source: some RowSource
    ) throws(CRMError) -> Ownership? {
        var found: Ownership?
        try source.rows(Planner.ownership(entity, through: fields, id: id)) { row throws(CRMError) in
            var ids: [RecordID?] = []
            for index in 0...fields.count {
                ids.append(row.isNull(index) ? nil : RecordID(row.int64(index)))
            }
            found = Ownership(
                owner: ids[0], references: Array(ids.dropFirst()),
                isDeleted: !row.isNull(fields.count + 1))
            return .stop
        }
        return found
    }

    /// Refuses a record that the caller may not view, as if it were not there.
    package func requireVisible(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, id: RecordID,
        _ entity: Entity, named name: String? = nil
    ) throws(CRMError) {
        var isVisible = false
        let viewpoint = viewpoint(call, snapshot)
        try source.rows(Planner.check(viewpoint, entity, .view, id: id)) { _ throws(CRMError) in
            isVisible = true
            return .stop
        }
        guard isVisible else { throw .recordNotFound(id, entity: name) }
    }
}
