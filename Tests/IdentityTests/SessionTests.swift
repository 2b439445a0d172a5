import CRMSDK
import Identity
import Query
import Security
import Storage
import Testing

@Suite("Sessions")
struct SessionTests {
    @Test("a session ends 30 minutes after its last use, to the millisecond")
    func idle() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        for _ in 0..<3 {
            fixture.clock.advance(milliseconds: 30 * 60_000 - 1)
            #expect(fixture.authenticate(token) != nil, "each use begins the half hour anew")
        }
        fixture.clock.advance(milliseconds: 30 * 60_000)
        #expect(fixture.authenticate(token) == nil)
        #expect(fixture.authenticate(token) == nil, "asking does not bring it back")
    }

    @Test("a session ends 12 hours after the log-in, however much it is used")
    func absolute() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        for _ in 0..<47 {
            fixture.clock.advance(seconds: 15 * 60)
            #expect(fixture.authenticate(token) != nil)
        }
        fixture.clock.advance(milliseconds: 15 * 60_000 - 1)
        #expect(fixture.authenticate(token) != nil)
        fixture.clock.advance(milliseconds: 1)
        #expect(fixture.authenticate(token) == nil)
    }

    @Test("a clock set back revives no session, nor keeps one alive; not even over a restart")
    func clockSetBack() async throws {
        let fixture = try IdentityFixture()
        let over = try await fixture.token()
        fixture.clock.advance(seconds: 30 * 60)
        let alive = try await fixture.token()
        fixture.clock.setWall(forwardBy: -3_600)
        #expect(fixture.authenticate(over) == nil)
        #expect(fixture.authenticate(alive) != nil)
        try fixture.restart()
        #expect(fixture.authenticate(over) == nil)
        #expect(fixture.authenticate(alive) != nil)
        fixture.clock.advance(seconds: 30 * 60)
        #expect(fixture.authenticate(alive) == nil)
    }

    @Test(
        "what is no token opens nothing",
        arguments: ["", "x", String(repeating: "A", count: 43), "crmk_" + String(repeating: "A", count: 43)])
    func foreign(token: String) throws { #expect(try IdentityFixture().authenticate(token) == nil) }

    @Test("a token changed in its case or by one character opens nothing")
    func exact() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        #expect(fixture.authenticate(token + "A") == nil)
        #expect(fixture.authenticate(String(token.dropLast())) == nil)
        #expect(fixture.authenticate(" " + token.dropFirst()) == nil)
        #expect(fixture.authenticate(token) != nil)
    }

    @Test("a user has at most fifty sessions; one more ends the oldest")
    func fifty() async throws {
        let fixture = try IdentityFixture()
        let other = try await fixture.token("boris")
        var tokens: [String] = []
        for _ in 0..<50 { tokens.append(try await fixture.token()) }
        #expect(tokens.allSatisfy { fixture.authenticate($0) != nil })
        tokens.append(try await fixture.token())
        #expect(fixture.authenticate(tokens[0]) == nil)
        #expect(tokens.dropFirst().allSatisfy { fixture.authenticate($0) != nil })
        #expect(fixture.authenticate(other) != nil)
        try fixture.restart()
        #expect(fixture.authenticate(tokens[0]) == nil)
        #expect(tokens.dropFirst().allSatisfy { fixture.authenticate($0) != nil })
    }

    @Test("logging out ends this session and no other, at once and for good")
    func logout() async throws {
        let fixture = try IdentityFixture()
        let (token, other) = (try await fixture.token(), try await fixture.token())
        let call = try fixture.call(token)
        try await answer { fixture.service.logout(call, completion: $0) }.get()
        #expect(fixture.authenticate(token) == nil)
        #expect(fixture.authenticate(other) != nil)
        try fixture.restart()
        #expect(fixture.authenticate(token) == nil)
        #expect(fixture.authenticate(other) != nil)
        #expect(try fixture.loggedKinds() == ["login", "login", "logout"])
    }

    @Test("people list and end their own sessions; others' do not exist for them")
    func ownSessions() async throws {
        let fixture = try IdentityFixture()
        let (token, second) = (try await fixture.token(), try await fixture.token())
        let foreign = try await fixture.token("boris")
        let call = try fixture.call(token)
        let listed = try fixture.service.sessions(of: IdentityFixture.anna, call)
        #expect(listed.map(\.address) == ["192.0.2.7", "192.0.2.7"])
        #expect(throws: CRMError.self) { try fixture.service.sessions(of: IdentityFixture.boris, call) }
        let foreignID = try #require(
            try fixture.service.sessions(of: IdentityFixture.boris, fixture.call(foreign)).first?.id)
        let refused = await answer { fixture.service.revokeSession(foreignID, call, completion: $0) }
        let missing = await answer { fixture.service.revokeSession(9_999, call, completion: $0) }
        #expect(refused.error?.kind == .notFound && missing.error?.kind == .notFound)
        #expect(fixture.authenticate(foreign) != nil)
        try await answer { fixture.service.revokeSession(listed[0].id, call, completion: $0) }.get()
        #expect(fixture.authenticate(second) == nil, "newest first: the second was ended")
        #expect(fixture.authenticate(token) != nil)
    }

    @Test("an administrator ends all sessions of somebody, at once")
    func revokeAll() async throws {
        let fixture = try IdentityFixture()
        let tokens = [try await fixture.token(), try await fixture.token()]
        let admin = try await fixture.token("admin")
        let call = try fixture.call(admin)
        try await answer { fixture.service.revokeSessions(of: IdentityFixture.anna, call, completion: $0) }
            .get()
        #expect(tokens.allSatisfy { fixture.authenticate($0) == nil })
        #expect(fixture.authenticate(admin) != nil)
        try await answer { fixture.service.revokeSessions(of: IdentityFixture.admin, call, completion: $0) }
            .get()
        #expect(fixture.authenticate(admin) != nil, "the session that asks goes on")
    }

    @Test("a user made inactive stops at the next call, and logs in again when active once more")
    func inactive() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        fixture.people.put(IdentityFixture.anna, "anna", isActive: false)
        #expect(fixture.authenticate(token) == nil)
        fixture.service.maintain()
        try fixture.restart()
        fixture.people.put(IdentityFixture.anna, "anna")
        #expect(fixture.authenticate(token) == nil)
        #expect(await fixture.login().error == nil)
    }

    @Test("a demoted administrator's session is no administrator's at the next call")
    func demoted() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token("admin")
        #expect(fixture.authenticate(token)?.principal.isAdministrator == true)
        fixture.people.put(IdentityFixture.admin, "admin", isAdministrator: false)
        #expect(fixture.authenticate(token)?.principal.isAdministrator == false)
    }

    @Test("sessions survive a restart, with the time of their last use")
    func restart() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        fixture.clock.advance(seconds: 20 * 60)
        #expect(fixture.authenticate(token) != nil)
        try fixture.restart()
        fixture.clock.advance(seconds: 29 * 60)
        #expect(fixture.authenticate(token) != nil)
        try fixture.restart()
        fixture.clock.advance(seconds: 30 * 60)
        #expect(fixture.authenticate(token) == nil)
    }

    @Test("times of last use are stored every half minute, in one unit")
    func writeBehind() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        let units = { fixture.database.writer.counts.units }
        let before = units()
        for _ in 0..<29 {
            fixture.clock.advance(seconds: 1)
            for _ in 0..<10 { #expect(fixture.authenticate(token) != nil) }
        }
        #expect(units() == before, "no call writes")
        fixture.clock.advance(seconds: 1)
        for _ in 0..<10 { #expect(fixture.authenticate(token) != nil) }
        try fixture.database.writer.perform { _ in }
        #expect(units() - before == 2, "one unit, and the one that waited for it here")
    }

    @Test("a session that is over leaves storage too")
    func removed() async throws {
        let fixture = try IdentityFixture()
        _ = try await fixture.token()
        fixture.clock.advance(seconds: 30 * 60)
        let kept = try await fixture.token()
        fixture.service.maintain()
        try fixture.database.writer.perform { _ in }
        let rows = try fixture.database.makeReader().first(Statement("SELECT count(*) FROM crm_session")) {
            $0.int64(0)
        }
        #expect(rows == 1)
        #expect(fixture.authenticate(kept) != nil)
    }

    @Test(
        "a temporary password opens three methods and no other",
        arguments: [
            ("auth.change_password", true), ("auth.whoami", true), ("auth.logout", true),
            ("record.list", false),
            ("auth.login", false), ("session.list", false), ("", false),
        ])
    func mustChange(method: String, isOpen: Bool) async throws {
        let fixture = try IdentityFixture()
        _ = try fixture.service.createFirstCredential(
            user: RecordID(13), username: "carla", password: "temporary-otter", mustChange: true)
        let token = try await fixture.login("carla", "temporary-otter").get().token
        let session = try #require(fixture.authenticate(token))
        #expect(session.mustChangePassword)
        if isOpen {
            try session.checkMayCall(method)
        } else {
            let error = #expect(throws: CRMError.self) { try session.checkMayCall(method) }
            #expect(error?.kind == .forbidden)
        }
        let free = try #require(fixture.authenticate(try await fixture.token()))
        try free.checkMayCall(method)
    }

    @Test("the console is whom the configuration says, while they are active")
    func console() throws {
        let fixture = try IdentityFixture()
        let principal = try #require(fixture.service.principal(forPeerUID: 1_000))
        #expect(principal.user == IdentityFixture.admin && principal.isAdministrator)
        #expect(principal.source == .console)
        #expect(fixture.service.principal(forPeerUID: 1_001) == nil, "mapped to nobody we know")
        #expect(fixture.service.principal(forPeerUID: 0) == nil, "root is nobody special")
        fixture.people.put(IdentityFixture.admin, "admin", isAdministrator: true, isActive: false)
        #expect(fixture.service.principal(forPeerUID: 1_000) == nil)
    }
}
