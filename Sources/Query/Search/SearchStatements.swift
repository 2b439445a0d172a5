package import CRMSDK
package import Registry
import Security

/// The statements of the search index.
package enum SearchStatements {
    // MARK: Writing

    package static func words(of id: RecordID) -> Statement {
        Statement("SELECT text FROM crm_search_text WHERE id = ?1", [.integer(id.rawValue)])
    }

    package static func keepWords(_ words: String, of id: RecordID) -> Statement {
        Statement(
            "INSERT INTO crm_search_text (id, text) VALUES (?1, ?2)", [.integer(id.rawValue), .text(words)])
    }

    package static func removeWords(of id: RecordID) -> Statement {
        Statement("DELETE FROM crm_search_text WHERE id = ?1", [.integer(id.rawValue)])
    }

    package static func index(_ id: RecordID, words: String) -> Statement {
        Statement(
            "INSERT INTO crm_search (rowid, text) VALUES (?1, ?2)", [.integer(id.rawValue), .text(words)])
    }

    /// - Parameter words: exactly those with which it was indexed.
    package static func forget(_ id: RecordID, words: String) -> Statement {
        Statement(
            "INSERT INTO crm_search (crm_search, rowid, text) VALUES ('delete', ?1, ?2)",
            [.integer(id.rawValue), .text(words)])
    }

    // MARK: Filling

    package static let fills = Statement("SELECT entity, signature, position FROM crm_search_fill")

    package static func noteFill(_ entity: Entity, signature: String, position: Int64?) -> Statement {
        Statement(
            "INSERT OR REPLACE INTO crm_search_fill (entity, signature, position) VALUES (?1, ?2, ?3)",
            [.integer(Int64(entity.number)), .text(signature), position.map { .integer($0) } ?? .null])
    }

    /// The next records of an entity: id, owner, time of deletion, and the searchable fields in their order.
    package static func records(of entity: Entity, after id: Int64, limit: Int) -> Statement {
        let columns = ["id", "owner", "deleted_at"] + entity.searchable.map(\.column)
        return Statement(
            "SELECT \(columns.joined(separator: ", ")) FROM \(entity.table) WHERE id > ?1 ORDER BY id LIMIT ?2",
            [.integer(id), .integer(Int64(limit))])
    }

    // MARK: Searching

    /// Id and entity's number of the records that the index names, newest first.
    ///
    /// The index narrows by entity and owner only where that is cheap; what the caller may see is decided by `hits`.
    package static func candidates(
        _ query: SearchQuery, in places: [SearchPlace], isEverywhere: Bool, before id: Int64, limit: Int
    ) -> Statement {
        var expression = query.expression
        if !isEverywhere || places.contains(where: { $0.owners != nil }) {
            expression = "(\(expression)) AND (\(places.map(\.expression).joined(separator: " OR ")))"
        }
        return Statement(
            """
            SELECT crm_search.rowid, r.entity FROM crm_search CROSS JOIN crm_record r ON r.id = crm_search.rowid
            WHERE crm_search MATCH ?1 AND crm_search.rowid < ?2 ORDER BY crm_search.rowid DESC LIMIT ?3
            """, [.text(expression), .integer(id), .integer(Int64(limit))])
    }

    /// Of these records those that the caller may view: id, label, and the searchable fields that the caller may see.
    package static func hits(_ viewpoint: Viewpoint, _ place: SearchPlace, among ids: [Int64]) -> Statement {
        var builder = StatementBuilder(viewpoint, place.entity)
        let list = builder.bind(.text("[" + ids.map(String.init).joined(separator: ",") + "]"))
        let access = builder.condition(viewpoint.predicate(place.entity), on: builder.base)
        let mask = viewpoint.mask(place.entity)
        let isLabelled = place.entity.labelFields.allSatisfy { mask.isVisible($0.name) }
        let label =
            isLabelled ? "(SELECT label FROM crm_record WHERE crm_record.id = \(builder.base).id)" : "NULL"
        let columns =
            ["\(builder.base).id", label] + place.fields.map { "\(builder.base).\($0.column)" }
        return Statement(
            "SELECT \(columns.joined(separator: ", ")) \(builder.from) WHERE \(builder.base).id IN"
                + " (SELECT value FROM json_each(\(list))) AND \(builder.base).deleted_at IS NULL"
                + (access.map { " AND \($0)" } ?? ""), builder.bindings)
    }
}

/// An entity that a caller searches, with what they may see of it.
package struct SearchPlace: Sendable {
    package let entity: Entity
    /// The searchable fields that the caller may see.
    package let fields: [Field]
    /// Whose records the index is to name; nil where it is not worth asking.
    let owners: [Int64]?

    private static let ownerLimit = 40

    /// Nil where the caller can find nothing there.
    package init?(_ viewpoint: Viewpoint, _ entity: Entity) {
        let mask = viewpoint.mask(entity)
        fields = entity.searchable.filter { mask.isVisible($0.name) }
        let predicate = viewpoint.predicate(entity)
        guard predicate != .nothing, !fields.isEmpty else { return nil }
        self.entity = entity
        if case .owners(let set) = predicate, set.count <= Self.ownerLimit {
            owners = set.ids.map(\.rawValue)
        } else {
            owners = nil
        }
    }

    var expression: String {
        let entity = "\"\(SearchText.entityMark)\(entity.number)\""
        guard let owners else { return entity }
        let terms = owners.map { "\"\(SearchText.ownerMark)\($0)\"" }.joined(separator: " OR ")
        return "(\(entity) AND (\(terms)))"
    }
}
