import Admin
import Foundation
import JSON
import Testing

/// The files `Tests/Golden/*.console`: the arguments of a run, one in a line, `----`, and what comes to standard output,
/// standard error (each line behind `! `) and as exit code. The kernel's answers are in the file as `> method JSON`.
///
/// Set CRM_REWRITE_GOLDEN to write the files anew; the difference is then reviewed as code.
@Suite("Console: golden files")
struct ConsoleGoldenTests {
    static let names: [String] = {
        let folder = Repository.path("Tests/Golden")
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return all.filter { $0.hasSuffix(".console") }.sorted()
    }()

    @Test("there are some") func some() { #expect(!Self.names.isEmpty) }

    @Test("prints what the file says", arguments: names)
    func golden(_ name: String) throws {
        let path = Repository.path("Tests/Golden/\(name)")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let parts = text.components(separatedBy: "----\n")
        try #require(parts.count == 2, "\(name) needs one line of four hyphens")
        let result = run(parts[0])
        if ProcessInfo.processInfo.environment["CRM_REWRITE_GOLDEN"] != nil {
            try Data((parts[0] + "----\n" + result).utf8).write(to: URL(fileURLWithPath: path))
        }
        #expect(result == parts[1])
    }

    private func run(_ input: String) -> String {
        let driver = ConsoleDriver(.withSales())
        var arguments: [String] = []
        for line in input.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("> ") {
                let words = line.dropFirst(2).split(separator: " ", maxSplits: 1).map(String.init)
                driver.kernel.answers[words[0], default: []].append(words.count > 1 ? words[1] : "null")
            } else if line == "terminal" || line.hasPrefix("terminal ") {
                driver.streams.isOutputTerminal = true
                driver.streams.width = Int(line.dropFirst(9)) ?? 80
            } else {
                arguments.append(String(line))
            }
        }
        var plain = driver
        plain.environment["NO_COLOR"] = "1"
        let code = plain.run(arguments)
        // CR LF and tabs are made visible, so that an editor cannot lose them.
        let output = plain.streams.output.replacing("\r\n", with: "␍\n").replacing("\t", with: "→")
        let errors = plain.streams.errors.split(separator: "\n").map { "! \($0)\n" }.joined()
        return output + errors + "exit \(code.rawValue)\n"
    }
}
