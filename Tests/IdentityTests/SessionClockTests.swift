import CRMSDK
import Testing

@testable import Identity

@Suite("Session clock: never back")
struct SessionClockTests {
    @Test("it follows the wall clock forwards, and goes on at the usual pace when that is set back")
    func setBack() {
        let source = TestClock()
        let clock = SessionClock(source: source.source)
        let start = clock.now
        #expect(start == source.now)
        source.advance(seconds: 60)
        #expect(clock.now == start.adding(seconds: 60))
        source.setWall(forwardBy: -86_400)
        #expect(clock.now == start.adding(seconds: 60))
        source.advance(seconds: 5)
        #expect(clock.now == start.adding(seconds: 65))
        source.setWall(forwardBy: 86_400 + 100)
        #expect(clock.now == start.adding(seconds: 165), "it jumps ahead with the wall clock")
    }

    @Test("it begins at the high-water mark when the wall clock is behind that")
    func highWater() {
        let source = TestClock()
        let mark = source.now.adding(seconds: 3_600)
        let clock = SessionClock(source: source.source, highWater: mark)
        #expect(clock.now == mark)
        source.advance(seconds: 10)
        #expect(clock.now == mark.adding(seconds: 10))
        #expect(
            SessionClock(source: source.source, highWater: source.now.adding(seconds: -9)).now == source.now)
    }
}
