import Query
import Registry

/// Rights to fields, as far as a change of the schema has to find them.
enum FieldAccessStatements {
    static func rights(to field: String, of entity: String) -> Statement {
        Statement(
            "SELECT id FROM e_field_access WHERE entity = ?1 AND field = ?2 AND deleted_at IS NULL ORDER BY id",
            [.text(entity), .text(field)])
    }
}
