import Text

/// The arguments of a program, taken apart by its table: `--name value`, `--name=value`, `--name` and `--no-name`
/// for booleans, `--` before operands that look like flags. The last of repeated flags counts; lists collect.
struct CommandLineReading {
    private(set) var given: [GivenSetting] = []
    private(set) var operands: [String] = []
    private(set) var wantsHelp = false

    init(_ arguments: [String], table: SettingsTable) throws(SettingsError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-" else {
                operands.append(argument)
                continue
            }
            if argument == "--" {
                operands.append(contentsOf: rest)
                break
            }
            if argument == "--help" || argument == "-h" {
                wantsHelp = true
                return
            }
            try flag(argument, &rest, table)
        }
        guard let operand = operands.first, table.operandsPlaceholder == nil else { return }
        throw SettingsError(
            message: "\(table.program) cannot use the argument \"\(operand)\"",
            hint: "Run \(table.program) --help for its options.")
    }

    private mutating func flag(
        _ argument: String, _ rest: inout ArraySlice<String>, _ table: SettingsTable
    ) throws(SettingsError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        var inline = parts.count == 2 ? String(parts[1]) : nil
        let known = Flag.all(table)
        guard let flag = known[name] else {
            throw SettingsError(
                message: "\(table.program) has no option \(name)",
                hint: Spelling.suggestion(for: name, among: Array(known.keys))
                    ?? "Run \(table.program) --help for its options.")
        }
        switch flag.form {
        case .plain where flag.option.kind.isBoolean: inline = inline ?? "true"
        case .negated:
            guard inline == nil else {
                throw SettingsError(message: "\(name) takes no value", hint: "Write \(name) alone.")
            }
            inline = "false"
        case .plain, .file: break
        }
        guard let text = inline ?? rest.popFirst() else {
            throw SettingsError(message: "\(name) lacks its value", hint: flag.option.kind.acceptance)
        }
        let origin = SettingsOrigin.flag(name)
        add(flag, flag.form == .file ? try SecretFile.read(text, origin: origin) : text, origin)
    }

    private mutating func add(_ flag: Flag, _ text: String, _ origin: SettingsOrigin) {
        let earlier = given.firstIndex { $0.option.name == flag.option.name }
        guard flag.option.kind.isList, let earlier else {
            given.append(GivenSetting(flag.option, text, origin))
            return
        }
        given[earlier] = GivenSetting(flag.option, "\(given[earlier].text),\(text)", origin)
    }
}

/// A flag that a table's option answers to.
private struct Flag {
    enum Form { case plain, negated, file }

    let option: SettingsTable.Option
    let form: Form

    static func all(_ table: SettingsTable) -> [String: Flag] {
        var flags: [String: Flag] = [:]
        for option in table.options {
            flags[option.flag] = Flag(option: option, form: .plain)
            if option.kind.isBoolean {
                flags["--no-\(option.flag.dropFirst(2))"] = Flag(option: option, form: .negated)
            }
            if option.kind.isSecret { flags[option.fileFlag] = Flag(option: option, form: .file) }
        }
        return flags
    }
}
