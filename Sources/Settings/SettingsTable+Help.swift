extension SettingsTable {
    /// The text of `--help`: usage, then one entry per option with its environment variable, key and default.
    package var helpText: String {
        let operands = operandsPlaceholder.map { " \($0)" } ?? ""
        var lines = ["usage: \(program) [OPTION …]\(operands)", "", summary, "", "options:"]
        for option in options { lines += entry(option) }
        lines += ["  --help", "      Show this text."]
        return lines.joined(separator: "\n") + "\n"
    }

    private func entry(_ option: Option) -> [String] {
        var forms = [option.flag + (option.kind.isBoolean ? "" : " \(option.kind.placeholder)")]
        var variables = [option.variable]
        var keys = [option.key]
        if option.kind.isBoolean { forms.append("--no-\(option.flag.dropFirst(2))") }
        if option.kind.isSecret {
            forms.append("\(option.fileFlag) PATH")
            variables.append(option.fileVariable)
            keys.append(option.fileKey)
        }
        var sources = "environment \(variables.joined(separator: ", ")); key \(keys.joined(separator: ", "))"
        if let text = option.defaultText { sources += "; default \(text)" }
        if option.isRequired { sources += "; required" }
        return ["  \(forms.joined(separator: ", "))", "      \(option.help)", "      (\(sources))"]
    }
}
