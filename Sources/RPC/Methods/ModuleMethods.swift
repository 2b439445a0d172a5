import CRMSDK
import Installation
import JSON
import ModuleLoader
import Records
import Storage

/// Modules, for administrators.
enum ModuleMethods {
    private static let name = Parameter(
        "name", .text, "The module's name, or the path of its file.", required: true)
    private static let shape = ParameterType.object([
        Parameter("name", .text, "Unique.", required: true),
        Parameter(
            "state", .choice("core", "enabled", "disabled", "available", "failed"), "What it is now.",
            required: true),
        Parameter("version", .text, "Of the module."),
        Parameter("label", .text, "What people read."),
        Parameter("problem", .text, "Why it does not run, or cannot be enabled."),
        Parameter("entities", .list(of: .text), "What kinds of records it brings."),
        Parameter("actions", .list(of: .text), "The methods that it adds."),
    ])
    private static let report = ParameterType.object([
        Parameter("name", .text, "The module.", required: true),
        Parameter("version", .text, "Of the module.", required: true),
        Parameter("enabled", .boolean, "Whether it is enabled now.", required: true),
        Parameter(
            "steps", .list(of: .text), "What was done to the tables, or, in a dry run, would be.",
            required: true),
    ])

    static let all: [Method] = [
        Method(
            "module.list", needs: .administrator, .reads, "The modules that are here, enabled or not.",
            result: .object([Parameter("modules", .list(of: shape), "By name.", required: true)])
        ) { scope throws(CRMError) in
            let installation = scope.services.installation
            return .scan { reader, writer throws(CRMError) in
                writer.beginObject()
                writer.key("modules")
                writer.beginArray()
                for module in try installation.modules(reader) { write(module, to: &writer) }
                writer.endArray()
                writer.endObject()
            }
        },
        Method(
            "module.inspect", needs: .administrator, .reads,
            "What a module's file says, without running any of it.",
            parameters: [name],
            result: .object([
                Parameter("name", .text, "As the file says.", required: true),
                Parameter("sha256", .text, "Of the file, hexadecimal.", required: true),
                Parameter("bytes", .integer, "Of the file.", required: true),
                Parameter("sdk", .text, "The version it was built against.", required: true),
                Parameter("compiler", .text, "It was built with.", required: true),
                Parameter("problem", .text, "Why it cannot be enabled; absent where it can."),
            ]), errors: [.notFound]
        ) { scope throws(CRMError) in
            let installation = scope.services.installation
            let name = try scope.arguments.text("name")
            return .scan { _, writer throws(CRMError) in
                let module = try installation.inspect(name)
                writer.beginObject()
                for (key, text) in [
                    ("name", module.stamp.name), ("path", module.path), ("sha256", module.sha256),
                    ("sdk", "\(module.stamp.sdkMajor).\(module.stamp.sdkMinor)"),
                    ("compiler", module.stamp.compiler),
                ] {
                    writer.key(key)
                    writer.string(text)
                }
                writer.key("bytes")
                writer.int(module.sizeBytes)
                if let refusal = module.refusal {
                    writer.key("problem")
                    writer.string(refusal.message)
                }
                writer.endObject()
            }
        },
        Method(
            "module.enable", needs: .administrator, .writes,
            "Loads a module and makes its entities and methods there for everyone.",
            "Its file is checked, copied into the kernel's own store and loaded; its tables are made; data of an earlier "
                + "time is there again. Any refusal leaves everything as it was.",
            parameters: [name, RecordMethods.dryRun], result: report, errors: [.notFound]
        ) { scope throws(CRMError) in
            let call = try scope.context()
            let name = try scope.arguments.text("name")
            let mode = scope.mode
            let (installation, database) = (scope.services.installation, scope.services.database)
            // Loading waits for files, and the unit is waited for: neither may happen on the writer's thread.
            return .scan { _, writer throws(CRMError) in
                let module = try installation.prepare(call, module: name)
                let report = try database.writer.perform(mode: mode) { transaction throws(CRMError) in
                    try installation.enable(call, module, in: transaction)
                }
                write(report, to: &writer)
            }
        },
        Method(
            "module.disable", needs: .administrator, .writes,
            "Takes a module's entities and methods away; its data stays.",
            "Refused while other enabled modules need it.",
            parameters: [
                Parameter("name", .text, "The module's name.", required: true), RecordMethods.dryRun,
            ],
            result: report
        ) { scope throws(CRMError) in
            let call = try scope.context()
            let name = try scope.arguments.text("name")
            let installation = scope.services.installation
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                write(try installation.disable(call, name, in: transaction), to: &writer)
            }
        },
        Method(
            "module.purge", needs: .administrator, .writes,
            "Destroys what a disabled module has left: records, fields, relations, rights. There is no way back.",
            "A dry run says what that is, with counts. Refused while the module is enabled, while another one needs it, and "
                + "while a field of administrators refers to what would go. In batches beside other work; schema.tasks "
                + "shows how far it is. The change log keeps that it was, without values.",
            parameters: [
                Parameter("name", .text, "The module's name.", required: true), RecordMethods.dryRun,
            ],
            result: SchemaJSON.answer, errors: [.notFound]
        ) { scope throws(CRMError) in
            let call = try scope.context()
            let name = try scope.arguments.text("name")
            let installation = scope.services.installation
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                SchemaJSON.write(
                    try installation.purge(call, module: name, in: transaction), to: &writer)
            }
        },
    ]

    private static func write(_ report: InstallationReport, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(report.module)
        writer.key("version")
        writer.string(report.version)
        writer.key("enabled")
        writer.bool(report.isEnabled)
        writer.key("steps")
        writer.strings(report.steps)
        writer.endObject()
    }

    private static func write(_ module: ModuleFacts, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(module.name)
        writer.key("state")
        writer.string(module.state)
        for (key, text) in [
            ("version", module.version), ("label", module.label), ("summary", module.summary),
            ("sha256", module.sha256), ("path", module.path), ("problem", module.problem),
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
