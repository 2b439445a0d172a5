package import CRMSDK

/// The people as Records publishes them; Identity reads them at every call and never writes one.
///
/// Each requirement is a look-up in an immutable snapshot: both are asked on the path of every call.
package protocol UserDirectory: Sendable {
    /// The user of exactly that name, or nil; how names are folded is the directory's rule.
    func user(named username: String) -> IdentityUser?
    /// The user of that record, or nil.
    func user(id: RecordID) -> IdentityUser?
}

/// What Identity needs to know of a user's record.
package struct IdentityUser: Hashable, Sendable {
    package let id: RecordID
    package let username: String
    package let isAdministrator: Bool
    /// An inactive user's sessions and keys stop at the next call.
    package let isActive: Bool
    /// A BCP 47 tag.
    package let language: String
    /// A name of the IANA time zone database.
    package let timeZone: String
    package let role: RecordID?
    package let roleName: String?

    package init(
        id: RecordID, username: String, isAdministrator: Bool, isActive: Bool, language: String,
        timeZone: String,
        role: RecordID?, roleName: String? = nil
    ) {
        self.id = id
        self.username = username
        self.isAdministrator = isAdministrator
        self.isActive = isActive
        self.language = language
        self.timeZone = timeZone
        self.role = role
        self.roleName = roleName
    }
}
