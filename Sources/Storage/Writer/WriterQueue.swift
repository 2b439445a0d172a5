import CRMSDK
import Dispatch
import Synchronization

/// The units that wait for the writer, in each lane in order of arrival. Any thread adds; the writer's thread takes.
///
/// Ordinary units go first, but not for ever: behind each group of them goes one of the bulk lane, if it waits.
final class WriterQueue: Sendable {
    private struct State {
        var ordinary: [any WaitingUnit] = []
        var bulk: [any WaitingUnit] = []
        /// Whose turn it is where both wait.
        var isBulkNext = false
        var isClosed = false
        /// Whether the writer sleeps and must be woken.
        var isAsleep = false

        var count: Int { ordinary.count + bulk.count }

        mutating func take(atMost count: Int) -> [any WaitingUnit] {
            if ordinary.isEmpty || isBulkNext && !bulk.isEmpty {
                isBulkNext = false
                return Self.take(atMost: count, of: &bulk)
            }
            isBulkNext = true
            return Self.take(atMost: count, of: &ordinary)
        }

        private static func take(
            atMost count: Int, of units: inout [any WaitingUnit]
        ) -> [any WaitingUnit] {
            let taken = Array(units.prefix(count))
            units.removeFirst(taken.count)
            return taken
        }
    }

    let limit: Int
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    init(limit: Int) { self.limit = limit }

    var depth: Int { state.withLock { $0.count } }

    /// Whether ordinary units wait.
    var hasOrdinary: Bool { state.withLock { !$0.ordinary.isEmpty } }

    /// - Throws: `unavailable` when the queue is full or closed.
    func add(_ unit: any WaitingUnit) throws(CRMError) {
        enum Outcome { case added, wake, full, closed }
        let limit = limit
        let outcome = state.withLock { state -> Outcome in
            guard !state.isClosed else { return .closed }
            guard state.count < limit else { return .full }
            switch unit.lane {
            case .ordinary: state.ordinary.append(unit)
            case .bulk: state.bulk.append(unit)
            }
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

    /// Waits for units and takes the first of one lane; nil once the queue is closed and empty.
    func take(atMost count: Int) -> [any WaitingUnit]? {
        while true {
            let (units, isClosed) = state.withLock { state -> ([any WaitingUnit], Bool) in
                let taken = state.take(atMost: count)
                state.isAsleep = taken.isEmpty && !state.isClosed
                return (taken, state.isClosed)
            }
            guard units.isEmpty else { return units }
            if isClosed { return nil }
            wake.wait()
        }
    }

    /// Puts units of one lane back in front of those that came since.
    func putBack(_ units: some Collection<any WaitingUnit> & Sendable) {
        state.withLock { state in
            switch units.first?.lane {
            case .ordinary: state.ordinary.insert(contentsOf: units, at: 0)
            case .bulk: state.bulk.insert(contentsOf: units, at: 0)
            case nil: break
            }
        }
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
