package import CRMSDK
package import Registry

/// The statements that make, change and end links. Pure.
package enum LinkStatements {
    /// The values of the link of a pair, in the order of the relation's `values`; one row or none.
    package static func find(_ relation: Relation, from: RecordID, to: RecordID) -> Statement {
        let columns = ["from_id"] + relation.values.map(\.column)
        return Statement(
            "SELECT \(columns.joined(separator: ", ")) FROM \(relation.table) WHERE from_id = ?1 AND to_id = ?2",
            [.integer(from.rawValue), .integer(to.rawValue)])
    }

    /// - Parameter values: in the order of the relation's `values`.
    package static func insert(
        _ relation: Relation, from: RecordID, to: RecordID, _ values: [StoredValue], by: RecordID, at: Instant
    ) -> Statement {
        let columns = ["from_id", "to_id", "created_by", "created_at"] + relation.values.map(\.column)
        let places = (1...columns.count).map { "?\($0)" }.joined(separator: ", ")
        return Statement(
            "INSERT INTO \(relation.table) (\(columns.joined(separator: ", "))) VALUES (\(places))",
            [
                .integer(from.rawValue), .integer(to.rawValue), .integer(by.rawValue),
                .integer(at.millisecondsSince1970),
            ] + values)
    }

    package static func update(
        _ relation: Relation, from: RecordID, to: RecordID, _ changes: [(Field, StoredValue)]
    ) -> Statement {
        let settings = changes.enumerated().map { "\($0.element.0.column) = ?\($0.offset + 3)" }
        return Statement(
            "UPDATE \(relation.table) SET \(settings.joined(separator: ", ")) WHERE from_id = ?1 AND to_id = ?2",
            [.integer(from.rawValue), .integer(to.rawValue)] + changes.map(\.1))
    }

    package static func delete(_ relation: Relation, from: RecordID, to: RecordID) -> Statement {
        Statement(
            "DELETE FROM \(relation.table) WHERE from_id = ?1 AND to_id = ?2",
            [.integer(from.rawValue), .integer(to.rawValue)])
    }

    /// All links of a record on either side: both ends, then the values in the order of the relation's `values`.
    package static func all(_ relation: Relation, of id: RecordID) -> Statement {
        let columns = ["from_id", "to_id"] + relation.values.map(\.column)
        return Statement(
            """
            SELECT \(columns.joined(separator: ", ")) FROM \(relation.table) WHERE from_id = ?1 OR to_id = ?1
            ORDER BY from_id, to_id
            """, [.integer(id.rawValue)])
    }

    /// The tables of all links, those of modules that are not enabled too.
    package static let tables = Statement(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'crm_link_*' ORDER BY name")

    /// One link of a record in one of `tables`: both ends.
    package static func anyEnds(of id: RecordID, inTable table: String) -> Statement {
        Statement(
            "SELECT from_id, to_id FROM \"\(table)\" WHERE from_id = ?1 OR to_id = ?1 LIMIT 1",
            [.integer(id.rawValue)])
    }

    /// The columns of one of `tables` and how they are stored.
    package static func columns(ofTable table: String) -> Statement {
        Statement("SELECT name, type FROM pragma_table_info(?1)", [.text(table)])
    }

    /// Ends all links of a record in one of `tables`.
    package static func deleteAll(of id: RecordID, inTable table: String) -> Statement {
        Statement(
            "DELETE FROM \"\(table)\" WHERE from_id = ?1 OR to_id = ?1", [.integer(id.rawValue)])
    }
}
