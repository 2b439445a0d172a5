import Foundation
import Synchronization

/// Work that waits, on a thread of its own that starts at once.
///
/// A task would do only once the shared pool has a thread to spare; tests that wait can keep all of them busy.
package final class Background<Success: Sendable>: Sendable {
    private enum State {
        case running
        case awaited(CheckedContinuation<Success, any Error>)
        case done(Result<Success, any Error>)
    }

    private let state = Mutex(State.running)

    package init(_ body: @escaping @Sendable () throws -> Success) {
        Thread.detachNewThread { [self] in finish(Result { try body() }) }
    }

    private func finish(_ result: Result<Success, any Error>) {
        let waiting = state.withLock { state -> CheckedContinuation<Success, any Error>? in
            guard case .awaited(let continuation) = state else {
                state = .done(result)
                return nil
            }
            return continuation
        }
        waiting?.resume(with: result)
    }

    /// What the work has come to; nil while it goes on, and where it failed.
    package var valueSoFar: Success? {
        state.withLock { state in
            guard case .done(.success(let value)) = state else { return nil }
            return value
        }
    }

    /// What the work came to; to be asked for once.
    package var value: Success {
        get async throws {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Success, any Error>? in
                    guard case .done(let result) = state else {
                        state = .awaited(continuation)
                        return nil
                    }
                    return result
                }
                if let result { continuation.resume(with: result) }
            }
        }
    }
}
