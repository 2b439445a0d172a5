package import CRMSDK
import Crypto
import Glibc
package import Log
package import Security
package import Storage
import Synchronization

/// Who calls: passwords, sessions, API keys and the console's uids, and nothing about what they may do.
///
/// Everything is in memory, loaded once; storage is what survives. A change is one unit of the writer, with its
/// entry in the change log, and is seen from the moment that COMMIT returned. `authenticate`, which every call
/// passes, reads no storage: one SHA-256, one look-up, one look at the people. Whether a user is active and an
/// administrator is asked of the people each time, never remembered.
///
/// What ends with `completion` calls it once, on the writer's thread or on one that hashes passwords; it must be
/// quick. Nobody waits for a password's hash on any other thread.
package final class IdentityService: Sendable {
    package struct Configuration: Sendable {
        package var sessions = SessionPolicy()
        package var passwords = PasswordPolicy()
        package var logins = LoginSchedule()
        /// Which user a process of that uid is on the administrator's socket.
        package var consoleUsers: [UInt32: String] = [geteuid(): "admin"]
        package var hashing = PasswordHashing.scrypt
        package var hashingThreads = HashingThreads.defaultCount
        package var clock = ClockSource.system
        /// What an authenticator app shows beside its code.
        package var issuer = "CRM"
        package var secondFactors = SecondFactorPolicy()

        package init() {}
    }

    let configuration: Configuration
    let database: Database
    let clock: SessionClock
    let log: Log
    let threads: HashingThreads
    let access: Mutex<AccessTable>
    let credentials: Mutex<CredentialTable>
    private let people: @Sendable () -> any UserDirectory
    /// When times of last use were stored last, in milliseconds since 1970.
    private let maintainedAt: Atomic<Int64>

    /// - Parameter users: the people as they are now; asked at every call.
    /// - Throws: what the database throws when it cannot be read.
    package init(
        database: Database, configuration: Configuration = Configuration(), log: Log,
        users: @escaping @Sendable () -> any UserDirectory
    ) throws(CRMError) {
        let reader = try database.makeReader()
        let highWater = try IdentityStore.clockHighWater(reader)
        let table = try IdentityStore.accessTable(reader)
        let credentials = CredentialTable(
            credentials: try IdentityStore.credentials(reader), failures: try IdentityStore.failures(reader))
        let lastUse = table.sessions.values.map(\.lastSeenAt).max()
        self.configuration = configuration
        self.database = database
        self.log = log.child(room: "identity")
        people = users
        clock = SessionClock(
            source: configuration.clock, highWater: [highWater, lastUse].compactMap(\.self).max())
        threads = HashingThreads(count: configuration.hashingThreads)
        access = Mutex(table)
        self.credentials = Mutex(credentials)
        maintainedAt = Atomic(clock.now.millisecondsSince1970)
    }

    /// Runs the log-ins that wait and stores what is known of last use. Before the database is closed.
    package func close() {
        threads.close()
        do throws(CRMError) {
            try database.writer.perform(maintenance())
        } catch {
            log.warning("times of last use could not be stored", ["cause": error.detail ?? error.message])
        }
    }

    func user(id: RecordID) -> IdentityUser? { people().user(id: id) }
    func user(named name: String) -> IdentityUser? { people().user(named: name) }

    // MARK: Every call

    /// Who the token's owner is, if the token is one of ours and its session or key lives.
    ///
    /// - Parameter token: as it stood in the header, without `Bearer`.
    /// - Parameter peer: the address that the call came from, as the endpoint reports it.
    package func authenticate(token: [UInt8], peer: String) -> Session? {
        guard let kind = BearerToken.kind(of: token) else { return nil }
        let digest = SHA256.hash(token)
        let now = clock.now
        defer { maintainIfDue(now) }
        switch kind {
        case .session: return session(digest, now)
        case .key: return sessionOfKey(digest, now, peer)
        }
    }

    private func session(_ digest: SHA256Digest, _ now: Instant) -> Session? {
        let idle = configuration.sessions.idleSeconds
        guard let live = access.withLock({ $0.useSession(digest, at: now, idleSeconds: idle) }),
            let user = user(id: live.user), user.isActive
        else { return nil }
        let principal = Principal(user: user.id, isAdministrator: user.isAdministrator, source: .session)
        return Session(
            user: user, principal: principal, origin: .login(live.id), expiresAt: live.expiresAt,
            mustChangePassword: live.mustChangePassword, mustSetUpSecondFactor: mustSetUpSecondFactor(user),
            scopes: .everything)
    }

    private func sessionOfKey(_ digest: SHA256Digest, _ now: Instant, _ peer: String) -> Session? {
        guard let key = access.withLock({ $0.useKey(digest, at: now, from: peer) }),
            let user = user(id: key.user), user.isActive
        else { return nil }
        let isAdministrator = user.isAdministrator && key.scopes.isEverything
        return Session(
            user: user,
            principal: Principal(
                user: user.id, isAdministrator: isAdministrator, source: .apiKey, customer: key.contact),
            origin: .apiKey(key.id), expiresAt: key.expiresAt, mustChangePassword: false,
            mustSetUpSecondFactor: false, scopes: key.scopes)
    }

    /// Who a process on the administrator's socket is, by the uid that the system vouches for; nil if the
    /// configuration maps it to nobody active.
    package func session(forPeerUID uid: UInt32) -> Session? {
        guard let name = configuration.consoleUsers[uid], let user = user(named: name), user.isActive else {
            return nil
        }
        return Session(
            user: user,
            principal: Principal(user: user.id, isAdministrator: user.isAdministrator, source: .console),
            origin: .console, expiresAt: nil, mustChangePassword: false, mustSetUpSecondFactor: false,
            scopes: .everything)
    }

    package func principal(forPeerUID uid: UInt32) -> Principal? { session(forPeerUID: uid)?.principal }

    // MARK: Write-behind

    /// Stores the times of last use, the clock's high-water mark, and the end of sessions that are over.
    ///
    /// Happens by itself with the first call after `writeBehindSeconds`; a scheduler may ask for it as well.
    package func maintain() {
        maintainedAt.store(clock.now.millisecondsSince1970, ordering: .relaxed)
        database.writer.submit(deadline: nil, maintenance()) { [log] result in
            guard case .failure(let error) = result else { return }
            log.warning("times of last use could not be stored", ["cause": error.detail ?? error.message])
        }
    }

    private func maintainIfDue(_ now: Instant) {
        let last = maintainedAt.load(ordering: .relaxed)
        guard now.millisecondsSince1970 - last >= configuration.sessions.writeBehindSeconds * 1_000 else {
            return
        }
        let isMine = maintainedAt.compareExchange(
            expected: last, desired: now.millisecondsSince1970, ordering: .relaxed
        ).exchanged
        if isMine { maintain() }
    }

    private func maintenance() -> @Sendable (WriteTransaction) throws(CRMError) -> Void {
        { [self] transaction throws(CRMError) in
            let now = clock.now
            let uses = access.withLock { $0.unstoredUses() }
            let over = sessionsThatAreOver(at: now)
            for (digest, time) in uses.sessions { try IdentityStore.setLastSeen(digest, time, transaction) }
            for (digest, time) in uses.keys { try IdentityStore.setLastUsed(digest, time, transaction) }
            for id in over { _ = try IdentityStore.deleteSession(id, of: nil, transaction) }
            try IdentityStore.setClockHighWater(now, transaction)
            transaction.afterCommit { [self] in
                access.withLock { table in
                    table.useWasStored(uses)
                    table.removeSessions(over)
                }
            }
        }
    }

    /// Those whose time is over, and those of users who were made inactive: should they be made active again, they
    /// log in again.
    private func sessionsThatAreOver(at now: Instant) -> Set<Int64> {
        let idle = configuration.sessions.idleSeconds
        let sessions = access.withLock { Array($0.sessions.values) }
        return Set(
            sessions.lazy.filter { session in
                !session.isLive(at: now, idleSeconds: idle) || self.user(id: session.user)?.isActive == false
            }.map(\.id))
    }
}
