/// An index of an entity's table: its name and the statement that makes it.
///
/// Names are `<table>.<what it serves>`: `e_potential.owner.sort`, `e_account.unique.name`.
package struct TableIndex: Hashable, Sendable {
    struct Key: Hashable, Sendable {
        let column: String
        var descending = false
    }

    /// What an index can serve: an index read backwards serves the reverse order as well.
    struct Walk: Hashable {
        let keys: [String]
        /// Nil: all rows are in it.
        let condition: String?
        let isUnique: Bool
    }

    package let name: String
    package let isUnique: Bool
    package let definition: String
    let walk: Walk

    init(_ table: String, _ purpose: String, _ keys: [Key], where condition: String?) {
        let flips = keys.first?.descending == true
        self.init(
            table: table, purpose: purpose,
            keys: keys.map { EntityTable.quoted($0.column) + ($0.descending != flips ? " DESC" : "") },
            isUnique: false, condition: condition)
    }

    /// - Parameter expressions: SQL over the table's columns.
    init(unique table: String, _ purpose: String, _ expressions: [String], where condition: String) {
        self.init(table: table, purpose: purpose, keys: expressions, isUnique: true, condition: condition)
    }

    private init(table: String, purpose: String, keys: [String], isUnique: Bool, condition: String?) {
        name = "\(table).\(purpose)"
        self.isUnique = isUnique
        walk = Walk(keys: keys, condition: condition, isUnique: isUnique)
        definition =
            "CREATE \(isUnique ? "UNIQUE " : "")INDEX \(EntityTable.quoted(name)) ON \(EntityTable.quoted(table)) "
            + "(\(keys.joined(separator: ", ")))" + (condition.map { " WHERE \($0)" } ?? "")
    }
}
