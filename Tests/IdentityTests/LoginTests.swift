import CRMSDK
import Crypto
import Dispatch
import Foundation
import Log
import Query
import Security
import Storage
import Synchronization
import Testing

@testable import Identity

@Suite("Log-in")
struct LoginTests {
    @Test("the right password opens a session of 12 hours")
    func success() async throws {
        let fixture = try IdentityFixture()
        let answer = try await fixture.login().get()
        #expect(answer.token.utf8.count == 43)
        #expect(Base64URL.decode(answer.token)?.count == 32)
        #expect(answer.user.username == "anna")
        #expect(!answer.mustChangePassword)
        let twelveHours: Int64 = 12 * 3_600_000
        #expect(
            answer.expiresAt.millisecondsSince1970 == fixture.clock.now.millisecondsSince1970 + twelveHours)
        let session = try #require(fixture.authenticate(answer.token))
        #expect(session.user.id == IdentityFixture.anna)
        #expect(session.principal.source == .session)
        #expect(fixture.hasher.verifications == 1)
        #expect(try fixture.loggedKinds() == ["login"])
    }

    @Test("two log-ins give two tokens")
    func distinct() async throws {
        let fixture = try IdentityFixture()
        let tokens = [try await fixture.token(), try await fixture.token()]
        #expect(Set(tokens).count == 2)
    }

    /// Why a log-in does not succeed; nobody outside may tell one from another.
    enum Reason: String, CaseIterable, Sendable {
        case unknown, inactive, noPassword, wrongPassword, waiting, locked, tooLong
    }

    @Test("every refusal is the same: one answer, one hash, one entry", arguments: Reason.allCases)
    func indistinguishable(reason: Reason) async throws {
        let fixture = try IdentityFixture()
        var (username, password) = ("anna", IdentityFixture.password)
        switch reason {
        case .unknown: username = "nobody"
        case .inactive: fixture.people.put(IdentityFixture.anna, "anna", isActive: false)
        case .noPassword: username = "carla"
        case .wrongPassword: password = "quiet otter lamps"
        case .waiting: for _ in 0..<5 { _ = await fixture.login(username, "wrong", peer: "") }
        case .locked:
            for _ in 0..<100 {
                _ = await fixture.login(username, "wrong", peer: "")
                fixture.clock.advance(seconds: 901)
            }
        case .tooLong: password = String(repeating: "x", count: 1_025)
        }
        fixture.hasher.reset()
        let before = try fixture.entries().count
        let result = await fixture.login(username, password)
        let error = try #require(result.error)
        #expect(error.kind == .unauthenticated)
        #expect(error.message == "user name, password or code is wrong")
        let hint = error.hint ?? ""
        #expect(hint.hasPrefix("Who has set up a second factor sends its code"))
        #expect(error.retryAfterSeconds == nil)
        #expect(error.rule == nil && error.fields.isEmpty && error.candidates.isEmpty && error.detail == nil)
        #expect(fixture.hasher.verifications == 1)
        let added = try fixture.entries().dropFirst(before)
        #expect(added.map(\.entry.kind.name) == ["login_failed"])
    }

    @Test("after five failures the name waits 1 s, then 2 s; success starts over")
    func schedule() async throws {
        let fixture = try IdentityFixture()
        for _ in 0..<5 { #expect(await fixture.login("anna", "wrong").error != nil) }
        #expect(await fixture.login().error != nil, "the right password is not looked at now")
        fixture.clock.advance(milliseconds: 999)
        #expect(await fixture.login().error != nil)
        fixture.clock.advance(milliseconds: 1)
        #expect(await fixture.login("anna", "wrong").error != nil)
        fixture.clock.advance(milliseconds: 1_999)
        #expect(await fixture.login().error != nil)
        fixture.clock.advance(milliseconds: 1)
        #expect(await fixture.login().error == nil)
        for _ in 0..<4 { #expect(await fixture.login("anna", "wrong").error != nil) }
        #expect(await fixture.login().error == nil, "the count began anew")
    }

    @Test("a name that waits holds up neither other names nor its own sessions")
    func independence() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        for _ in 0..<20 { _ = await fixture.login("anna", "wrong") }
        #expect(fixture.authenticate(token) != nil)
        #expect(await fixture.login("boris").error == nil)
    }

    @Test("failures are remembered over a restart")
    func restart() async throws {
        let fixture = try IdentityFixture()
        for _ in 0..<5 { _ = await fixture.login("anna", "wrong") }
        try fixture.restart()
        #expect(await fixture.login().error != nil)
        fixture.clock.advance(seconds: 1)
        #expect(await fixture.login().error == nil)
    }

    @Test("a name locked by a hundred failures opens again with a password set by an administrator")
    func unlocked() async throws {
        let fixture = try IdentityFixture()
        for _ in 0..<100 {
            _ = await fixture.login("anna", "wrong", peer: "")
            fixture.clock.advance(seconds: 901)
        }
        fixture.clock.advance(seconds: 86_400 * 365)
        #expect(await fixture.login().error != nil)
        let console = try fixture.consoleCall()
        let made = try await answer {
            fixture.service.setPassword(of: IdentityFixture.anna, to: nil, console, completion: $0)
        }.get()
        #expect(try await fixture.login("anna", #require(made)).get().mustChangePassword)
    }

    @Test("an address that failed fifty times is told when to come back, whoever it asks for")
    func addressBudget() async throws {
        let fixture = try IdentityFixture()
        for number in 0..<50 { #expect(await fixture.login("name\(number)").error?.kind == .unauthenticated) }
        fixture.hasher.reset()
        let error = await fixture.login("boris").error
        #expect(error?.kind == .tooManyRequests)
        #expect(error?.retryAfterSeconds == 6)
        #expect(fixture.hasher.verifications == 0)
        #expect(await fixture.login("boris", peer: "192.0.2.8").error == nil, "another address is free")
        fixture.clock.advance(seconds: 6)
        #expect(await fixture.login("boris").error == nil)
    }

    @Test("sixty-four log-ins wait for their turn, one more is told to come back")
    func queue() async throws {
        let fixture = try IdentityFixture()
        let gate = DispatchSemaphore(value: 0)
        fixture.hasher.hold(by: gate)
        let outcomes = Mutex<[Result<LoginAnswer, CRMError>]>([])
        let done = DispatchGroup()
        func submit() {
            done.enter()
            fixture.service.login(
                LoginRequest(username: "boris", password: IdentityFixture.password, peer: "192.0.2.1")
            ) { result in
                outcomes.withLock { $0.append(result) }
                done.leave()
            }
        }
        submit()
        while fixture.hasher.verifications == 0 { await Task.yield() }  // one runs, and none waits
        for _ in 0..<64 { submit() }
        #expect(outcomes.withLock { $0.isEmpty })
        submit()
        let refused = outcomes.withLock { $0 }
        #expect(refused.count == 1)
        #expect(refused.first?.error?.kind == .tooManyRequests)
        #expect(refused.first?.error?.retryAfterSeconds == 5)
        fixture.hasher.hold(by: nil)
        gate.signal()
        await withCheckedContinuation { continuation in
            done.notify(queue: .global()) { continuation.resume() }
        }
        let all = outcomes.withLock { $0 }
        #expect(all.count == 66)
        #expect(all.filter { $0.error == nil }.count == 65)
    }

    @Test("a hash weaker than is asked for now is renewed at the next log-in, and only then")
    func rehash() async throws {
        let fixture = try IdentityFixture()
        fixture.hasher.isOutdated.store(true, ordering: .relaxed)
        _ = try fixture.service.createFirstCredential(
            user: RecordID(13), username: "carla", password: IdentityFixture.password, mustChange: false)
        fixture.hasher.isOutdated.store(false, ordering: .relaxed)
        func stored() throws -> String? {
            try fixture.database.makeReader().first(
                Statement("SELECT password FROM crm_credential WHERE user = 13")
            ) { $0.text(0) }
        }
        #expect(await fixture.login("carla", "wrong").error != nil)
        #expect(try stored() == "weak:\(IdentityFixture.password)")
        #expect(await fixture.login("carla").error == nil)
        #expect(try stored() == "strong:\(IdentityFixture.password)")
        #expect(await fixture.login("carla").error == nil)
    }

    @Test("scrypt itself: a password set and then used")
    func scrypt() async throws {
        let fixture = try IdentityFixture { $0.hashing = .scrypt }
        #expect(await fixture.login().error == nil)
        #expect(await fixture.login("anna", "quiet otter lamps").error?.kind == .unauthenticated)
        #expect(await fixture.login("nobody").error?.kind == .unauthenticated)
        let dummy = try Scrypt.verify(password: "", encoded: PasswordHashing.scrypt.dummy)
        #expect(dummy == Scrypt.Verification(valid: false, needsRehash: false))
    }

    @Test("what could not be stored opens nothing, and says so", arguments: [FaultPoint.statement, .commit])
    func fault(point: FaultPoint) async throws {
        let fixture = try IdentityFixture()
        fixture.database.writer.faults = { $0 == point ? .refuse : nil }
        #expect(await fixture.login().error?.kind == .unavailable)
        let wrong = await fixture.login("anna", "wrong").error
        #expect(wrong?.message == "user name, password or code is wrong", "a refusal stays a refusal")
        fixture.database.writer.faults = nil
        #expect(try fixture.service.sessions(of: IdentityFixture.anna, fixture.consoleCall()).isEmpty)
        #expect(await fixture.login().error == nil)
    }

    @Test("neither log nor change log ever holds a password, a token or an unknown name")
    func secrets() async throws {
        let fixture = try IdentityFixture()
        let token = try await fixture.token()
        _ = await fixture.login("anna", "my-wrong-password")
        _ = await fixture.login("my-password-typed-as-name", "x")
        let created = try await answer { done in
            do {
                let request = try APIKeyRequest(name: "sync", scopes: ["*"], addresses: [], expiresAt: nil)
                try fixture.service.createKey(
                    request, for: IdentityFixture.anna, fixture.call(token), completion: done)
            } catch { done(.failure(CRMError(.internalError, "\(error)"))) }
        }.get()
        let texts =
            try fixture.entries().map { String(decoding: $0.entry.payload, as: UTF8.self) }
            + fixture.sink.lines
        #expect(texts.count >= 4)
        let secrets = [
            token, created.token, IdentityFixture.password, "my-wrong-password", "my-password-typed-as-name",
            SHA256.hash(Array(token.utf8)).hex,
        ]
        for text in texts { for secret in secrets { #expect(!text.contains(secret)) } }
    }
}
