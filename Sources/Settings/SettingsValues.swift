/// What a program's options came to, and where each value came from.
///
/// Everything was checked when it was read. Asking for an option that the table does not declare, by another
/// kind than it declares, or, except through `…IfSet`, for one that has neither a value nor a default, is a
/// mistake in the program and traps.
package struct SettingsValues: Sendable {
    /// Arguments that are not options, in order.
    package let operands: [String]
    /// `--help` was asked for: show `SettingsTable.helpText`; nothing else was read.
    package let wantsHelp: Bool

    private let table: SettingsTable
    private let values: [String: (value: SettingValue, text: String, origin: SettingsOrigin)]

    init(table: SettingsTable, wantsHelp: Bool) {
        self.table = table
        self.wantsHelp = wantsHelp
        operands = []
        values = [:]
    }

    /// - Parameter given: weakest first.
    init(table: SettingsTable, given: [GivenSetting], operands: [String]) throws(SettingsError) {
        var values: [String: (value: SettingValue, text: String, origin: SettingsOrigin)] = [:]
        let defaults = table.options.compactMap { option in
            option.defaultText.map { GivenSetting(option, $0, .defaultValue) }
        }
        for setting in defaults + given {
            values[setting.option.name] = (try setting.read(), setting.text, setting.origin)
        }
        for option in table.options where option.isRequired && values[option.name] == nil {
            throw SettingsError(
                message: "option \(option.name) is not set",
                hint: "Give \(option.flag) or \(option.variable), or \(option.key) in the configuration file."
            )
        }
        self.table = table
        self.values = values
        self.operands = operands
        wantsHelp = false
    }

    // MARK: Typed access

    /// Of kind string, secret, path or choice.
    package func string(_ name: String) -> String { present(stringIfSet(name), name) }
    package func stringIfSet(_ name: String) -> String? {
        value(name).map { if case .text(let text) = $0 { text } else { wrongKind(name) } }
    }

    package func path(_ name: String) -> String { string(name) }
    package func pathIfSet(_ name: String) -> String? { stringIfSet(name) }

    package func integer(_ name: String) -> Int { present(integerIfSet(name), name) }
    package func integerIfSet(_ name: String) -> Int? {
        value(name).map { if case .integer(let number) = $0 { number } else { wrongKind(name) } }
    }

    package func duration(_ name: String) -> Duration { present(durationIfSet(name), name) }
    package func durationIfSet(_ name: String) -> Duration? {
        value(name).map { if case .duration(let duration) = $0 { duration } else { wrongKind(name) } }
    }

    /// False where it was not set and has no default.
    package func boolean(_ name: String) -> Bool {
        value(name).map { if case .boolean(let flag) = $0 { flag } else { wrongKind(name) } } ?? false
    }

    package func addressAndPort(_ name: String) -> AddressAndPort { present(addressAndPortIfSet(name), name) }
    package func addressAndPortIfSet(_ name: String) -> AddressAndPort? {
        value(name).map { if case .addressAndPort(let place) = $0 { place } else { wrongKind(name) } }
    }

    /// Empty where it was not set and has no default.
    package func list(_ name: String) -> [String] {
        value(name).map { if case .list(let names) = $0 { names } else { wrongKind(name) } } ?? []
    }

    package func isSet(_ name: String) -> Bool { value(name) != nil }

    /// Where the value came from; nil if there is none.
    package func origin(_ name: String) -> SettingsOrigin? { values[name]?.origin }

    // MARK: Showing

    /// One line of `config show --origin`.
    package struct Shown: Equatable, Sendable {
        package let name: String
        /// As it was given; a secret is `(hidden)`.
        package let value: String
        package let origin: SettingsOrigin
    }

    /// What is set, in the table's order.
    package var shown: [Shown] {
        table.options.compactMap { option in
            values[option.name].map {
                Shown(
                    name: option.name, value: option.kind.isSecret ? "(hidden)" : $0.text, origin: $0.origin)
            }
        }
    }

    // MARK: Mistakes in the program

    private func value(_ name: String) -> SettingValue? {
        precondition(table.option(named: name) != nil, "\(table.program) declares no option \(name)")
        return values[name]?.value
    }

    private func present<T>(_ value: T?, _ name: String) -> T {
        guard let value else { preconditionFailure("option \(name) has neither a value nor a default") }
        return value
    }

    private func wrongKind(_ name: String) -> Never {
        preconditionFailure("option \(name) is declared with another kind")
    }
}
