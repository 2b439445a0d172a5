package import CRMSDK
import Identity
import JSON
import Records

/// Enabling and disabling modules on the running kernel; made by the program, which alone may load them.
package protocol ModuleControl: Sendable {
    /// Modules that are enabled, were enabled once, or lie in the folder of modules; by name.
    func list() throws(CRMError) -> [ModuleSummary]
    /// What a module brings, without enabling it.
    ///
    /// - Parameter name: a module's name, or the path of its file.
    func inspect(_ name: String) throws(CRMError) -> ModuleSummary
    /// What enabling does, one sentence per step.
    ///
    /// - Throws: with the reason why it cannot be; then nothing has changed.
    func enable(_ name: String, by caller: ModuleCaller, dryRun: Bool) throws(CRMError) -> [String]
    func disable(_ name: String, by caller: ModuleCaller, dryRun: Bool) throws(CRMError) -> [String]
    /// Modules kept out after crashes, with the reason.
    func quarantined() -> [(name: String, reason: String)]
}

/// On whose behalf a module is enabled or disabled, for the change log.
package struct ModuleCaller: Sendable {
    package let user: RecordID
    package let source: String
    package let method: String
}

/// A module as a list shows it.
package struct ModuleSummary: Sendable {
    package enum State: String, Sendable {
        case enabled, disabled, available
        /// Its file cannot be loaded; `problem` says why.
        case refused
    }

    package let name: String
    package let version: String?
    package let label: String?
    package let summary: String?
    package let state: State
    package let sha256: String?
    package let problem: String?
    package let dependencies: [String]
    package let entities: [String]
    package let actions: [String]

    package init(
        name: String, version: String?, label: String?, summary: String?, state: State, sha256: String?,
        problem: String?, dependencies: [String] = [], entities: [String] = [], actions: [String] = []
    ) {
        self.name = name
        self.version = version
        self.label = label
        self.summary = summary
        self.state = state
        self.sha256 = sha256
        self.problem = problem
        self.dependencies = dependencies
        self.entities = entities
        self.actions = actions
    }
}

/// Modules, for administrators.
enum ModuleMethods {
    private static let name = Parameter("name", .text, "The module's name, or the path of its file.", required: true)
    private static let shape = ParameterType.object([
        Parameter("name", .text, "Unique.", required: true),
        Parameter("state", .choice("enabled", "disabled", "available", "refused"), "What it is now.", required: true),
    ])
    private static let steps = ParameterType.object([
        Parameter("name", .text, "The module.", required: true),
        Parameter("steps", .list(of: .text), "What was done, or, in a dry run, would be.", required: true),
    ])

    static let all: [Method] = [
        Method(
            "module.list", needs: .administrator, .reads, "The modules that are here, enabled or not.",
            result: .object([Parameter("modules", .list(of: shape), "By name.", required: true)])
        ) { scope throws(CRMError) in
            let modules = scope.services.modules
            return .scan { _, writer throws(CRMError) in
                writer.beginObject()
                writer.key("modules")
                writer.beginArray()
                for module in try modules.list() { write(module, to: &writer) }
                writer.endArray()
                writer.endObject()
            }
        },
        Method(
            "module.inspect", needs: .administrator, .reads, "What a module is and brings, without enabling it.",
            parameters: [name], result: shape, errors: [.notFound]
        ) { scope throws(CRMError) in
            let modules = scope.services.modules
            let name = try scope.arguments.text("name")
            return .scan { _, writer throws(CRMError) in write(try modules.inspect(name), to: &writer) }
        },
        changing(
            "module.enable", "Loads a module and makes its entities and methods there for everyone.",
            "Its file is checked, copied into the kernel's own store and loaded; tables are made; data of an earlier "
                + "time is there again. Any refusal leaves everything as it was."
        ) { modules, name, caller, dryRun throws(CRMError) in
            try modules.enable(name, by: caller, dryRun: dryRun)
        },
        changing(
            "module.disable", "Takes a module's entities and methods away; its data stays.",
            "Refused while other enabled modules need it."
        ) { modules, name, caller, dryRun throws(CRMError) in
            try modules.disable(name, by: caller, dryRun: dryRun)
        },
    ]

    private static func changing(
        _ method: String, _ summary: String, _ description: String,
        _ change: @escaping @Sendable (any ModuleControl, String, ModuleCaller, Bool) throws(CRMError) -> [String]
    ) -> Method {
        Method(
            method, needs: .administrator, .writes, summary, description, parameters: [name, RecordMethods.dryRun],
            result: steps, errors: [.notFound, .invalidRecord]
        ) { scope throws(CRMError) in
            let name = try scope.arguments.text("name")
            let dryRun = scope.arguments.flag("dry_run")
            let caller = ModuleCaller(
                user: try scope.session().user.id, source: scope.request.source.name, method: scope.method.name)
            let modules = scope.services.modules
            // Waits for the writer, so it must not run on the writer's thread; the scan lane may wait.
            return .scan { _, writer throws(CRMError) in
                let steps = try change(modules, name, caller, dryRun)
                writer.beginObject()
                writer.key("name")
                writer.string(name)
                writer.key("steps")
                writer.strings(steps)
                writer.endObject()
            }
        }
    }

    private static func write(_ module: ModuleSummary, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(module.name)
        writer.key("state")
        writer.string(module.state.rawValue)
        for (key, text) in [
            ("version", module.version), ("label", module.label), ("summary", module.summary),
            ("sha256", module.sha256), ("problem", module.problem),
        ] {
            guard let text else { continue }
            writer.key(key)
            writer.string(text)
        }
        for (key, names) in [
            ("dependencies", module.dependencies), ("entities", module.entities), ("actions", module.actions),
        ] where !names.isEmpty {
            writer.key(key)
            writer.strings(names)
        }
        writer.endObject()
    }
}
