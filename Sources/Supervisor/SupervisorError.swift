import Glibc

/// Why `crm` could not do what it was asked; made for the person who typed it.
package struct SupervisorError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One line, lower case, no full stop.
    package let message: String
    /// One sentence of advice.
    package let hint: String?

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// The system call that has just returned -1 on this thread could not do `what`.
    static func system(_ what: String, hint: String? = nil) -> SupervisorError {
        SupervisorError("could not \(what): \(String(cString: strerror(errno)))", hint: hint)
    }

    package var description: String { hint.map { "\(message)\nhint: \($0)" } ?? message }
}
