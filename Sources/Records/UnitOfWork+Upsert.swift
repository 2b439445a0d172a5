package import CRMSDK
import Query
package import Registry
import Security
import Storage

/// What an upsert did.
package enum UpsertOutcome: String, Sendable {
    case created, updated
    /// The record was there and had these values already.
    case unchanged
}

extension UnitOfWork {
    /// Updates the record that has the same values in `fields`, or creates one.
    ///
    /// At least one of the fields is unique, so there is at most one such record. One that the caller may not view is
    /// not there for them: then the creation is refused, as any second one with a unique value is.
    package func upsert(
        _ entity: Entity, matching fields: [Field], _ values: [String: Value],
        warnings: DuplicateWarnings = .waived
    ) throws(CRMError) -> (RecordID, UpsertOutcome) {
        guard let match = try match(entity, fields, values) else {
            return (try create(entity.name, values, warnings: warnings), .created)
        }
        let isChanged = try update(match, entity: entity.name, values, version: nil, warnings: warnings)
        return (match, isChanged ? .updated : .unchanged)
    }

    private func match(
        _ entity: Entity, _ fields: [Field], _ values: [String: Value]
    ) throws(CRMError) -> RecordID? {
        guard let unique = fields.first(where: \.definition.isUnique) else {
            throw CRMError(
                .invalidParameters, "match_on names no unique field of \"\(entity.name)\"",
                hint: entity.unique.isEmpty
                    ? "It has none; an administrator can add one."
                    : "It has \(entity.unique.map(\.name).joined(separator: ", ")).")
        }
        let filter = try Filter.all(
            fields.map { field throws(CRMError) in
                let value = values[field.name] ?? .null
                guard !value.isNull else {
                    throw CRMError(
                        .invalidParameters, "match_on names \"\(field.name)\", for which values has no value")
                }
                return .where(field.name, .equal, value)
            })
        // A value that the field does not take matches nothing, and is refused with the others by the creation.
        guard let value = try? unique.kind.accept(values[unique.name] ?? .null, for: unique.definition) else {
            return nil
        }
        var twin: RecordID?
        try transaction.rows(
            WriteStatements.twin(entity, unique, unique.kind.stored(value), besides: RecordID(0))
        ) { row throws(CRMError) in
            twin = RecordID(row.int64(0))
            return .stop
        }
        guard let twin else { return nil }
        // The same question as the caller, with the caller's rights: does the record found match in all fields?
        var parameters = ListParameters(entity: entity.name)
        parameters.filter = .all([.where("id", .equal, .reference(twin)), filter])
        parameters.fields = ["id"]
        parameters.limit = 1
        var found: RecordID?
        guard snapshot.security.decide(call.principal, .view, entity.name).allowed else { return nil }
        let plan = try service.planList(call, snapshot, parameters)
        _ = try service.list(plan, on: transaction) { row in found = RecordID(row.int64(plan.read.idColumn)) }
        return found
    }
}
