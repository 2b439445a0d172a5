import CRMSDK
import Jobs
import Testing

@Suite("When a job is due")
struct JobTimesTests {
    @Test(
        "the next time keeps to the rhythm, and missed times are one",
        arguments: [
            // now, due, every, next
            (0, 0, 10, 10), (9, 0, 10, 10), (10, 0, 10, 20), (11, 0, 10, 20), (105, 0, 10, 110),
            (5, 10, 10, 10),
            (86_400 * 30, 0, 86_400, 86_400 * 31), (1, 0, 0, 2),
        ])
    func next(_ now: Int, _ due: Int, _ every: Int, _ expected: Int) {
        func instant(_ seconds: Int) -> Instant { Instant(millisecondsSince1970: Int64(seconds) * 1000) }
        #expect(
            JobTimes.next(after: instant(now), due: instant(due), everySeconds: every) == instant(expected))
    }
}
