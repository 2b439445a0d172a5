package import CRMSDK
import Glibc
import Synchronization

/// The time by which sessions, keys and waits are measured: it never goes back, not even over a restart.
///
/// It is the system's monotonic clock plus an offset. Where the wall clock, or the high-water mark that an
/// earlier run persisted, is ahead, the offset is raised, and nothing lowers it: when the wall clock is set back,
/// time goes on at its usual pace, so that an expired session stays expired and a live one still expires.
/// A look at the time costs two calls to the system's clocks and no lock.
package final class SessionClock: Sendable {
    private let source: ClockSource
    /// Milliseconds to add to the monotonic clock.
    private let offset: Atomic<Int64>

    /// - Parameter highWater: the latest time that an earlier run has seen; nil if there was none.
    package init(source: ClockSource = .system, highWater: Instant? = nil) {
        self.source = source
        let start = max(source.wallMilliseconds(), highWater?.millisecondsSince1970 ?? .min)
        offset = Atomic(start - source.monotonicMilliseconds())
    }

    package var now: Instant {
        let monotonic = source.monotonicMilliseconds()
        let candidate = source.wallMilliseconds() - monotonic
        let raised = offset.max(candidate, ordering: .relaxed).newValue
        return Instant(millisecondsSince1970: monotonic + raised)
    }

    /// What the wall clock says, forwards or backwards: for one-time codes, which a telephone counts by its own.
    var wallSecondsSince1970: Int64 { source.wallMilliseconds() / 1_000 }
}

/// Where a clock gets its time; tests have their own.
package struct ClockSource: Sendable {
    /// Milliseconds since 1970; may jump either way.
    let wallMilliseconds: @Sendable () -> Int64
    /// Milliseconds since any moment; never jumps, and counts while the system sleeps.
    let monotonicMilliseconds: @Sendable () -> Int64

    package init(
        wallMilliseconds: @escaping @Sendable () -> Int64,
        monotonicMilliseconds: @escaping @Sendable () -> Int64
    ) {
        self.wallMilliseconds = wallMilliseconds
        self.monotonicMilliseconds = monotonicMilliseconds
    }

    package static let system = ClockSource(
        wallMilliseconds: { read(CLOCK_REALTIME) }, monotonicMilliseconds: { read(CLOCK_BOOTTIME) })

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}

extension Instant {
    func adding(seconds: Int64) -> Instant {
        Instant(millisecondsSince1970: millisecondsSince1970 + seconds * 1_000)
    }
}
