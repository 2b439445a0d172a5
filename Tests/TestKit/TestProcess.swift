package import Foundation
import Synchronization

/// A program under test: its output is collected while it runs, and it is killed when the last reference goes.
package final class TestProcess: Sendable {
    /// What it wrote to one of its outputs.
    private final class Collected: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        private let news = NSCondition()
        private let isClosed = Mutex(false)

        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

        func append(_ data: Data) {
            news.lock()
            if data.isEmpty { isClosed.withLock { $0 = true } } else { bytes.withLock { $0 += data } }
            news.broadcast()
            news.unlock()
        }

        /// Waits until `find` finds something, the output is closed, or the time is over.
        func wait<Found>(until deadline: Date, _ find: (String) -> Found?) -> Found? {
            news.lock()
            defer { news.unlock() }
            while true {
                if let found = find(text) { return found }
                guard !isClosed.withLock({ $0 }), news.wait(until: deadline) else { return find(text) }
            }
        }
    }

    /// A program that has ended.
    package struct Finished: Sendable, CustomStringConvertible {
        /// The exit code, or 128 and the signal's number, as a shell has it.
        package let code: Int32
        package let output: String
        package let errors: String

        package var description: String { "code \(code)\n\(output)\(errors)" }
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private static let starting = NSLock()

    private let process: Process
    private let output = Collected()
    private let errors = Collected()

    /// - Parameter environment: all of it; the test's own is not inherited, except PATH.
    package init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        // A process started meanwhile would inherit our ends of these pipes, and keep them open.
        Self.starting.lock()
        defer { Self.starting.unlock() }
        process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = Self.pipe(into: output)
        process.standardError = Self.pipe(into: errors)
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Runs a program to its end.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Finished {
        try TestProcess(program, arguments, environment: environment).finish()
    }

    private static func pipe(into collected: Collected) -> Pipe {
        let pipe = Pipe()
        let handle = pipe.fileHandleForReading
        // A thread of its own: tests that wait may hold all threads of the shared pool.
        Thread.detachNewThread {
            while true {
                let data = handle.availableData
                collected.append(data)
                if data.isEmpty { return }
            }
        }
        return pipe
    }

    package var processID: Int32 { process.processIdentifier }
    package var standardOutput: String { output.text }
    package var standardError: String { errors.text }

    /// Waits for what `find` looks for in standard output.
    ///
    /// - Throws: `Failure` with everything the program wrote, if it ends or `limit` passes first.
    package func waitForOutput<Found>(
        _ what: String, limit: TimeInterval = 60, _ find: (_ output: String) -> Found?
    ) throws -> Found {
        if let found = output.wait(until: Date(timeIntervalSinceNow: limit), find) { return found }
        throw failure("no \(what) within \(Int(limit)) s")
    }

    /// Waits for what `find` looks for in standard error.
    package func waitForError<Found>(
        _ what: String, limit: TimeInterval = 60, _ find: (_ output: String) -> Found?
    ) throws -> Found {
        if let found = errors.wait(until: Date(timeIntervalSinceNow: limit), find) { return found }
        throw failure("no \(what) within \(Int(limit)) s")
    }

    package func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end, and for the last of what it wrote.
    ///
    /// - Returns: the exit code, or 128 and the signal's number, as a shell has it.
    @discardableResult
    package func waitForEnd() -> Int32 {
        process.waitUntilExit()
        let soon = Date(timeIntervalSinceNow: 5)
        for collected in [output, errors] { _ = collected.wait(until: soon) { _ -> Void? in nil } }
        let isSignal = process.terminationReason == .uncaughtSignal
        return isSignal ? 128 + process.terminationStatus : process.terminationStatus
    }

    /// Waits for the end.
    package func finish() -> Finished {
        let code = waitForEnd()
        return Finished(code: code, output: standardOutput, errors: standardError)
    }

    /// An error that shows what the program wrote.
    package func failure(_ what: String) -> Failure {
        Failure(
            description:
                "\(what)\n--- standard output\n\(standardOutput)--- standard error\n\(standardError)---")
    }
}
