import CRMSDK
import Synchronization

/// What the kernel counts of its own work, and the text in which Prometheus reads it. Holds no user data: names of
/// methods, kinds of outcomes, durations.
package final class KernelMetrics: Sendable {
    private let counters = Mutex<[String: CallCounter]>([:])
    let bounded = LatencyHistogram()
    let scan = LatencyHistogram()
    let write = LatencyHistogram()
    let connections = Atomic<Int>(0)
    let refusedFrames = Atomic<Int>(0)

    package init() {}

    func counter(of method: String) -> CallCounter {
        counters.withLock { counters in
            if let counter = counters[method] { return counter }
            let counter = CallCounter()
            counters[method] = counter
            return counter
        }
    }

    /// A figure that another room knows, read when the metrics are asked for.
    package struct Figure: Sendable {
        package enum Kind: Sendable { case counter, gauge }

        package let name: String
        package let kind: Kind
        package let help: String
        package let value: Int

        package init(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
            self.name = name
            self.kind = kind
            self.help = help
            self.value = value
        }
    }

    /// Prometheus text format 0.0.4.
    package func text(figures: [Figure]) -> String {
        var text = "# HELP crm_calls_total Calls by method and outcome.\n# TYPE crm_calls_total counter\n"
        for (method, counter) in counters.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            for (outcome, count) in counter.outcomes {
                text += "crm_calls_total{method=\"\(method)\",outcome=\"\(outcome)\"} \(count)\n"
            }
        }
        text += "# HELP crm_call_seconds Time from the frame to the answer, by lane.\n"
        text += "# TYPE crm_call_seconds histogram\n"
        for (lane, histogram) in [("bounded", bounded), ("scan", scan), ("write", write)] {
            text += histogram.text(name: "crm_call_seconds", label: "lane=\"\(lane)\"")
        }
        let own = Figure("crm_connections", .gauge, "Open connections.", connections.load(ordering: .relaxed))
        let refused = Figure(
            "crm_frames_refused_total", .counter,
            "Connections ended because of a frame that breaks the protocol.",
            refusedFrames.load(ordering: .relaxed))
        for figure in [own, refused] + figures {
            text += "# HELP \(figure.name) \(figure.help)\n# TYPE \(figure.name) \(figure.kind)\n"
            text += "\(figure.name) \(figure.value)\n"
        }
        return text
    }

}

/// How often a method was called, by outcome.
package final class CallCounter: Sendable {
    private let succeeded = Atomic<Int>(0)
    private let refused = Mutex<[String: Int]>([:])

    func countSuccess() { succeeded.add(1, ordering: .relaxed) }
    func count(_ kind: CRMError.Kind) { refused.withLock { $0[kind.name, default: 0] += 1 } }

    var outcomes: [(String, Int)] {
        let refusals = refused.withLock { $0 }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let successes = succeeded.load(ordering: .relaxed)
        return (successes > 0 ? [("ok", successes)] : []) + refusals
    }
}

/// Durations in buckets of powers of four, from 16 µs to 67 s.
final class LatencyHistogram: Sendable {
    private static let bucketCount = 12
    private static let firstMicroseconds: Int64 = 16

    private struct State {
        var buckets = [Int](repeating: 0, count: bucketCount + 1)
        var microseconds: Int64 = 0
    }

    private let state = Mutex(State())

    func record(since start: ContinuousClock.Instant) {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        var bucket = 0
        var bound = Self.firstMicroseconds
        while bucket < Self.bucketCount, microseconds > bound {
            bucket += 1
            bound *= 4
        }
        state.withLock {
            $0.buckets[bucket] += 1
            $0.microseconds += microseconds
        }
    }

    func text(name: String, label: String) -> String {
        let state = state.withLock { $0 }
        var text = ""
        var total = 0
        var bound = Self.firstMicroseconds
        for count in state.buckets.dropLast() {
            total += count
            text += "\(name)_bucket{\(label),le=\"\(Self.seconds(bound))\"} \(total)\n"
            bound *= 4
        }
        total += state.buckets[Self.bucketCount]
        text += "\(name)_bucket{\(label),le=\"+Inf\"} \(total)\n"
        text += "\(name)_sum{\(label)} \(Self.seconds(state.microseconds))\n"
        text += "\(name)_count{\(label)} \(total)\n"
        return text
    }

    private static func seconds(_ microseconds: Int64) -> String {
        FixedDecimal(units: microseconds, scale: 6).text(minimumDecimals: 1)
    }
}
