import Dispatch
import Synchronization

/// A value that is computed once: ahead of time on another thread where one is free, else where it is asked for.
///
/// For pure work that the writer's thread would otherwise do for each of many rows.
package final class Deferred<Value: Sendable>: Sendable {
    private enum State: Sendable {
        case waiting(@Sendable () -> Value)
        case done(Value)
    }

    private let state: Mutex<State>

    package init(_ compute: @escaping @Sendable () -> Value) { state = Mutex(.waiting(compute)) }

    /// Whoever asks while another thread computes it waits for that.
    package var value: Value {
        state.withLock { state in
            switch state {
            case .done(let value): return value
            case .waiting(let compute):
                let value = compute()
                state = .done(value)
                return value
            }
        }
    }

    /// Has values computed in their order, on another thread.
    package static func prepare(_ values: [Deferred]) {
        DispatchQueue.global(qos: .utility).async { for value in values { _ = value.value } }
    }
}
