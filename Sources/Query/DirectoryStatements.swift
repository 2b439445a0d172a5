package import CRMSDK
package import Registry

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

    /// By currency, from the oldest.
    package static let rates = Statement(
        "SELECT currency, valid_from, rate FROM e_exchange_rate WHERE deleted_at IS NULL ORDER BY currency, valid_from"
    )

    package static let profiles = Statement(
        "SELECT id, profile_name, view_all, edit_all FROM e_profile WHERE deleted_at IS NULL")

    package static let profileRights = Statement(
        "SELECT profile, entity, access, verbs FROM e_profile_right WHERE deleted_at IS NULL")

    package static let roleProfiles = Statement(
        "SELECT role, profile FROM e_role_profile WHERE deleted_at IS NULL ORDER BY id")

    /// Rows without a profile are the organisation's switches.
    package static let fieldAccess = Statement(
        "SELECT entity, field, profile, visible, read_only FROM e_field_access WHERE deleted_at IS NULL")

    package static let groups = Statement("SELECT id, group_name FROM e_group WHERE deleted_at IS NULL")

    package static let groupMembers = Statement(
        "SELECT member_of, kind, member FROM e_group_member WHERE deleted_at IS NULL ORDER BY id")

    package static let sharingDefaults = Statement(
        "SELECT entity, sharing FROM e_sharing_default WHERE deleted_at IS NULL")

    package static let sharingRules = Statement(
        """
        SELECT id, entity, from_kind, from_party, to_kind, to_party, permission
        FROM e_sharing_rule WHERE deleted_at IS NULL ORDER BY id
        """)

    package static let sharingRelated = Statement(
        "SELECT rule, entity, permission FROM e_sharing_related WHERE deleted_at IS NULL")

    /// One row if the owner has any record of the entity that is not deleted.
    package static func anyRecord(of entity: Entity, ownedBy owner: RecordID) -> Statement {
        Statement(
            "SELECT 1 FROM \(entity.table) WHERE owner = ?1 AND deleted_at IS NULL LIMIT 1",
            [.integer(owner.rawValue)])
    }

    /// The owner's records of the entity that are not deleted, from the lowest id.
    package static func records(of entity: Entity, ownedBy owner: RecordID, limit: Int) -> Statement {
        Statement(
            "SELECT id FROM \(entity.table) WHERE owner = ?1 AND deleted_at IS NULL ORDER BY id LIMIT ?2",
            [.integer(owner.rawValue), .integer(Int64(limit))])
    }
}
