import Foundation
import TestKit
import Testing

/// The first console session that a page of the repository shows, between ```` ```console ```` and ```` ``` ````: a line that
/// begins with `$ ` is typed, what follows is what comes.
///
/// Set CRM_REWRITE_GOLDEN to write what comes into the file; the difference is then reviewed as text.
struct ConsoleSession {
    private struct Exchange {
        let command: String
        var output: String
    }

    private let path: String
    private let text: String
    private let block: Range<String.Index>
    private let shown: [Exchange]

    /// - Parameter page: its path in the repository.
    init(_ page: String) throws {
        path = Files.repository(page)
        text = try String(contentsOfFile: path, encoding: .utf8)
        let start = try #require(text.range(of: "```console\n")).upperBound
        let end = try #require(text.range(of: "```", range: start..<text.endIndex)).lowerBound
        block = start..<end
        shown = Self.exchanges(text[block])
    }

    var count: Int { shown.count }

    /// Types every command, and expects what is shown.
    func check(_ platform: TestPlatform) throws {
        var actual: [Exchange] = []
        for exchange in shown {
            actual.append(Exchange(command: exchange.command, output: try run(exchange.command, platform)))
        }
        if ProcessInfo.processInfo.environment["CRM_REWRITE_GOLDEN"] != nil {
            let new = actual.map { "$ \($0.command)\n\($0.output)" }.joined()
            try text.replacingCharacters(in: block, with: new).write(
                toFile: path, atomically: false, encoding: .utf8)
        }
        for (shown, actual) in zip(shown, actual) {
            #expect(Self.withoutIDs(shown.output) == Self.withoutIDs(actual.output), "\(shown.command)")
        }
    }

    /// Ids depend on how many records a platform begins with; blanks at the end of a line are an editor's business.
    private static func withoutIDs(_ output: String) -> String {
        output.replacing(/\b(rule|account) \d+/) { "\($0.output.1) …" }.replacing(/[ ]+\n/, with: "\n")
    }

    private static func exchanges(_ block: Substring) -> [Exchange] {
        var exchanges: [Exchange] = []
        for line in block.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix("$ ") {
                exchanges.append(Exchange(command: String(line.dropFirst(2)), output: ""))
            } else if !exchanges.isEmpty {
                exchanges[exchanges.count - 1].output += line + "\n"
            }
        }
        return exchanges
    }

    /// Both streams in the order in which they were written, as a terminal shows them.
    private func run(_ command: String, _ platform: TestPlatform) throws -> String {
        let ended = try TestProcess(
            "/bin/sh", ["-c", "exec 2>&1; \(BuildFolder.path)/\(command)"],
            environment: ["CRM_DATA": platform.dataPath, "CRM_OUTPUT": "table", "NO_COLOR": "1"]
        ).finish()
        #expect(ended.code == 0, "\(command): \(ended)")
        return ended.output
    }
}
