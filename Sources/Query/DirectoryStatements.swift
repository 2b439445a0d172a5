/// What the kernel reads of its own entities to know people, roles and currencies. Deleted ones are no facts; a user
/// stays one, so that history keeps its names.
package enum DirectoryStatements {
    package static let users = Statement(
        """
        SELECT u.id, r.label, u.username, u.is_admin, u.status, u.role, u.time_zone, u.language, u.deleted_at
        FROM e_user u JOIN crm_record r ON r.id = u.id
        """)

    package static let roles = Statement(
        "SELECT id, role_name, parent_role FROM e_role WHERE deleted_at IS NULL")

    package static let currencies = Statement(
        "SELECT id, code, decimals, rate, is_base, active FROM e_currency WHERE deleted_at IS NULL")
}
