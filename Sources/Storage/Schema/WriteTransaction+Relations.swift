package import CRMSDK
import Query
package import Registry

extension WriteTransaction {
    /// Brings the tables of links to what these relations need. A table stays when its module is disabled, and a column
    /// when its field is no longer declared: with the module the links come back.
    ///
    /// - Returns: one sentence for each step, in order.
    /// - Throws: `invalidParameters` for a definition that breaks a rule, or a field that changes how it is stored.
    package func bringLinkTables(to relations: [Relation]) throws(CRMError) -> [String] {
        var sentences: [String] = []
        for relation in relations {
            if let problem = Relation.problems(in: relation.definition).first {
                throw CRMError(.invalidParameters, problem)
            }
            let columns = try linkColumns(relation)
            if columns.isEmpty {
                try createLinkTable(relation)
                sentences.append("create the relation \"\(relation.name)\"")
            } else {
                sentences += try addLinkColumns(relation, to: columns)
            }
        }
        return sentences
    }

    /// The columns that the table has, with their types; none where there is no table.
    private func linkColumns(_ relation: Relation) throws(CRMError) -> [String: String] {
        var columns: [String: String] = [:]
        try rows(LinkStatements.columns(ofTable: relation.table)) { row in
            columns[row.text(0)] = row.text(1)
            return .next
        }
        return columns
    }

    /// The pair is the key; the other direction has an index of its own.
    private func createLinkTable(_ relation: Relation) throws(CRMError) {
        let table = EntityTable.quoted(relation.table)
        let columns = relation.values.map { ", \(Self.column($0))" }.joined()
        try command(
            "CREATE TABLE \(table) (from_id INTEGER NOT NULL, to_id INTEGER NOT NULL, created_by INTEGER NOT NULL, "
                + "created_at INTEGER NOT NULL\(columns), PRIMARY KEY (from_id, to_id)) STRICT, WITHOUT ROWID"
        )
        try command("CREATE INDEX \(EntityTable.quoted(relation.table + ".to")) ON \(table) (to_id, from_id)")
    }

    private func addLinkColumns(
        _ relation: Relation, to columns: [String: String]
    ) throws(CRMError) -> [String] {
        var sentences: [String] = []
        for field in relation.values {
            guard let type = columns[field.column] else {
                try command(
                    "ALTER TABLE \(EntityTable.quoted(relation.table)) ADD COLUMN \(Self.column(field))")
                sentences.append("add the field \"\(field.name)\" to the relation \"\(relation.name)\"")
                continue
            }
            guard type == field.kind.storage.rawValue else {
                throw CRMError(
                    .invalidParameters,
                    "field \"\(field.name)\" of the relation \"\(relation.name)\" cannot change how it is stored",
                    hint: "Add a field of the new type and copy the values.")
            }
        }
        return sentences
    }

    private static func column(_ field: Field) -> String {
        "\(EntityTable.quoted(field.column)) \(field.kind.storage.rawValue)"
    }
}
