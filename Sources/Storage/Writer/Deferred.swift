import Dispatch
import Foundation
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

    /// Has values computed on another thread, after those that were asked for before.
    ///
    /// From the last to the first: whoever needs them meanwhile begins at the other end, and the two meet once, not at
    /// every value.
    package static func prepare(_ values: [Deferred]) {
        Preparer.shared.add { for value in values.reversed() { _ = value.value } }
    }
}

/// The thread that computes ahead, at a lower priority: where all cores are busy it gives way to the writer, which
/// computes itself what it finds missing.
private final class Preparer: Sendable {
    static let shared = Preparer()

    private static let niceness: Int32 = 10
    private let waiting = Mutex<[@Sendable () -> Void]>([])
    private let wake = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            // On Linux this is the calling thread's alone (setpriority(2)); where it is refused all have the same.
            _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, Self.niceness)
            while true {
                wake.wait()
                let work = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                work?()
            }
        }
        thread.name = "prepare"
        thread.start()
    }

    func add(_ work: @escaping @Sendable () -> Void) {
        waiting.withLock { $0.append(work) }
        wake.signal()
    }
}
