import Query
import Registry

/// Rights, as far as a change of the schema has to find them.
enum RightsStatements {
    static func rights(to field: String, of entity: String) -> Statement {
        Statement(
            "SELECT id FROM e_field_access WHERE entity = ?1 AND field = ?2 AND deleted_at IS NULL ORDER BY id",
            [.text(entity), .text(field)])
    }

    /// How many records of rights or rules meet a condition of ours.
    static func count(_ entity: String, where condition: String, _ names: [String]) -> Statement {
        Statement(
            "SELECT count(*) FROM \(Entity.table(of: entity)) WHERE \(condition) AND deleted_at IS NULL",
            names.map { .text($0) })
    }
}
