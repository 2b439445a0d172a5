import CRMSDK
import Identity
import Storage
import Testing

@Suite("Changing passwords")
struct PasswordChangeTests {
    private static let new = "silent heron under oaks"

    private func change(
        _ fixture: IdentityFixture, _ token: String, current: String = IdentityFixture.password,
        new: String = PasswordChangeTests.new
    ) async throws -> Result<Void, CRMError> {
        let call = try fixture.call(token, "auth.change_password")
        return await answer {
            fixture.service.changePassword(call, current: current, new: new, completion: $0)
        }
    }

    @Test("the new password works, the old one does not, and the user's other sessions end")
    func success() async throws {
        let fixture = try IdentityFixture()
        let (token, other) = (try await fixture.token(), try await fixture.token())
        let foreign = try await fixture.token("boris")
        try await change(fixture, token).get()
        #expect(fixture.authenticate(token) != nil)
        #expect(fixture.authenticate(other) == nil)
        #expect(fixture.authenticate(foreign) != nil)
        #expect(await fixture.login("anna", Self.new).error == nil)
        #expect(await fixture.login("anna").error?.kind == .unauthenticated)
        try fixture.restart()
        #expect(await fixture.login("anna", Self.new).error == nil)
        #expect(try fixture.loggedKinds().prefix(4) == ["login", "login", "login", "security"])
    }

    @Test("a wrong current password changes nothing, counts like a wrong log-in, and is recorded")
    func wrongCurrent() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        for _ in 0..<5 {
            #expect(try await change(fixture, token, current: "wrong").error?.kind == .forbidden)
        }
        let error = try await change(fixture, token).error
        #expect(error?.kind == .tooManyRequests)
        #expect(error?.retryAfterSeconds == 1)
        #expect(fixture.authenticate(token) != nil, "the session itself goes on")
        #expect(try fixture.loggedKinds().filter { $0 == "refusal" }.count == 5)
        fixture.clock.advance(seconds: 1)
        try await change(fixture, token).get()
    }

    @Test(
        "a new password must pass the policy and be new",
        arguments: ["short", "passwordpassword", "anna-anna-anna-1", IdentityFixture.password])
    func refused(new: String) async throws {
        let fixture = try IdentityFixture()
        let error = try await change(fixture, fixture.token(), new: new).error
        #expect(error?.kind == .invalidRecord)
        #expect(error?.fields.first?.field == "password")
        #expect(error?.message.contains(new) == false)
    }

    @Test("changing a temporary password frees the session")
    func temporary() async throws {
        let fixture = try IdentityFixture()
        let console = try fixture.consoleCall()
        let old = try await fixture.token()
        let made = try await answer {
            fixture.service.setPassword(of: IdentityFixture.anna, to: nil, console, completion: $0)
        }.get()
        #expect(fixture.authenticate(old) == nil, "all sessions end")
        let temporary = try #require(made)
        let answered = try await fixture.login("anna", temporary).get()
        #expect(answered.mustChangePassword)
        try fixture.restart()
        #expect(fixture.authenticate(answered.token)?.mustChangePassword == true)
        try await change(fixture, answered.token, current: temporary).get()
        #expect(fixture.authenticate(answered.token)?.mustChangePassword == false)
        #expect(try await !fixture.login("anna", Self.new).get().mustChangePassword)
    }

    @Test("an administrator sets anyone's password but, without the console, not their own")
    func administrator() async throws {
        let fixture = try IdentityFixture()
        let api = try fixture.call(await fixture.token("admin"))
        func set(_ user: RecordID, _ password: String?, _ call: IdentityCall) async -> Result<
            String?, CRMError
        > {
            await answer { fixture.service.setPassword(of: user, to: password, call, completion: $0) }
        }
        #expect(try await set(RecordID(13), "xq7-n2vb", api).get() == nil)
        #expect(await fixture.login("carla", "xq7-n2vb").error == nil, "a user without a password gets one")
        #expect(await set(RecordID(13), "xq7-n2v", api).error?.kind == .invalidRecord)
        #expect(await set(RecordID(99), nil, api).error?.kind == .notFound)
        #expect(await set(IdentityFixture.admin, nil, api).error?.kind == .forbidden)
        let anna = try fixture.call(await fixture.token())
        #expect(await set(IdentityFixture.boris, nil, anna).error?.kind == .forbidden)
        #expect(try fixture.loggedKinds().filter { $0 == "refusal" }.count == 2)
        #expect(try await set(IdentityFixture.admin, nil, fixture.consoleCall()).error == nil)
    }

    @Test("the first password is set once, as given or made")
    func first() throws {
        let fixture = try IdentityFixture()
        let made = try fixture.service.createFirstCredential(
            user: RecordID(13), username: "carla", password: nil, mustChange: true)
        #expect(made.utf8.count == 23)
        let again = #expect(throws: CRMError.self) {
            try fixture.service.createFirstCredential(
                user: RecordID(13), username: "carla", password: nil, mustChange: true)
        }
        #expect(again?.kind == .duplicate)
        let short = #expect(throws: CRMError.self) {
            try fixture.service.createFirstCredential(
                user: RecordID(14), username: "dora", password: "1x3y5z7", mustChange: false)
        }
        #expect(short?.kind == .invalidRecord)
    }
}
