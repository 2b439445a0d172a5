import Dispatch
import Foundation
import Synchronization

/// The few threads on which passwords are hashed, and the bounded queue before them (ASVS 5.0 15.2.2).
///
/// A hash takes a tenth of a second and 32 MiB on purpose: on threads of its own it delays no other call, and their
/// number bounds the memory.
final class HashingThreads: Sendable {
    /// Jobs that may wait, beside those that run.
    static let queueLimit = 64

    typealias Job = @Sendable () -> Void

    private struct State {
        var jobs: [Job] = []
        var isClosed = false
        var running: Int
    }

    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Half the cores, 1–4.
    static var defaultCount: Int { min(max(ProcessInfo.processInfo.activeProcessorCount / 2, 1), 4) }

    init(count: Int = defaultCount) {
        state = Mutex(State(running: count))
        for number in 1...count {
            // The thread keeps this object alive until `close`.
            let thread = Thread { [self] in work() }
            thread.name = "password-\(number)"
            thread.start()
        }
    }

    /// - Returns: false if too many wait already, or the threads were closed; the job will not run then.
    func submit(_ job: @escaping Job) -> Bool {
        let accepted = state.withLock { state in
            guard !state.isClosed, state.jobs.count < Self.queueLimit else { return false }
            state.jobs.append(job)
            return true
        }
        if accepted { wake.signal() }
        return accepted
    }

    /// Lets the jobs that wait run, then ends the threads and waits for them.
    func close() {
        let count = state.withLock { state -> Int in
            guard !state.isClosed else { return 0 }
            state.isClosed = true
            return state.running
        }
        for _ in 0..<count { wake.signal() }
        for _ in 0..<count { ended.wait() }
    }

    private func work() {
        // Each job and each closing of a thread signals once, so a wake without a job is the end.
        while true {
            wake.wait()
            let job = state.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
            guard let job else { break }
            job()
        }
        ended.signal()
    }
}
