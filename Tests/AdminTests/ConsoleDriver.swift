import Admin
import Foundation

/// Runs the console against a fake kernel, and has what it wrote.
struct ConsoleDriver {
    let kernel: FakeKernel
    let streams = RecordingStreams()
    var environment: [String: String] = [:]
    var scripts: [String: String] = [:]

    init(_ kernel: FakeKernel = FakeKernel()) { self.kernel = kernel }

    @discardableResult
    func run(_ arguments: String...) -> ExitCode { run(arguments) }

    @discardableResult
    func run(_ arguments: [String]) -> ExitCode {
        let kernel = kernel
        let session = Session(streams: streams, environment: environment) { _ throws(AdminError) in kernel }
        let scripts = scripts
        let tool = AdminTool(
            session: session,
            readScript: { name throws(AdminError) in
                guard let text = scripts[name] else { throw .usage("no script \(name)") }
                return text
            },
            converse: { _ in
                streams.write("(interactive)\n")
                return .done
            })
        return tool.run(arguments)
    }
}

/// Files of the repository.
enum Repository {
    static let root: String = {
        var path = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { path.deleteLastPathComponent() }
        return path.path
    }()

    static func path(_ relative: String) -> String { "\(root)/\(relative)" }
}
