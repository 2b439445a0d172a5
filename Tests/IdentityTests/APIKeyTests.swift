import CRMSDK
import Identity
import Security
import Storage
import Testing

@Suite("API keys")
struct APIKeyTests {
    private func make(
        _ fixture: IdentityFixture, for user: RecordID = IdentityFixture.anna, by call: IdentityCall? = nil,
        scopes: [String] = ["*"], addresses: [String] = [], expiresAt: Instant? = nil
    ) async throws -> Result<NewAPIKey, CRMError> {
        let caller = if let call { call } else { try fixture.call(await fixture.token()) }
        let request = try APIKeyRequest(
            name: "nightly sync", scopes: scopes, addresses: addresses, expiresAt: expiresAt)
        return await answer { fixture.service.createKey(request, for: user, caller, completion: $0) }
    }

    @Test("a key is its user, with a prefix that tells it from a session's token")
    func identity() async throws {
        let fixture = try IdentityFixture()
        let made = try await make(fixture, scopes: ["sales:view"]).get()
        #expect(made.token.hasPrefix("crmk_") && made.token.utf8.count == 48)
        let session = try #require(fixture.authenticate(made.token))
        #expect(session.user.id == IdentityFixture.anna)
        #expect(session.principal.source == .apiKey)
        #expect(session.origin == .apiKey(made.key.id))
        #expect(session.scopes.permits(.view, in: "sales"))
        #expect(!session.scopes.permits(.edit, in: "sales"))
        #expect(fixture.authenticate(String(made.token.dropFirst(5))) == nil)
    }

    @Test("only a key for everything carries its administrator's rights", arguments: [["*"], ["sales:*"]])
    func administrator(scopes: [String]) async throws {
        let fixture = try IdentityFixture()
        let call = try fixture.call(await fixture.token("admin"))
        let made = try await make(fixture, for: IdentityFixture.admin, by: call, scopes: scopes).get()
        #expect(fixture.authenticate(made.token)?.principal.isAdministrator == (scopes == ["*"]))
    }

    @Test("a key works until it expires, to the millisecond, and never idles out")
    func expiry() async throws {
        let fixture = try IdentityFixture()
        let day: Int64 = 86_400_000
        let end = Instant(millisecondsSince1970: fixture.clock.now.millisecondsSince1970 + day)
        let made = try await make(fixture, expiresAt: end).get()
        let forever = try await make(fixture).get()
        fixture.clock.advance(milliseconds: day - 1)
        #expect(fixture.authenticate(made.token) != nil)
        fixture.clock.advance(milliseconds: 1)
        #expect(fixture.authenticate(made.token) == nil)
        #expect(fixture.authenticate(forever.token) != nil)
        #expect(try await make(fixture, expiresAt: fixture.clock.now).error?.kind == .invalidParameters)
    }

    @Test(
        "a key with addresses works from those alone",
        arguments: [
            ("192.0.2.255", true), ("192.0.3.0", false), ("2001:db8::7", true), ("2001:db9::7", false),
            ("", false), ("local socket", false),
        ])
    func addresses(peer: String, isUsable: Bool) async throws {
        let fixture = try IdentityFixture()
        let made = try await make(fixture, addresses: ["192.0.2.0/24", "2001:db8::/32"]).get()
        #expect((fixture.authenticate(made.token, peer: peer) != nil) == isUsable)
    }

    @Test("a revoked key stops at once; only its user or an administrator can revoke it")
    func revoke() async throws {
        let fixture = try IdentityFixture()
        let call = try fixture.call(await fixture.token())
        let stranger = try fixture.call(await fixture.token("boris"))
        let administrator = try fixture.call(await fixture.token("admin"))
        let (first, second) = (
            try await make(fixture, by: call).get(), try await make(fixture, by: call).get()
        )
        let refused = await answer { fixture.service.revokeKey(first.key.id, stranger, completion: $0) }
        #expect(refused.error?.kind == .notFound)
        #expect(fixture.authenticate(first.token) != nil)
        try await answer { fixture.service.revokeKey(first.key.id, call, completion: $0) }.get()
        #expect(fixture.authenticate(first.token) == nil)
        try await answer { fixture.service.revokeKey(second.key.id, administrator, completion: $0) }.get()
        #expect(fixture.authenticate(second.token) == nil)
        #expect(try fixture.service.keys(of: IdentityFixture.anna, call).isEmpty)
        try fixture.restart()
        #expect(fixture.authenticate(first.token) == nil)
    }

    @Test("a key cannot make keys, change the password or end other keys; the attempt is recorded")
    func limits() async throws {
        let fixture = try IdentityFixture()
        let (made, other) = (try await make(fixture).get(), try await make(fixture).get())
        let call = try fixture.call(made.token)
        #expect(try await make(fixture, by: call).error?.kind == .forbidden)
        let change = await answer {
            fixture.service.changePassword(
                call, current: IdentityFixture.password, new: "silent otter lamps", completion: $0)
        }
        #expect(change.error?.kind == .forbidden)
        let revoke = await answer { fixture.service.revokeKey(other.key.id, call, completion: $0) }
        #expect(revoke.error?.kind == .forbidden)
        #expect(try fixture.loggedKinds().filter { $0 == "refusal" }.count == 3)
        try await answer { fixture.service.revokeKey(made.key.id, call, completion: $0) }.get()
        #expect(fixture.authenticate(made.token) == nil, "it may end itself")
    }

    @Test("a narrowed key sees and ends no sessions and keys", arguments: [["*"], ["sales:*"]])
    func narrowed(scopes: [String]) async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        let made = try await make(fixture, by: fixture.call(token), scopes: scopes).get()
        let call = try fixture.call(made.token)
        let isFree = scopes == ["*"]
        #expect(((try? fixture.service.sessions(of: IdentityFixture.anna, call)) != nil) == isFree)
        #expect(((try? fixture.service.keys(of: IdentityFixture.anna, call)) != nil) == isFree)
        let revoked = await answer {
            fixture.service.revokeSessions(of: IdentityFixture.anna, call, completion: $0)
        }
        #expect((revoked.error == nil) == isFree)
        #expect((fixture.authenticate(token) == nil) == isFree)
    }

    @Test("nobody makes a key for somebody else, but an administrator")
    func foreign() async throws {
        let fixture = try IdentityFixture()
        let call = try fixture.call(await fixture.token("boris"))
        #expect(try await make(fixture, for: IdentityFixture.anna, by: call).error?.kind == .forbidden)
        #expect(try await make(fixture, for: IdentityFixture.anna, by: fixture.consoleCall()).error == nil)
        let missing = try await make(fixture, for: RecordID(999), by: fixture.consoleCall())
        #expect(missing.error?.kind == .notFound)
    }

    @Test("fifty keys a user, not one more")
    func fifty() async throws {
        let fixture = try IdentityFixture()
        let call = try fixture.call(await fixture.token())
        for _ in 0..<50 { _ = try await make(fixture, by: call).get() }
        #expect(try await make(fixture, by: call).error?.kind == .limitExceeded)
    }

    @Test("a key survives a restart with all that it was given, and its last use")
    func restart() async throws {
        let fixture = try IdentityFixture()
        let end = Instant(millisecondsSince1970: fixture.clock.now.millisecondsSince1970 + 86_400_000)
        let made = try await make(
            fixture, scopes: ["sales:*", "support:view"], addresses: ["192.0.2.0/24"], expiresAt: end
        ).get()
        fixture.clock.advance(seconds: 5)
        #expect(fixture.authenticate(made.token) != nil)
        let call = try fixture.consoleCall()
        let before = try fixture.service.keys(of: IdentityFixture.anna, call)
        try fixture.restart()
        let after = try fixture.service.keys(of: IdentityFixture.anna, call)
        #expect(after == before)
        #expect(after.first?.lastUsedAt == fixture.clock.now)
        #expect(after.first?.scopes.texts == ["sales:*", "support:view"])
    }

    @Test("a request names what is wrong with it")
    func request() {
        #expect(throws: CRMError.self) {
            try APIKeyRequest(name: "", scopes: ["*"], addresses: [], expiresAt: nil)
        }
        #expect(throws: CRMError.self) {
            try APIKeyRequest(
                name: String(repeating: "n", count: 101), scopes: ["*"], addresses: [], expiresAt: nil)
        }
        let error = #expect(throws: CRMError.self) {
            try APIKeyRequest(name: "n", scopes: ["*"], addresses: ["192.0.2.1/24"], expiresAt: nil)
        }
        #expect(error?.message == "\"192.0.2.1/24\" is not an address range")
    }
}
