/// Why the settings of a program cannot be used; made for the person who typed them.
package struct SettingsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One line, lower case, no full stop; names the option, where its value came from, and the value, unless
    /// it is a secret.
    package let message: String
    /// One sentence of advice: what is accepted, or what was probably meant.
    package let hint: String?

    package init(message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    package var description: String { hint.map { "\(message)\nhint: \($0)" } ?? message }
}

/// Where a value came from, as `config show --origin` prints it.
package enum SettingsOrigin: Hashable, Sendable, CustomStringConvertible {
    case defaultValue
    /// The line counts from 1; nil if it was not found.
    case file(path: String, line: Int?)
    case environment(variable: String)
    case flag(String)

    package var description: String {
        switch self {
        case .defaultValue: "default"
        case .file(let path, let line): line.map { "\(path):\($0)" } ?? path
        case .environment(let variable): "environment \(variable)"
        case .flag(let flag): "flag \(flag)"
        }
    }
}
