import Foundation

/// A file of inputs and the outputs that are expected of them, reviewed as code.
///
/// ```
/// # A comment belongs to the case below it.
/// input, any number of lines
/// ----
/// expected output, up to an empty line or the end of the file
/// ```
///
/// An output that has empty lines begins after a second `----`, and ends before two more. The file is rewritten
/// only on request: with `CRM_REWRITE_GOLDEN=1` in the environment.
package struct GoldenFile {
    package struct Case: Equatable, Sendable {
        package var comment: String
        package var input: String
        package var expected: String
        /// Counts from 1; where the input begins.
        package var line: Int
    }

    /// What differs.
    package struct Difference: CustomStringConvertible, Sendable {
        package let place: String
        package let input: String
        package let expected: String
        package let actual: String

        package var description: String {
            "\(place)\n\(input)\n---- expected\n\(expected)\n---- actual\n\(actual)"
        }
    }

    package let path: String
    package private(set) var cases: [Case]

    private static let separator = "----"

    package init(path: String) throws {
        self.path = path
        cases = Self.parse(try String(contentsOfFile: path, encoding: .utf8))
    }

    /// Runs every input in order.
    ///
    /// - Parameter answer: the actual output of one input.
    /// - Returns: what differs; nothing after a rewrite.
    package mutating func differences(_ answer: (_ input: String) throws -> String) throws -> [Difference] {
        var differences: [Difference] = []
        for index in cases.indices {
            let actual = try answer(cases[index].input)
            guard actual != cases[index].expected else { continue }
            differences.append(
                Difference(
                    place: "\(path):\(cases[index].line)", input: cases[index].input,
                    expected: cases[index].expected, actual: actual))
            cases[index].expected = actual
        }
        guard ProcessInfo.processInfo.environment["CRM_REWRITE_GOLDEN"] == "1" else { return differences }
        try Self.text(of: cases).write(toFile: path, atomically: true, encoding: .utf8)
        return []
    }

    // MARK: The format

    package static func parse(_ text: String) -> [Case] {
        var cases: [Case] = []
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
        while true {
            lines = lines.drop { $0.isEmpty }
            guard !lines.isEmpty else { return cases }
            let comment = take(&lines) { $0.hasPrefix("#") }
            let line = lines.startIndex + 1
            let input = take(&lines) { $0 != separator }
            lines = lines.dropFirst()
            var expected: [String]
            if lines.first == separator {
                lines = lines.dropFirst()
                expected = []
                while let next = lines.popFirst() {
                    if next == separator, lines.first == separator {
                        lines = lines.dropFirst()
                        break
                    }
                    expected.append(next)
                }
            } else {
                expected = take(&lines) { !$0.isEmpty }
            }
            cases.append(
                Case(
                    comment: comment.joined(separator: "\n"), input: input.joined(separator: "\n"),
                    expected: expected.joined(separator: "\n"), line: line))
        }
    }

    package static func text(of cases: [Case]) -> String {
        cases.map { item in
            var lines = item.comment.isEmpty ? [] : [item.comment]
            lines += [item.input, separator]
            let hasEmptyLine = item.expected.split(separator: "\n", omittingEmptySubsequences: false)
                .contains { $0.isEmpty }
            if item.expected.isEmpty {
                // Nothing is expected: nothing stands here.
            } else if hasEmptyLine {
                lines += [separator, item.expected, separator, separator]
            } else {
                lines.append(item.expected)
            }
            return lines.joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    private static func take(_ lines: inout ArraySlice<String>, while belongs: (String) -> Bool) -> [String] {
        let taken = lines.prefix(while: belongs)
        lines = lines.dropFirst(taken.count)
        return Array(taken)
    }
}
