import CLinux
import Glibc

/// One epoll set (epoll(7), level-triggered): descriptors, each with a token that comes back with its events.
final class Poller {
    struct Events: OptionSet {
        let rawValue: UInt32
        static let readable = Events(rawValue: 0x001)
        static let writable = Events(rawValue: 0x004)
        /// An error or a hang-up in both directions; reported without being asked for.
        static let broken = Events(rawValue: 0x008 | 0x010)
    }

    private let descriptor: Int32
    private var events = [UInt32](repeating: 0, count: Int(CLINUX_EPOLL_BATCH))
    private var tokens = [UInt64](repeating: 0, count: Int(CLINUX_EPOLL_BATCH))

    /// Takes over an epoll descriptor.
    init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    func add(_ watched: Int32, _ events: Events, token: UInt64) {
        _ = clinux_epoll_control(descriptor, EPOLL_CTL_ADD, watched, events.rawValue, token)
    }

    func change(_ watched: Int32, _ events: Events, token: UInt64) {
        _ = clinux_epoll_control(descriptor, EPOLL_CTL_MOD, watched, events.rawValue, token)
    }

    func remove(_ watched: Int32) { _ = clinux_epoll_control(descriptor, EPOLL_CTL_DEL, watched, 0, 0) }

    /// Waits, and returns how many events `event(_:)` can be asked for.
    func wait(milliseconds: Int32) -> Int {
        max(0, Int(clinux_epoll_wait(descriptor, &events, &tokens, milliseconds)))
    }

    func event(_ index: Int) -> (events: Events, token: UInt64) {
        (Events(rawValue: events[index]), tokens[index])
    }
}

/// Clocks that an event loop reads once a wake-up.
enum Clock {
    static var monotonicMilliseconds: Milliseconds {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Seconds since 1970.
    static var wallSeconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return Int64(time.tv_sec)
    }
}
