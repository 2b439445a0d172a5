import CRMSDK
import Crypto

/// The live sessions and keys, by the digest of their token: what `authenticate` looks in.
///
/// A plain value under one lock that is held for two dictionary operations, well under a microsecond; every change
/// to it is made on the writer's thread after COMMIT, except the times of last use.
struct AccessTable: Sendable {
    private(set) var sessions: [SHA256Digest: LiveSession] = [:]
    private(set) var keys: [SHA256Digest: LiveKey] = [:]

    mutating func add(_ session: LiveSession, digest: SHA256Digest) { sessions[digest] = session }
    mutating func add(_ key: LiveKey, digest: SHA256Digest) { keys[digest] = key }

    /// The session, if it lives at `now`; its last use is now.
    mutating func useSession(_ digest: SHA256Digest, at now: Instant, idleSeconds: Int64) -> LiveSession? {
        guard let index = sessions.index(forKey: digest) else { return nil }
        guard sessions.values[index].isLive(at: now, idleSeconds: idleSeconds) else { return nil }
        sessions.values[index].lastSeenAt = now
        return sessions.values[index]
    }

    /// The key, if it has not expired and may be used from `address`; its last use is now.
    mutating func useKey(_ digest: SHA256Digest, at now: Instant, from peer: String) -> LiveKey? {
        guard let index = keys.index(forKey: digest), keys.values[index].isUsable(at: now, from: peer) else {
            return nil
        }
        keys.values[index].lastUsedAt = now
        return keys.values[index]
    }

    mutating func removeSessions(_ ids: Set<Int64>) {
        guard !ids.isEmpty else { return }
        sessions = sessions.filter { !ids.contains($0.value.id) }
    }

    mutating func removeKeys(_ ids: Set<Int64>) {
        guard !ids.isEmpty else { return }
        keys = keys.filter { !ids.contains($0.value.id) }
    }

    /// After a change of password by the user: the session that made it goes on freely.
    mutating func passwordWasChanged(session id: Int64) {
        guard let digest = sessions.first(where: { $0.value.id == id })?.key else { return }
        sessions[digest]?.mustChangePassword = false
    }

    mutating func useWasStored(_ uses: StoredUses) {
        for (digest, time) in uses.sessions { sessions[digest]?.storedLastSeenAt = time }
        for (digest, time) in uses.keys { keys[digest]?.storedLastUsedAt = time }
    }

    /// The times of last use that storage does not have yet.
    func unstoredUses() -> StoredUses {
        var uses = StoredUses()
        for (digest, session) in sessions where session.lastSeenAt > session.storedLastSeenAt {
            uses.sessions[digest] = session.lastSeenAt
        }
        for (digest, key) in keys {
            guard let used = key.lastUsedAt, used != key.storedLastUsedAt else { continue }
            uses.keys[digest] = used
        }
        return uses
    }
}

/// Times of last use on their way into storage.
struct StoredUses: Sendable {
    var sessions: [SHA256Digest: Instant] = [:]
    var keys: [SHA256Digest: Instant] = [:]

    var isEmpty: Bool { sessions.isEmpty && keys.isEmpty }
}

/// A session as it is kept in memory.
struct LiveSession: Sendable {
    let id: Int64
    let user: RecordID
    let createdAt: Instant
    let expiresAt: Instant
    let address: String
    var mustChangePassword: Bool
    var lastSeenAt: Instant
    var storedLastSeenAt: Instant

    /// Neither bound belongs to the session's life: at the very millisecond it is over.
    func isLive(at now: Instant, idleSeconds: Int64) -> Bool {
        now < expiresAt && now < lastSeenAt.adding(seconds: idleSeconds)
    }

    var summary: SessionSummary {
        SessionSummary(
            id: id, user: user, createdAt: createdAt, lastSeenAt: lastSeenAt, expiresAt: expiresAt,
            address: address)
    }
}

/// An API key as it is kept in memory.
struct LiveKey: Sendable {
    let id: Int64
    let user: RecordID
    let name: String
    let scopes: APIKeyScopes
    /// Where it may be used from; empty for anywhere.
    let addresses: [AddressRange]
    let createdAt: Instant
    let expiresAt: Instant?
    let contact: RecordID?
    var lastUsedAt: Instant?
    var storedLastUsedAt: Instant?

    init(id: Int64, user: RecordID, _ request: APIKeyRequest, createdAt: Instant, lastUsedAt: Instant? = nil)
    {
        self.id = id
        self.user = user
        name = request.name
        scopes = request.scopes
        addresses = request.addresses
        self.createdAt = createdAt
        expiresAt = request.expiresAt
        contact = request.contact
        self.lastUsedAt = lastUsedAt
        storedLastUsedAt = lastUsedAt
    }

    func isUsable(at now: Instant, from peer: String) -> Bool {
        if let expiresAt, now >= expiresAt { return false }
        guard !addresses.isEmpty else { return true }
        guard let address = IPAddress(peer: peer) else { return false }
        return addresses.contains { $0.contains(address) }
    }

    var summary: APIKeySummary {
        APIKeySummary(
            id: id, user: user, name: name, scopes: scopes, addresses: addresses, createdAt: createdAt,
            expiresAt: expiresAt, contact: contact, lastUsedAt: lastUsedAt)
    }
}
