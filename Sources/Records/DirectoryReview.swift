package import CRMSDK
import Query
import Registry
package import Security
import Storage

/// Looks at rights as a unit of work would leave them, whichever way it changed them.
///
/// A cycle, a reference to what is gone, the last administrator's end: each is refused here once, for methods, imports
/// and modules alike. Runs before COMMIT, on the writer's thread, and only in units that changed such records.
struct DirectoryReview {
    private let unit: UnitOfWork
    private let before: SecurityFacts
    private let after: SecurityFacts

    init(_ unit: UnitOfWork, after: Directories) {
        self.unit = unit
        before = unit.snapshot.security.facts
        self.after = after.facts
    }

    /// - Throws: `invalidRecord` with what the change would break; the code is the rule's name.
    func refuseWhatBreaks() throws(CRMError) {
        let entities = unit.snapshot.registry.entities
        let secured = entities.map { SecuredEntity($0.completeDefinition) }
        if let problem = before.errors(after: after, entities: secured).first { throw problem.error }
        for group in before.groups.values where after.groups[group.id] == nil {
            try refuseOwner(group, of: entities)
        }
    }

    private func refuseOwner(_ group: GroupFact, of entities: [Entity]) throws(CRMError) {
        for entity in entities where !entity.definition.isAdministrative {
            var isOwner = false
            try unit.transaction.rows(DirectoryStatements.anyRecord(of: entity, ownedBy: group.id)) {
                _ throws(CRMError) in
                isOwner = true
                return .stop
            }
            guard isOwner else { continue }
            throw SecurityProblem(
                severity: .error, code: "group_in_use",
                message: "group \"\(group.name)\" is in use: it owns records of \(entity.name)",
                subject: group.id
            ).error
        }
    }
}

extension SecurityProblem {
    /// The refusal as callers see it.
    package var error: CRMError {
        let hint: String? =
            switch code {
            case "role_in_use": "Delete it with role.delete, which takes a replacement."
            case "profile_in_use": "Delete it with profile.delete, which takes a replacement."
            case "group_in_use": "Delete it with group.delete, which takes a replacement."
            case "last_administrator": "Make somebody else an administrator first."
            default: nil
            }
        var error = CRMError(.invalidRecord, message, hint: hint)
        error.rule = code
        return error
    }
}
