/// The options of one program, declared once: reading, checking and the help text all come from this table.
///
/// A value is taken from the last of these that gives one: default, configuration file, environment, flag. What
/// no option of the table explains, a flag or a key of the file, is an error; so is a value that its kind does
/// not accept, even where a stronger source overrides it.
package struct SettingsTable: Sendable {
    /// One thing that can be set.
    package struct Option: Sendable {
        /// What the program asks for it by; words joined by hyphens: `data`, `read-timeout`.
        package let name: String
        package let kind: SettingKind
        /// `--data`.
        package let flag: String
        /// `CRM_DATA`.
        package let variable: String
        /// The place in the file, objects parted by points: `data`, `tls.certificate`.
        package let key: String
        /// As it would be typed; read by the same rules.
        package let defaultText: String?
        package let isRequired: Bool
        /// One line for the help text.
        package let help: String

        /// - Parameters:
        ///   - flag: by default the name after two hyphens.
        ///   - variable: by default `CRM_` and the name in capitals.
        ///   - key: by default the name with underscores.
        package init(
            _ name: String, _ kind: SettingKind, default defaultText: String? = nil, required: Bool = false,
            flag: String? = nil, variable: String? = nil, key: String? = nil, help: String
        ) {
            self.name = name
            self.kind = kind
            self.defaultText = defaultText
            self.isRequired = required
            let words = name.split(separator: "-").joined(separator: "_")
            self.flag = flag ?? "--\(name)"
            self.variable = variable ?? "CRM_\(words.uppercased())"
            self.key = key ?? words
            self.help = help
        }

        var fileFlag: String { "\(flag)-file" }
        var fileVariable: String { "\(variable)_FILE" }
        var fileKey: String { "\(key)_file" }
    }

    package let program: String
    /// One line, shown after the program's name.
    package let summary: String
    package let options: [Option]
    /// What may stand beside the options, for the help text: `COMMAND [ARGUMENT …]`; nil if nothing may.
    package let operandsPlaceholder: String?
    /// Keys of the file, or whole objects of it, that belong to other programs reading the same file.
    package let foreignKeys: Set<String>

    package init(
        program: String, summary: String, options: [Option], operands operandsPlaceholder: String? = nil,
        foreignKeys: Set<String> = []
    ) {
        self.program = program
        self.summary = summary
        self.options = options
        self.operandsPlaceholder = operandsPlaceholder
        self.foreignKeys = foreignKeys
    }

    /// Reads everything and checks everything.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - configFile: read if it exists. Where the table has an option named `config` and it is given, that
    ///     file is read instead, and must exist.
    package func read(
        arguments: [String], environment: [String: String], configFile: String? = nil
    ) throws(SettingsError) -> SettingsValues {
        let line = try CommandLineReading(arguments, table: self)
        guard !line.wantsHelp else { return SettingsValues(table: self, wantsHelp: true) }
        var given = try variables(environment)
        given.append(contentsOf: line.given)
        let explicitFile = given.last { $0.option.name == "config" }?.text
        if let path = explicitFile ?? configFile {
            let file = try ConfigFile(path: path, mustExist: explicitFile != nil)
            given.insert(contentsOf: try file.given(by: self), at: 0)
        }
        return try SettingsValues(table: self, given: given, operands: line.operands)
    }

    private func variables(_ environment: [String: String]) throws(SettingsError) -> [GivenSetting] {
        var given: [GivenSetting] = []
        for option in options {
            if option.kind.isSecret, let path = environment[option.fileVariable] {
                let origin = SettingsOrigin.environment(variable: option.fileVariable)
                given.append(GivenSetting(option, try SecretFile.read(path, origin: origin), origin))
            }
            if let text = environment[option.variable] {
                given.append(GivenSetting(option, text, .environment(variable: option.variable)))
            }
        }
        return given
    }

    func option(named name: String) -> Option? { options.first { $0.name == name } }
}

/// A value as text with the place that it came from.
struct GivenSetting: Sendable {
    let option: SettingsTable.Option
    let text: String
    let origin: SettingsOrigin

    init(_ option: SettingsTable.Option, _ text: String, _ origin: SettingsOrigin) {
        self.option = option
        self.text = text
        self.origin = origin
    }

    func read() throws(SettingsError) -> SettingValue {
        if let value = option.kind.read(text) { return value }
        let shown = option.kind.isSecret ? "the secret" : "\"\(text)\""
        throw SettingsError(
            message: "option \(option.name) cannot be \(shown) (\(origin))", hint: option.kind.acceptance)
    }
}
