/// Why a command did not do what was asked, for the person who typed it.
///
/// Printed to stderr as `error: <message>`, one line for each problem with a field, and `hint: <advice>`.
package struct AdminError: Error, Equatable, Sendable {
    /// One line, lower case, no full stop.
    package var message: String
    /// One sentence of advice.
    package var hint: String?
    /// One line for each field that was refused: `amount: must be at least 0`.
    package var problems: [String] = []
    package var exit: ExitCode

    package init(
        _ message: String, hint: String? = nil, problems: [String] = [], exit: ExitCode = .failed
    ) {
        self.message = message
        self.hint = hint
        self.problems = problems
        self.exit = exit
    }

    /// The command line is wrong.
    package static func usage(_ message: String, hint: String? = nil) -> AdminError {
        AdminError(message, hint: hint, exit: .usage)
    }

    /// Ctrl-C.
    package static let interrupted = AdminError("interrupted", exit: .interrupted)

    /// The lines that a person reads, without a line end behind the last.
    package var lines: [String] {
        (["error: \(message)"] + problems.map { "  \($0)" } + (hint.map { ["hint: \($0)"] } ?? []))
            .map(CellText.harmless)
    }
}
