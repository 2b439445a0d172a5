package import CRMSDK
import Query
package import Registry
import Security
import Storage
import Text

/// The records that belong to a record: linked with it, or referring to it.
extension RecordService {
    /// The lists of an entity's records that the caller may see: of entities that they may view, by fields that they
    /// may see.
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
        try related(call, snapshot, on: source, toEach: [id], request)[id] ?? []
    }

    /// The pages of several records, each with a limit of its own. Links are planned once for all records of an entity.
    func related(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, toEach ids: [RecordID],
        _ request: RelatedRequest
    ) throws(CRMError) -> [RecordID: [RelatedRecord]] {
        var parameters = ListParameters(entity: "")
        parameters.filter = request.filter
        parameters.fields = request.fields.isEmpty ? nil : request.fields
        parameters.sort = request.sort.isEmpty ? nil : request.sort
        parameters.limit = request.limit
        var plans: [Int: ReadPlan] = [:]
        var found: [RecordID: [RelatedRecord]] = [:]
        for id in ids where found[id] == nil {
            let entity = try entity(of: id, named: nil, snapshot, source)
            try requireVisible(call, snapshot, on: source, id: id, entity)
            let plan: ReadPlan
            if let known = plans[entity.number] {
                plan = known.ofLinks(of: id)
            } else {
                let list = try relatedList(request.relation, of: entity, call, snapshot)
                plan = try planList(call, snapshot, related(to: id, list, parameters)).read
                if case .links = list.way { plans[entity.number] = plan }
            }
            var records: [RelatedRecord] = []
            _ = try self.list(ListPlan(read: plan), on: source) { row throws(CRMError) in
                records.append(RelatedRecord(plan.record(row, snapshot), link: plan.link(row, snapshot)))
            }
            found[id] = records
        }
        return found
    }
}
