import CRMSDK
import Dispatch
import Synchronization
import Wire

/// The lane of files: threads of their own for disk and hash, and a place for each file on its way.
///
/// A file takes a turn when it has something to do: bytes that came, or room at the other end. A slow client has no
/// turns, and so holds no thread; what it holds is a place, of which there are so many, and so many for one principal.
final class FileLane: Sendable {
    static let places = 256
    static let placesOfOne = 32
    private static let threads = 4

    private struct State {
        var turns: [@Sendable () -> Void] = []
        var open = 0
        var byPrincipal: [Int64: Int] = [:]
        var hasThreads = false
        var isStopped = false
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    /// Files on their way now.
    var count: Int { state.withLock { $0.open } }

    /// Taken for as long as it lives.
    final class Place: Sendable {
        private let lane: FileLane
        private let principal: Int64

        fileprivate init(_ lane: FileLane, _ principal: Int64) {
            self.lane = lane
            self.principal = principal
        }

        deinit { lane.leave(principal) }
    }

    /// - Throws: `unavailable` where all places, or all of this principal, are taken.
    func place(for principal: RecordID) throws(CRMError) -> Place {
        let isTaken = state.withLock { state in
            let share = state.byPrincipal[principal.rawValue, default: 0]
            guard state.open < Self.places, share < Self.placesOfOne else { return false }
            state.open += 1
            state.byPrincipal[principal.rawValue] = share + 1
            return true
        }
        guard isTaken else {
            var error = CRMError(
                .unavailable, "too many files are on their way", hint: "Try again when one is done.")
            error.retryAfterSeconds = 5
            throw error
        }
        return Place(self, principal.rawValue)
    }

    private func leave(_ principal: Int64) {
        state.withLock { state in
            state.open -= 1
            let left = state.byPrincipal[principal, default: 1] - 1
            state.byPrincipal[principal] = left > 0 ? left : nil
        }
    }

    func submit(_ turn: @escaping @Sendable () -> Void) {
        let isFirst = state.withLock { state in
            state.turns.append(turn)
            defer { state.hasThreads = true }
            return !state.hasThreads
        }
        if isFirst { for _ in 0..<Self.threads { WorkThread.start("files") { [self] in run() } } }
        available.signal()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        for _ in 0..<Self.threads { available.signal() }
    }

    private func run() {
        while true {
            available.wait()
            let (turn, isStopped) = state.withLock { state in
                (state.turns.isEmpty ? nil : state.turns.removeFirst(), state.isStopped)
            }
            if let turn { turn() } else if isStopped { return }
        }
    }
}

/// A file on its way, as the frames about it find it.
protocol FileTransfer: AnyObject, Sendable {
    /// - Throws: `malformed` for a frame that cannot be about it.
    func take(_ frame: Frame) throws(WireError)
    /// The other side has gone.
    func cancel()
}
