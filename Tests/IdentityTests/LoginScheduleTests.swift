import CRMSDK
import Testing

@testable import Identity

@Suite("Log-in throttle: how long a name or an address waits")
struct LoginScheduleTests {
    struct Step: Sendable, CustomTestStringConvertible {
        let failures: Int, wait: Int64?
        var testDescription: String { "\(failures) failures: \(wait.map { "\($0) s" } ?? "for good")" }
    }

    @Test(
        "the wait doubles from 1 s after the fifth failure up to 15 minutes; the hundredth locks",
        arguments: [
            Step(failures: 0, wait: 0), Step(failures: 1, wait: 0), Step(failures: 4, wait: 0),
            Step(failures: 5, wait: 1), Step(failures: 6, wait: 2), Step(failures: 7, wait: 4),
            Step(failures: 8, wait: 8), Step(failures: 9, wait: 16), Step(failures: 14, wait: 512),
            Step(failures: 15, wait: 900), Step(failures: 16, wait: 900), Step(failures: 99, wait: 900),
            Step(failures: 100, wait: nil), Step(failures: 1_000_000, wait: nil),
        ])
    func wait(_ step: Step) {
        #expect(LoginSchedule().waitSeconds(afterFailures: step.failures) == step.wait)
    }

    @Test(
        "an attempt is allowed at the end of the wait and not a millisecond before",
        arguments: [5, 6, 15, 99])
    func bounds(failures: Int) throws {
        let schedule = LoginSchedule()
        let last = Instant(millisecondsSince1970: 1_000_000)
        let record = FailureRecord(count: failures, lastFailure: last)
        let end = last.adding(seconds: try #require(schedule.waitSeconds(afterFailures: failures)))
        let before = Instant(millisecondsSince1970: end.millisecondsSince1970 - 1)
        #expect(schedule.allowsAttempt(record, at: end))
        #expect(!schedule.allowsAttempt(record, at: before))
    }

    @Test("after the hundredth failure no time is long enough")
    func locked() {
        let record = FailureRecord(count: 100, lastFailure: Instant(millisecondsSince1970: 0))
        #expect(!LoginSchedule().allowsAttempt(record, at: Instant(millisecondsSince1970: .max / 2)))
    }

    @Test(
        "attempts that begin together count one after the other, and a refused one does not prolong the wait")
    func reservation() {
        var table = CredentialTable()
        let user = RecordID(1)
        let now = Instant(millisecondsSince1970: 50_000)
        table.credentials[user] = Credential(password: "", mustChangePassword: false)
        func allows(_ time: Instant) -> Bool {
            if case .allowed = table.beginAttempt(user, at: time, LoginSchedule()) { true } else { false }
        }
        let first = (0..<8).map { _ in allows(now) }
        #expect(first == [true, true, true, true, true, false, false, false])
        #expect(!allows(Instant(millisecondsSince1970: 50_999)))
        #expect(allows(Instant(millisecondsSince1970: 51_000)))
    }

    // MARK: Addresses

    @Test("an address may fail fifty times at once, then once every six seconds")
    func budget() {
        var budget = AddressBudget()
        let start = Instant(millisecondsSince1970: 1_000_000)
        for _ in 0..<50 {
            #expect(budget.retryAfterSeconds(1, at: start) == nil)
            budget.recordFailure(1, at: start)
        }
        #expect(budget.retryAfterSeconds(1, at: start) == 6)
        #expect(budget.retryAfterSeconds(2, at: start) == nil, "another address is free")
        #expect(budget.retryAfterSeconds(1, at: Instant(millisecondsSince1970: 1_005_999)) == 1)
        #expect(budget.retryAfterSeconds(1, at: Instant(millisecondsSince1970: 1_006_000)) == nil)
    }

    @Test("the table of addresses does not grow beyond its limit, and keeps the worst")
    func bounded() {
        var budget = AddressBudget()
        let now = Instant(millisecondsSince1970: 0)
        for _ in 0..<60 { budget.recordFailure(UInt128.max, at: now) }
        for address in 0..<(AddressBudget.addressLimit + 500) {
            budget.recordFailure(UInt128(address), at: now)
        }
        #expect(budget.count == AddressBudget.addressLimit)
        #expect(budget.retryAfterSeconds(UInt128.max, at: now) != nil)
        budget.recordFailure(77_777, at: Instant(millisecondsSince1970: 10_000))
        #expect(budget.count == 2, "those whose bucket is full again are forgotten")
    }
}
