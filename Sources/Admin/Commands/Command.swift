/// One row of the command table: dispatch, help, completion and the tests read it.
package struct Command: Sendable {
    /// What a word may be, for completion and for help.
    package enum Kind: Sendable {
        case text, entity, field, file, folder, module, method, user, role, profile, group, values, number
    }

    /// A word behind the verb.
    package struct Operand: Sendable {
        package enum Count: Sendable { case one, optional, any }

        /// In capitals, as help shows it.
        package let name: String
        package let kind: Kind
        package let count: Count

        package init(_ name: String, _ kind: Kind = .text, _ count: Count = .one) {
            self.name = name
            self.kind = kind
            self.count = count
        }
    }

    package struct Option: Sendable {
        /// Without the hyphens.
        package let name: String
        /// What stands for the value in help; nil for a flag.
        package let placeholder: String?
        package let kind: Kind
        package let isRepeatable: Bool
        package let help: String

        package init(
            _ name: String, _ placeholder: String? = nil, _ kind: Kind = .text, repeatable: Bool = false,
            help: String
        ) {
            self.name = name
            self.placeholder = placeholder
            self.kind = kind
            self.isRepeatable = repeatable
            self.help = help
        }
    }

    /// What the command does to the system.
    package enum Effect: Sendable {
        case reads
        /// Changes something; `--dry-run` says what would happen.
        case writes
        /// As `writes`, and is asked about first: the question ends in what will be gone or stopped.
        case destroys(question: String)
        /// Changes something and has no dry run, for this reason.
        case writesAtOnce(reason: String)

        var takesDryRun: Bool {
            switch self {
            case .writes, .destroys: true
            case .reads, .writesAtOnce: false
            }
        }
    }

    package typealias Body = @Sendable (CommandRun) throws(AdminError) -> Void

    package let noun: String
    /// nil for a command of one word.
    package let verb: String?
    /// One line, lower case, no full stop.
    package let summary: String
    /// Sentences for its own help page; empty where the summary says it all.
    package let details: String
    package let operands: [Operand]
    /// Without those that every command or every writing command has.
    package let ownOptions: [Option]
    package let effect: Effect
    /// Without the program's name.
    package let examples: [String]
    package let body: Body

    package init(
        _ noun: String, _ verb: String? = nil, _ effect: Effect = .reads, _ summary: String,
        details: String = "", operands: [Operand] = [], options: [Option] = [], examples: [String] = [],
        _ body: @escaping Body
    ) {
        self.noun = noun
        self.verb = verb
        self.summary = summary
        self.details = details
        self.operands = operands
        self.ownOptions = options
        self.effect = effect
        self.examples = examples
        self.body = body
    }

    /// As it is typed: `record list`.
    package var name: String { verb.map { "\(noun) \($0)" } ?? noun }

    package var options: [Option] {
        var all = ownOptions
        if effect.takesDryRun { all.append(Self.dryRun) }
        if case .destroys = effect { all.append(Self.yes) }
        return all
    }

    private static let dryRun = Option(
        "dry-run", help: "Say what would happen, and change nothing.")
    private static let yes = Option("yes", help: "Do not ask; needed where nobody can be asked.")

    /// `record get ID [--fields NAMES]`
    package var usage: String {
        var words = [name]
        for operand in operands {
            switch operand.count {
            case .one: words.append(operand.name)
            case .optional: words.append("[\(operand.name)]")
            case .any: words.append("[\(operand.name) …]")
            }
        }
        for option in options {
            words.append("[--\(option.name)\(option.placeholder.map { " \($0)" } ?? "")]")
        }
        return words.joined(separator: " ")
    }
}
