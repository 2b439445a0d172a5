import CRMSDK
import Crypto
import Foundation
import Identity
import JSON
import Log
import Storage
import Synchronization

/// An identity service over a real database in a fresh folder, with people, clock and hashing of its own.
final class IdentityFixture: Sendable {
    static let anna = RecordID(11)
    static let boris = RecordID(12)
    static let admin = RecordID(10)
    static let password = "quiet otter lamp"

    let clock = TestClock()
    let hasher = CountingHasher()
    let people = TestPeople()
    let sink = MemorySink()
    let configuration: IdentityService.Configuration
    private let folder: String
    private let opened: Mutex<(database: Database, service: IdentityService)>

    init(_ adjust: (inout IdentityService.Configuration) -> Void = { _ in }) throws {
        folder =
            FileManager.default.temporaryDirectory.appendingPathComponent("identity-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var configuration = IdentityService.Configuration()
        configuration.hashing = hasher.hashing
        configuration.clock = clock.source
        configuration.hashingThreads = 1
        configuration.consoleUsers = [1_000: "admin", 1_001: "nobody"]
        adjust(&configuration)
        self.configuration = configuration
        opened = Mutex(
            try Self.open(folder, configuration: configuration, people: people, sink: sink, mustExist: false))
        for (id, name) in [(Self.admin, "admin"), (Self.anna, "anna"), (Self.boris, "boris")] {
            _ = try service.createFirstCredential(
                user: id, username: name, password: Self.password, mustChange: false)
        }
        hasher.reset()
    }

    deinit {
        opened.withLock { opened in
            opened.service.close()
            opened.database.close()
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func open(
        _ folder: String, configuration: IdentityService.Configuration, people: TestPeople, sink: MemorySink,
        mustExist: Bool
    ) throws(CRMError) -> (database: Database, service: IdentityService) {
        let log = Log(room: "test", level: .debug, sink: sink)
        let database = try Database(
            options: Database.Options(path: folder + "/crm.db", mustExist: mustExist), log: log)
        let service = try IdentityService(database: database, configuration: configuration, log: log) {
            people
        }
        return (database, service)
    }

    var service: IdentityService { opened.withLock { $0.service } }
    var database: Database { opened.withLock { $0.database } }

    /// Ends the service and its database and opens both anew, as a restart of the kernel does.
    func restart() throws {
        try opened.withLock { opened in
            opened.service.close()
            opened.database.close()
            opened = try Self.open(
                folder, configuration: configuration, people: people, sink: sink, mustExist: true)
        }
    }

    // MARK: Calls

    func login(
        _ username: String = "anna", _ password: String = IdentityFixture.password, code: String? = nil,
        peer: String = "192.0.2.7"
    ) async -> Result<LoginAnswer, CRMError> {
        let request = LoginRequest(username: username, password: password, code: code, peer: peer)
        return await answer { self.service.login(request, completion: $0) }
    }

    /// The token of a new session.
    func token(_ username: String = "anna") async throws -> String { try await login(username).get().token }

    func authenticate(_ token: String, peer: String = "192.0.2.7") -> Session? {
        service.authenticate(token: Array(token.utf8), peer: peer)
    }

    /// A call by whoever has that token.
    func call(_ token: String, _ method: String = "test.call") throws -> IdentityCall {
        guard let session = authenticate(token) else {
            throw CRMError(.unauthenticated, "the token opens nothing")
        }
        return IdentityCall(session: session, source: "api", method: method)
    }

    func consoleCall() throws -> IdentityCall {
        guard let session = service.session(forPeerUID: 1_000) else {
            throw CRMError(.unauthenticated, "nobody is at the console")
        }
        return IdentityCall(session: session, source: "console", method: "test.call")
    }

    /// The kinds of the log's entries since the fixture was made, oldest first.
    func loggedKinds() throws -> [String] { try entries().map(\.entry.kind.name) }

    /// Entries after the ones that the fixture's own three credentials made.
    func entries() throws -> [LoggedChange] {
        try ChangeLog.entries(database.makeReader(), after: 3, limit: 10_000)
    }
}

/// What a service answers by its completion.
func answer<R: Sendable>(
    _ start: (@escaping @Sendable (Result<R, CRMError>) -> Void) -> Void
) async -> Result<R, CRMError> {
    await withCheckedContinuation { continuation in
        start { continuation.resume(returning: $0) }
    }
}

extension Result where Failure == CRMError {
    var error: CRMError? { if case .failure(let error) = self { error } else { nil } }
}

/// A wall clock and a monotonic one that go on only when told to.
final class TestClock: Sendable {
    private let wall = Atomic<Int64>(1_800_000_000_000)
    private let monotonic = Atomic<Int64>(5_000)

    var source: ClockSource {
        ClockSource(
            wallMilliseconds: { self.wall.load(ordering: .relaxed) },
            monotonicMilliseconds: { self.monotonic.load(ordering: .relaxed) })
    }

    var now: Instant { Instant(millisecondsSince1970: wall.load(ordering: .relaxed)) }

    func advance(seconds: Int64 = 0, milliseconds: Int64 = 0) {
        wall.add(seconds * 1_000 + milliseconds, ordering: .relaxed)
        monotonic.add(seconds * 1_000 + milliseconds, ordering: .relaxed)
    }

    /// Somebody sets the clock.
    func setWall(forwardBy seconds: Int64) { wall.add(seconds * 1_000, ordering: .relaxed) }
}

/// Hashes nothing, and counts: `strong:` and `weak:` before the password stand for parameters.
final class CountingHasher: Sendable {
    private let verified = Atomic(0)
    /// Whether new hashes are of the weak kind.
    let isOutdated = Atomic(false)
    private let gate = Mutex<DispatchSemaphore?>(nil)

    var verifications: Int { verified.load(ordering: .relaxed) }
    func reset() { verified.store(0, ordering: .relaxed) }

    /// Makes each verification wait for a signal.
    func hold(by semaphore: DispatchSemaphore?) { gate.withLock { $0 = semaphore } }

    var hashing: PasswordHashing {
        PasswordHashing(
            encode: { password throws(CryptoError) in
                self.isOutdated.load(ordering: .relaxed) ? "weak:\(password)" : "strong:\(password)"
            },
            verify: { password, encoded throws(CryptoError) in
                self.verified.add(1, ordering: .relaxed)
                self.gate.withLock { $0 }?.wait()
                let isWeak = encoded == "weak:\(password)"
                return Scrypt.Verification(
                    valid: isWeak || encoded == "strong:\(password)", needsRehash: isWeak)
            },
            dummy: "none")
    }
}

/// People whom a test can change.
final class TestPeople: UserDirectory {
    private let users = Mutex<[RecordID: IdentityUser]>([:])

    init() {
        put(IdentityFixture.admin, "admin", isAdministrator: true)
        put(IdentityFixture.anna, "anna")
        put(IdentityFixture.boris, "boris")
        put(RecordID(13), "carla")
    }

    func put(_ id: RecordID, _ name: String, isAdministrator: Bool = false, isActive: Bool = true) {
        let user = IdentityUser(
            id: id, username: name, isAdministrator: isAdministrator, isActive: isActive, language: "en",
            timeZone: "Europe/Vienna", role: nil)
        users.withLock { $0[id] = user }
    }

    func user(named username: String) -> IdentityUser? {
        users.withLock { $0.values.first { $0.username == username } }
    }

    func user(id: RecordID) -> IdentityUser? { users.withLock { $0[id] } }
}
