package import CRMSDK
import Query
import Registry
package import Security
import Storage

/// Changes who may do what, inside a unit of work: roles, profiles, groups, sharing, field access.
///
/// Everything is a record of an administrative entity, so each change has its hooks, its entry in the log and its
/// version like any other; `RecordService.unit` reviews the whole before COMMIT and publishes it for the next call of
/// everyone. Only administrators may write these records: nothing here raises rights.
package struct SecurityAdministration {
    let unit: UnitOfWork
    let context: BoundContext
    /// As the unit found them.
    var facts: SecurityFacts { unit.snapshot.security.facts }

    /// Records of one owner that one call moves to another.
    static let maximumMoves = 10_000

    package init(_ unit: UnitOfWork) {
        self.unit = unit
        context = BoundContext(unit: unit, call: unit.call, module: "core")
    }

    /// What a change came to.
    package struct Outcome: Sendable {
        /// The record that was made or changed; nil for one that is gone, or was never needed.
        package var id: RecordID?
        /// Why the change does less than it says.
        package var warnings: [SecurityProblem] = []

        package init(id: RecordID? = nil, warnings: [SecurityProblem] = []) {
            self.id = id
            self.warnings = warnings
        }
    }

    /// The facts as the unit has left them so far.
    package func factsNow() throws(CRMError) -> SecurityFacts {
        try Directories(unit.snapshot.registry, from: unit.transaction).facts
    }

    /// Security as the unit has left it so far.
    package func securityNow() throws(CRMError) -> SecuritySnapshot {
        SecuritySnapshot(facts: try factsNow(), entities: unit.snapshot.registry.securedEntities)
    }

    // MARK: What the parts share

    /// All records of an entity that pass, however many.
    func all(_ entity: String, _ path: String, _ value: Value) throws(CRMError) -> [Record] {
        try all(entity, .where(path, .equal, value))
    }

    func all(_ entity: String, _ filter: Filter) throws(CRMError) -> [Record] {
        var parameters = ListParameters(entity: entity)
        (parameters.filter, parameters.sort, parameters.limit) = (filter, ["id"], 1000)
        var found: [Record] = []
        repeat {
            let plan = try unit.service.planList(unit.call, unit.snapshot, parameters)
            parameters.cursor = try unit.service.list(plan, on: unit.transaction) { row throws(CRMError) in
                found.append(plan.read.record(row, unit.snapshot))
            }
        } while parameters.cursor != nil
        return found
    }

    func deleteAll(_ entity: String, _ path: String, _ value: Value) throws(CRMError) {
        for record in try all(entity, path, value) { try context.delete(entity, record.id) }
    }

    /// Changes the record that passes, or makes one of both.
    @discardableResult
    func put(
        _ entity: String, where keys: [String: Value], _ values: [String: Value]
    ) throws(CRMError) -> RecordID {
        let conditions = keys.sorted { $0.key < $1.key }.map { name, value in
            value.isNull ? Filter.where(name, .isEmpty) : .where(name, .equal, value)
        }
        if let known = try context.list(ListRequest(entity, where: .all(conditions), limit: 1)).first {
            _ = try context.update(entity, known.id, values, version: nil)
            return known.id
        }
        let all = keys.filter { !$0.value.isNull }.merging(values) { _, new in new }
        return try context.create(entity, all).id
    }

    func requireReplacement(_ what: String, _ id: RecordID, _ replacement: RecordID) throws(CRMError) {
        guard id == replacement else { return }
        throw CRMError(.invalidParameters, "\(what) \(id) cannot replace itself")
    }
}
