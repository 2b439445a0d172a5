package import CRMSDK
import Query
package import Registry
import Security
import Storage

/// Destroys the records of an entity that goes as a whole, and the rights to it.
extension UnitOfWork {
    /// Destroys one record: its row with its lines, its links, its files, its words in the search index, its place in
    /// the directory, the values in the change log, and what other records and their lines say of it.
    ///
    /// Unlike a purge it asks neither hooks nor references: whoever lets an entity go has been told of them. The unit's
    /// snapshot must know the entity and all that may refer to it, whatever module they are of.
    package func destroy(_ id: RecordID, _ entity: Entity) throws(CRMError) {
        for referrer in snapshot.registry.referrers(to: entity.name) where referrer.entity !== entity {
            try transaction.execute(PurgeStatements.clear(referrer.field, of: referrer.entity, id))
        }
        for lines in snapshot.registry.lineEntities {
            for field in lines.references
            where !field.isSystem && (field.type.targets.isEmpty || field.type.targets.contains(entity.name))
            {
                try transaction.execute(PurgeStatements.clear(field, of: lines, id))
            }
        }
        try removeLinks(of: id)
        takeOutOfSearch(entity, id)
        try transaction.execute(PurgeStatements.row(entity, id))
        try transaction.execute(PurgeStatements.directoryEntry(id))
        try transaction.dropFiles(of: id)
        try endMerge(of: id)
        _ = try eraseHistory(of: id, entity)
        knownReferences[id] = nil
    }

    /// What says who may do what with an entity, and with its fields.
    private static let rights = [
        "profile_right", "field_access", "sharing_default", "sharing_related", "sharing_rule",
    ]

    /// Moves the rights to an entity to the recycle bin: one of the same name that comes later begins without them.
    package func deleteRights(to name: String) throws(CRMError) {
        for entity in Self.rights {
            let request = ListRequest(
                entity, where: .where("entity", .equal, .text(name)), sort: ["id"], limit: 1000)
            while true {
                let found = try service.records(call, snapshot, on: transaction, request)
                for right in found { try delete(right.id, entity: entity) }
                if found.count < request.limit { break }
            }
        }
    }
}
