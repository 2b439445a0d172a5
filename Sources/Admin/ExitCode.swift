/// What the program tells the shell. Scripts rely on the numbers; they never change.
package enum ExitCode: Int32, Sendable, CaseIterable {
    case done = 0
    /// Something could not be done; the message says what.
    case failed = 1
    /// The command line itself is wrong; nothing was asked of the kernel.
    case usage = 2
    /// A script stopped at its first error.
    case scriptStopped = 3
    /// Nobody known, or somebody who may not do this.
    case notAllowed = 4
    case notFound = 5
    /// Somebody else changed the record, or it exists already.
    case conflict = 6
    /// Some rows of an import were refused.
    case partial = 7
    /// Ctrl-C.
    case interrupted = 130

    /// For the help text.
    package var meaning: String {
        switch self {
        case .done: "done"
        case .failed: "could not be done"
        case .usage: "the command line is wrong"
        case .scriptStopped: "a script stopped at its first error"
        case .notAllowed: "not logged in, or not allowed"
        case .notFound: "not found"
        case .conflict: "changed by somebody else, or there already"
        case .partial: "some rows were refused"
        case .interrupted: "interrupted"
        }
    }
}
