import CLinux
import Glibc

/// How one of the programs is called.
struct ProgramCall: Sendable {
    /// Absolute.
    let path: String
    /// Without the program's name.
    var arguments: [String]
    /// All of it; nothing is inherited beside.
    let environment: [String: String]

    enum Output { case inherited, descriptor(Int32) }

    /// Starts the program; it gets SIGTERM if this thread ends before it.
    ///
    /// - Parameter ready: becomes the program's descriptor 3.
    func start(output: Output, ready: Int32? = nil) throws(SupervisorError) -> pid_t {
        var outputDescriptor: Int32 = -1
        if case .descriptor(let descriptor) = output { outputDescriptor = descriptor }
        var argumentTexts = ([path] + arguments).map { strdup($0) }
        var environmentTexts = environment.map { strdup("\($0.key)=\($0.value)") }
        defer { for text in argumentTexts + environmentTexts { free(text) } }
        argumentTexts.append(nil)
        environmentTexts.append(nil)
        let process = argumentTexts.withUnsafeBufferPointer { arguments in
            environmentTexts.withUnsafeBufferPointer { environment in
                path.withCString { path in
                    var program = clinux_program(
                        path: path, arguments: arguments.baseAddress, environment: environment.baseAddress,
                        output: outputDescriptor, ready: ready ?? -1)
                    return clinux_spawn(&program)
                }
            }
        }
        guard process > 0 else { throw .system("start \"\(path)\"") }
        return process
    }
}

/// One end of a pipe that we read; closed when the last reference goes.
final class PipeEnd {
    let descriptor: Int32

    init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// A pipe; what we read never makes us wait.
    static func make() throws(SupervisorError) -> (reading: PipeEnd, writing: PipeEnd) {
        var descriptors: [Int32] = [-1, -1]
        guard clinux_pipe(&descriptors) == 0 else { throw .system("make a pipe") }
        let (reading, writing) = (PipeEnd(owning: descriptors[0]), PipeEnd(owning: descriptors[1]))
        guard fcntl(reading.descriptor, F_SETFL, O_NONBLOCK) == 0 else { throw .system("set up a pipe") }
        return (reading, writing)
    }

    /// What has come so far.
    ///
    /// - Returns: whether the other end is closed and everything was read.
    func drain(into bytes: inout [UInt8]) -> Bool {
        var room = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = room.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return true }
            if count < 0 {
                if errno == EINTR { continue }
                return errno != EAGAIN
            }
            bytes.append(contentsOf: room[..<count])
        }
    }
}

/// One of our processes while it runs: its id, what it writes, and whether it has said that it serves.
///
/// It says so by the line `ready` on descriptor 3, with the address where it listens behind it if it listens on one:
/// `ready 127.0.0.1:8443`. What it writes to standard output and error goes on to our standard error line by line,
/// and the last line is kept for `crm status`.
final class ChildProcess {
    enum Readiness: Equatable { case waiting, ready(address: String?), closedWithoutWord }

    let process: pid_t
    /// For poll only; nil when there is nothing more to come.
    private(set) var output: PipeEnd?
    private(set) var ready: PipeEnd?
    /// The last complete line that it wrote.
    private(set) var lastLine = ""
    private var unfinishedLine: [UInt8] = []
    private var readyText: [UInt8] = []

    /// Lines longer than this are passed on in pieces.
    private static let lineLimitBytes = 16 << 10

    init(_ call: ProgramCall) throws(SupervisorError) {
        let output = try PipeEnd.make()
        let ready = try PipeEnd.make()
        var call = call
        call.arguments += ["--ready-fd", "3"]
        process = try call.start(
            output: .descriptor(output.writing.descriptor), ready: ready.writing.descriptor)
        self.output = output.reading
        self.ready = ready.reading
    }

    /// Reads what it wrote, and passes complete lines on.
    func forwardOutput(to write: ([UInt8]) -> Void) {
        guard let output else { return }
        let isClosed = output.drain(into: &unfinishedLine)
        if isClosed {
            self.output = nil
            if unfinishedLine.last.map({ $0 != UInt8(ascii: "\n") }) ?? false {
                unfinishedLine.append(UInt8(ascii: "\n"))
            }
        }
        var end = unfinishedLine.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        if end == 0, unfinishedLine.count >= Self.lineLimitBytes { end = unfinishedLine.count }
        guard end > 0 else { return }
        let lines = Array(unfinishedLine[..<end])
        unfinishedLine.removeFirst(end)
        if let last = lines.split(separator: UInt8(ascii: "\n")).last {
            lastLine = String(decoding: last, as: UTF8.self)
        }
        write(lines)
    }

    /// Reads the ready pipe.
    func readiness() -> Readiness {
        guard let ready else { return .waiting }
        let isClosed = ready.drain(into: &readyText)
        guard let end = readyText.firstIndex(of: UInt8(ascii: "\n")) else {
            if isClosed { self.ready = nil }
            return isClosed ? .closedWithoutWord : .waiting
        }
        self.ready = nil
        let words = String(decoding: readyText[..<end], as: UTF8.self).split(separator: " ", maxSplits: 1)
        guard words.first == "ready" else { return .closedWithoutWord }
        return .ready(address: words.count > 1 ? String(words[1]) : nil)
    }

    /// How it ended; nil while it runs. Once it has answered, the process id belongs to nobody.
    func end() -> ProcessEnd? {
        var status: Int32 = 0
        guard waitpid(process, &status, WNOHANG) == process else { return nil }
        return ProcessEnd(waitStatus: status)
    }
}
