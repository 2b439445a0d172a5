import CRMSDK
import Dispatch
import Synchronization

/// The units that wait for the writer, in order of arrival. Any thread adds; the writer's thread takes.
final class WriterQueue: Sendable {
    private struct State {
        var units: [any WaitingUnit] = []
        var isClosed = false
        /// Whether the writer sleeps and must be woken.
        var isAsleep = false
    }

    let limit: Int
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    init(limit: Int) { self.limit = limit }

    var depth: Int { state.withLock { $0.units.count } }

    /// - Throws: `unavailable` when the queue is full or closed.
    func add(_ unit: any WaitingUnit) throws(CRMError) {
        enum Outcome { case added, wake, full, closed }
        let limit = limit
        let outcome = state.withLock { state -> Outcome in
            guard !state.isClosed else { return .closed }
            guard state.units.count < limit else { return .full }
            state.units.append(unit)
            guard state.isAsleep else { return .added }
            state.isAsleep = false
            return .wake
        }
        switch outcome {
        case .added: break
        case .wake: wake.signal()
        case .closed: throw CRMError(.unavailable, "the database is being closed")
        case .full:
            var error = CRMError(
                .unavailable, "too many changes are waiting to be stored", hint: "Try again.")
            error.retryAfterSeconds = 1
            throw error
        }
    }

    /// Waits for units and takes the first of them; nil once the queue is closed and empty.
    func take(atMost count: Int) -> [any WaitingUnit]? {
        while true {
            let (units, isClosed) = state.withLock { state -> ([any WaitingUnit], Bool) in
                let taken = Array(state.units.prefix(count))
                state.units.removeFirst(taken.count)
                state.isAsleep = taken.isEmpty && !state.isClosed
                return (taken, state.isClosed)
            }
            guard units.isEmpty else { return units }
            if isClosed { return nil }
            wake.wait()
        }
    }

    /// Puts units back in front of those that came since.
    func putBack(_ units: some Collection<any WaitingUnit> & Sendable) {
        state.withLock { $0.units.insert(contentsOf: units, at: 0) }
    }

    /// Takes no more units; those that wait are still run.
    func close() {
        let mustWake = state.withLock { state in
            defer { state.isAsleep = false }
            state.isClosed = true
            return state.isAsleep
        }
        if mustWake { wake.signal() }
    }
}
