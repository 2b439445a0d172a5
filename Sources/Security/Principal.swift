package import CRMSDK

/// Who makes a call, as Identity found out; what they may do is the snapshot's to say.
///
/// `isAdministrator` can only narrow: an administrator's rights need it here *and* in the facts, so that a session
/// opened before somebody was demoted gives nothing, and an API key can be made without them.
package struct Principal: Hashable, Sendable {
    /// The user's record.
    package let user: RecordID
    package let isAdministrator: Bool
    package let source: Source
    /// The contact whose records alone are reached, after all else has been decided: of a customer in a portal.
    package let customer: RecordID?

    package init(user: RecordID, isAdministrator: Bool, source: Source, customer: RecordID? = nil) {
        self.user = user
        self.isAdministrator = isAdministrator && customer == nil
        self.source = source
        self.customer = customer
    }

    /// How the principal came in; the change log records it.
    package struct Source: Hashable, Sendable {
        package let name: String

        private init(_ name: String) { self.name = name }

        /// A session opened with a password.
        package static let session = Self("session")
        package static let apiKey = Self("api_key")
        /// The administrator's socket, known by the peer's uid.
        package static let console = Self("console")
        package static let job = Self("job")
        /// Nobody known, through a gate, as the user whom the gate names.
        package static let gate = Self("gate")
        /// The kernel's own work and a module's raised rights: nothing is refused. Never made from outside input.
        package static let kernel = Self("kernel")
    }

    /// The kernel acting for `user`: every right, whatever that user may do.
    package static func kernel(for user: RecordID) -> Self {
        Self(user: user, isAdministrator: true, source: .kernel)
    }
}
