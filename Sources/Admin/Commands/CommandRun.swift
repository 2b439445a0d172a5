package import JSON

/// One command while it runs: what was typed, whom to ask, and where to print. Used by one thread.
package final class CommandRun {
    package let line: CommandLine
    package let session: Session
    package let output: OutputStyle

    package init(_ line: CommandLine, _ session: Session) throws(AdminError) {
        self.line = line
        self.session = session
        output = try OutputStyle(line, session)
    }

    package var client: any RPCClient {
        get throws(AdminError) { try session.client() }
    }

    package var isDryRun: Bool { line.has("dry-run") }

    /// Parameters of a write: with `dry_run` where it was asked for.
    package var writeParameters: Parameters {
        var parameters = Parameters()
        if isDryRun { parameters.set("dry_run", true) }
        return parameters
    }

    package func operand(_ index: Int) -> String? {
        line.operands.indices.contains(index) ? line.operands[index] : nil
    }

    /// An operand that the command line's check has made sure of.
    package func required(_ index: Int) throws(AdminError) -> String {
        guard let word = operand(index) else { throw .usage("\(line.command.name) lacks an operand") }
        return word
    }

    package func call(_ method: String, _ parameters: Parameters = Parameters()) throws(AdminError)
        -> JSONNode
    {
        try client.call(method, parameters)
    }

    /// Asks before something is gone or stopped, unless `--yes` or `--dry-run` is given.
    package func confirm(_ what: String) throws(AdminError) {
        guard case .destroys(let question) = line.command.effect, !line.has("yes"), !isDryRun else { return }
        guard session.streams.isInteractive else {
            throw .usage(
                "\(line.command.name) asks first, and nobody can be asked here",
                hint: "Add --yes if it is meant, or --dry-run to see what would happen.")
        }
        let answer = try session.streams.ask("\(question) \(what)? Type yes: ", isSecret: false)
        guard answer == "yes" else { throw AdminError("nothing was changed") }
    }

    /// Says on stderr what was done; data goes to stdout alone.
    package func say(_ text: String) {
        session.streams.writeError((isDryRun ? "dry run: " : "") + CellText.harmless(text) + "\n")
    }
}
