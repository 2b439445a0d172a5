package import CRMSDK
package import Security

/// Who makes a call and by what right they came in, as of this call: nothing of it may be kept for the next.
package struct Session: Sendable {
    package let user: IdentityUser
    package let principal: Principal
    package let origin: Origin
    /// Nil for the console.
    package let expiresAt: Instant?
    /// The password is a temporary one: `openMethods` are all that may be called.
    package let mustChangePassword: Bool
    /// The configuration asks for a second factor that the user has not set up: `methodsForSetUp` are all that may
    /// be called.
    package let mustSetUpSecondFactor: Bool
    /// What an API key was narrowed to; everything for the others.
    package let scopes: APIKeyScopes

    package enum Origin: Hashable, Sendable {
        /// A session opened with a password, by its number.
        case login(Int64)
        /// An API key, by its number.
        case apiKey(Int64)
        /// The administrator's socket.
        case console
    }

    /// What a session may call whose password must be changed first.
    package static let openMethods: Set<String> = ["auth.change_password", "auth.whoami", "auth.logout"]

    /// What a session may call whose user must set up a second factor first.
    package static let methodsForSetUp: Set<String> = openMethods.union([
        "second_factor.status", "second_factor.begin", "second_factor.confirm",
    ])

    /// What a key may call that is narrowed to a contact. Modules' actions are not among it: what they read with rights
    /// of their own is not held against the customer.
    package static let methodsForCustomers: Set<String> = [
        "auth.whoami", "batch.execute", "core.print", "entity.describe", "entity.list", "record.aggregate",
        "record.count", "record.create", "record.delete", "record.get", "record.history", "record.link",
        "record.list", "record.related", "record.search", "record.unlink", "record.update", "file.get",
        "file.put",
    ]

    /// - Throws: `forbidden` for what a customer's key may not call, while the password must be changed, or a second
    ///   factor be set up, and `method` does not serve that.
    package func checkMayCall(_ method: String) throws(CRMError) {
        if principal.customer != nil, !Self.methodsForCustomers.contains(method) {
            var error = CRMError(
                .forbidden, "a customer's key may not call \(method)",
                hint: "It may call \(Self.methodsForCustomers.sorted().joined(separator: ", ")).")
            error.rule = "customer"
            throw error
        }
        if mustChangePassword, !Self.openMethods.contains(method) {
            throw CRMError(
                .forbidden, "the password must be changed first",
                hint: "Call auth.change_password, then try again.")
        }
        if mustSetUpSecondFactor, !Self.methodsForSetUp.contains(method) {
            throw CRMError(
                .forbidden, "a second factor must be set up first",
                hint: "Call second_factor.begin and second_factor.confirm, then try again.")
        }
    }
}

/// A call that changes something about identities: who, through what, by which method. For the change log.
package struct IdentityCall: Sendable {
    package let session: Session
    /// `api` or `console`.
    package let source: String
    package let method: String

    package init(session: Session, source: String, method: String) {
        self.session = session
        self.source = source
        self.method = method
    }

    var user: RecordID { session.user.id }
    var isAdministrator: Bool { session.principal.isAdministrator }
    var isByNarrowedKey: Bool {
        isByKey && (!session.scopes.isEverything || session.principal.customer != nil)
    }
    var isByKey: Bool { if case .apiKey = session.origin { true } else { false } }
}

/// One session in a list of them; nothing in it opens anything.
package struct SessionSummary: Hashable, Sendable {
    package let id: Int64
    package let user: RecordID
    package let createdAt: Instant
    /// At most half a minute behind after a restart.
    package let lastSeenAt: Instant
    /// When it ends however much it is used.
    package let expiresAt: Instant
    /// Where the log-in came from.
    package let address: String
}

/// How long sessions live and how many there may be (ASVS 5.0 7.1.2, 7.3.1, 7.3.2).
package struct SessionPolicy: Hashable, Sendable {
    package var idleSeconds: Int64 = 30 * 60
    package var absoluteSeconds: Int64 = 12 * 3600
    /// Live sessions of one user; a further log-in ends the oldest.
    package var sessionsPerUser = 50
    package var keysPerUser = 50
    /// Between two writes of when sessions and keys were last used.
    package var writeBehindSeconds: Int64 = 30

    package init() {}
}
