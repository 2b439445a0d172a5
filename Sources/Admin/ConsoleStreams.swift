/// Standard input, output and error as a command sees them; a recording in tests.
package protocol ConsoleStreams: AnyObject {
    /// Standard output is a terminal.
    var isOutputTerminal: Bool { get }
    /// Standard error is a terminal.
    var isErrorTerminal: Bool { get }
    /// Somebody can be asked: input and error are a terminal.
    var isInteractive: Bool { get }
    /// Cells of a line of the terminal.
    var width: Int { get }

    func write(_ text: String)
    func writeError(_ text: String)

    /// Shows a question on stderr and reads one line. A secret is not echoed.
    ///
    /// - Throws: when input ends, or Ctrl-C.
    func ask(_ question: String, isSecret: Bool) throws(AdminError) -> String

    /// Whether Ctrl-C came since the last call.
    func takeInterrupt() -> Bool
}
