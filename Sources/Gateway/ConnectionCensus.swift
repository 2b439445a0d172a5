import Synchronization

/// Counts open connections, all together and by source, and refuses those over the limits.
///
/// A source is an IPv4 address or the upper half of an IPv6 address, since whoever has one address of a /64 has
/// them all. The table holds only sources with open connections, so that it is as bounded as they are.
final class ConnectionCensus: Sendable {
    struct Source: Hashable, Sendable {
        private let prefix: UInt64

        init(_ address: SocketAddress) {
            // An IPv4 address cannot be taken for a prefix: those of IPv6 have a bit above the 48th.
            prefix = address.isIPv4 || address.isLoopback ? address.low : address.high
        }
    }

    enum Verdict: Equatable, Sendable {
        case admitted
        case full
        case sourceFull
    }

    private struct Counts {
        var total = 0
        var bySource: [Source: Int] = [:]
    }

    private let limits: GatewayLimits
    private let counts = Mutex(Counts())

    init(limits: GatewayLimits) { self.limits = limits }

    /// Counts a new connection in, if there is room; every admitted one must be released once.
    func admit(_ source: Source) -> Verdict {
        counts.withLock { counts in
            guard counts.total < limits.connections else { return .full }
            guard counts.bySource[source, default: 0] < limits.connectionsPerSource else {
                return .sourceFull
            }
            counts.total += 1
            counts.bySource[source, default: 0] += 1
            return .admitted
        }
    }

    func release(_ source: Source) {
        counts.withLock { counts in
            counts.total -= 1
            let left = counts.bySource[source, default: 1] - 1
            counts.bySource[source] = left > 0 ? left : nil
        }
    }

    var total: Int { counts.withLock { $0.total } }
}
