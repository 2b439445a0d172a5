package import CRMSDK
import Query
package import Registry
import Security
import Storage
import Text

/// The records that belong to a record: linked with it, or referring to it.
extension RecordService {
    /// The lists of an entity's records that the caller may see: of entities that they may view, by fields that they may
    /// see.
    package func relatedLists(
        of entity: Entity, _ call: CallContext, _ snapshot: KernelSnapshot
    ) -> [RelatedList] {
        snapshot.registry.relatedLists(of: entity.name).filter { list in
            guard snapshot.security.decide(call.principal, .view, list.entity.name).allowed else {
                return false
            }
            guard case .references(let field) = list.way else { return true }
            return snapshot.security.mask(call.principal, list.entity.name).isVisible(field.name)
        }
    }

    /// - Throws: `invalidParameters` with the names of the lists as candidates.
    package func relatedList(
        _ name: String, of entity: Entity, _ call: CallContext, _ snapshot: KernelSnapshot
    ) throws(CRMError) -> RelatedList {
        let lists = relatedLists(of: entity, call, snapshot)
        if let list = lists.first(where: { $0.isCalled(name) }) { return list }
        var error = CRMError(
            .invalidParameters, "\(entity.name) has no relation \"\(name.prefix(80))\"",
            hint: "entity.describe lists its relations.")
        let fields = lists.map(\.name).filter { $0.hasPrefix(name + ".") }
        error.candidates = fields.isEmpty ? Spelling.nearest(to: name, among: lists.map(\.name)) : fields
        if let first = error.candidates.first { error.hint = "Did you mean \"\(first)\"?" }
        throw error
    }

    /// What to read for a page of a record's related records: the parameters of a list, narrowed to them.
    ///
    /// - Parameter parameters: `entity` is set here.
    package func related(
        to id: RecordID, _ list: RelatedList, _ parameters: ListParameters
    ) -> ListParameters {
        var narrowed = parameters
        narrowed.entity = list.entity.name
        switch list.way {
        case .links(let relation, let isInverse):
            narrowed.link = LinkScope(relation, of: id, isInverse: isInverse)
        case .references(let field):
            let refers = Filter.where(field.name, .equal, .reference(id))
            narrowed.filter = parameters.filter.map { .all([refers, $0]) } ?? refers
        }
        return narrowed
    }

    /// A page of related records, for a module.
    func related(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, _ id: RecordID,
        _ request: RelatedRequest
    ) throws(CRMError) -> [RelatedRecord] {
        let entity = try entity(of: id, named: nil, snapshot, source)
        try requireVisible(call, snapshot, on: source, id: id, entity)
        var parameters = ListParameters(entity: entity.name)
        parameters.filter = request.filter
        parameters.fields = request.fields.isEmpty ? nil : request.fields
        parameters.sort = request.sort.isEmpty ? nil : request.sort
        parameters.limit = request.limit
        let list = try relatedList(request.relation, of: entity, call, snapshot)
        let plan = try planList(call, snapshot, related(to: id, list, parameters))
        var found: [RelatedRecord] = []
        _ = try self.list(plan, on: source) { row throws(CRMError) in
            found.append(
                RelatedRecord(plan.read.record(row, snapshot), link: plan.read.link(row, snapshot)))
        }
        return found
    }
}
