import CRMSDK
package import Registry

/// The statements by which amounts in the base currency are worked out again.
package enum BaseAmountStatements {
    package static let fills = Statement("SELECT entity, signature, position FROM crm_base_fill")

    package static func noteFill(_ entity: Entity, signature: String, position: Int64?) -> Statement {
        Statement(
            "INSERT OR REPLACE INTO crm_base_fill (entity, signature, position) VALUES (?1, ?2, ?3)",
            [.integer(Int64(entity.number)), .text(signature), position.map { .integer($0) } ?? .null])
    }

    /// The next records of an entity: id, time of creation, and for each amount what it is, its currency, its date and
    /// what stands in its place now.
    package static func records(of entity: Entity, after id: Int64, limit: Int) -> Statement {
        let columns = entity.baseAmounts.flatMap { amount in
            [
                amount.source.column, amount.currency.column, amount.date?.column ?? "NULL",
                amount.field.column,
            ]
        }
        return Statement(
            "SELECT id, created_at, \(columns.joined(separator: ", ")) FROM \(entity.table)"
                + " WHERE id > ?1 ORDER BY id LIMIT ?2", [.integer(id), .integer(Int64(limit))])
    }

    package static func set(_ entity: Entity, _ id: Int64, _ field: Field, _ tenThousandths: Int64?)
        -> Statement
    {
        Statement(
            "UPDATE \(entity.table) SET \(field.column) = ?2 WHERE id = ?1",
            [.integer(id), tenThousandths.map { .integer($0) } ?? .null])
    }
}
