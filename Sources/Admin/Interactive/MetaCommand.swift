/// What begins with a backslash: about the session rather than the data.
enum MetaCommand: Equatable {
    case quit, help, expanded
    /// All entities, or the fields of one.
    case describe(entity: String?)

    static let words = ["\\q", "\\?", "\\d", "\\x"]

    static let page = """
        \\d          entities
        \\d ENTITY   fields of an entity
        \\x          one line for each field, or tables again
        \\?          this
        \\q          leave; also ctrl-d
        help        all commands; NOUN --help and NOUN VERB --help explain
        """

    /// - Returns: nil for a line that is no such command.
    init?(_ words: [String]) throws(AdminError) {
        guard let first = words.first, first.hasPrefix("\\") || first == "quit" || first == "exit" else {
            return nil
        }
        switch first {
        case "\\q", "quit", "exit": self = .quit
        case "\\?": self = .help
        case "\\x": self = .expanded
        case "\\d": self = .describe(entity: words.count > 1 ? words[1] : nil)
        default: throw .usage("there is no \"\(first)\"", hint: "\\? shows what there is.")
        }
    }
}
