import CRMSDK
import Query
import Registry
import Security
import Storage

/// Writing for a customer: what is made is theirs, and nothing goes away from them.
extension UnitOfWork {
    /// Names the customer, and their account, in the fields that are for one of them alone and were left out.
    func nameCustomer(
        _ values: inout [String: Value], _ entity: Entity, _ call: CallContext
    ) throws(CRMError) {
        guard let customer = call.principal.customer else { return }
        let reach = CustomerReach(entity.completeDefinition)
        let account = try account(of: customer)
        func fill(_ fields: [String], _ id: RecordID?) {
            for name in fields where name != "id" && (values[name] ?? .null).isNull {
                guard let id, let field = entity[name], !field.definition.isReadOnly else { continue }
                // One that may name others as well says more than for whom the record is.
                if field.type.targets.count == 1 { values[name] = .reference(id) }
            }
        }
        fill(reach.contactFields, customer)
        fill(reach.accountFields, account)
        let named = reach.contactFields + reach.accountFields
        guard !named.contains(where: { !(values[$0] ?? .null).isNull }),
            let field = named.first(where: { entity[$0]?.definition.isReadOnly == false && $0 != "id" })
        else { return }
        let isForAccounts = reach.accountFields.contains(field)
        values[field] = .reference(isForAccounts ? account ?? customer : customer)
    }

    private func account(of customer: RecordID) throws(CRMError) -> RecordID? {
        guard let contacts = snapshot.registry[entity: "contact"], let field = contacts["account"] else {
            return nil
        }
        var account: RecordID?
        try transaction.rows(Planner.ownership(contacts, through: [field], id: customer)) {
            row throws(CRMError) in
            account = row.isNull(1) ? nil : RecordID(row.int64(1))
            return .stop
        }
        return account
    }

    /// Refuses a write by which a record would not be the customer's.
    func keepWithCustomer(_ id: RecordID, _ entity: Entity, _ call: CallContext) throws(CRMError) {
        guard call.principal.customer != nil else { return }
        let viewpoint = service.viewpoint(call, snapshot)
        var isWithin = false
        try transaction.rows(Planner.check(viewpoint, entity, .view, id: id)) { _ throws(CRMError) in
            isWithin = true
            return .stop
        }
        guard isWithin else {
            var error = CRMError(
                .forbidden, "the \(entity.definition.label.lowercased()) would not be the customer's",
                hint: "A customer's key makes and changes what belongs to that contact or their account.")
            error.rule = "customer"
            throw error
        }
    }
}
