import Foundation
import JSON

/// Modules: what is there, and what is enabled.
enum ModuleCommands {
    private static let module = Command.Operand("MODULE", .module)

    static let all: [Command] = [
        Command("module", "list", .reads, "modules that are here, enabled or not") { run throws(AdminError) in
            run.printRecords(
                try run.call("module.list"), in: "modules",
                columns: ["name", "version", "state", "label", "problem"])
        },
        Command(
            "module", "inspect", .reads, "what a module is and brings, without enabling it",
            operands: [module], examples: ["module inspect sales", "module inspect ./libSalesModule.so"]
        ) { run throws(AdminError) in
            run.printObject(try run.call("module.inspect", parameters(run)))
        },
        Command(
            "module", "enable", .writes, "check, load and enable a module; its data comes back",
            operands: [module], examples: ["module enable sales", "module enable sales --dry-run"]
        ) { run throws(AdminError) in
            try change("module.enable", run, "enabled")
        },
        Command(
            "module", "disable", .destroys(question: "Disable"),
            "take a module's entities and methods out of use; its data is kept",
            operands: [module], examples: ["module disable sales --yes"]
        ) { run throws(AdminError) in
            try run.confirm("module \"\(try run.required(0))\"")
            try change("module.disable", run, "disabled")
        },
        Command(
            "module", "purge", .destroys(question: "Destroy for ever all data of"),
            "destroy what a disabled module has left: records, fields, links",
            details: "A dry run lists what that is. Large ones go in batches; schema tasks shows how far.",
            operands: [module],
            examples: ["module purge marketing --dry-run", "module purge marketing --yes"]
        ) { run throws(AdminError) in
            let name = try run.required(0)
            try run.confirm("module \"\(name)\"")
            var parameters = run.writeParameters
            parameters.set("name", name)
            let result = try run.call("module.purge", parameters)
            run.session.forgetEntities()
            SchemaPrinting.print(result, run)
            run.say("module \"\(name)\": purge done")
        },
    ]

    private static func parameters(_ run: CommandRun) throws(AdminError) -> Parameters {
        var parameters = Parameters()
        parameters.set("name", try name(run))
        return parameters
    }

    /// The path of a file is the caller's: the kernel has another working directory.
    private static func name(_ run: CommandRun) throws(AdminError) -> String {
        let name = try run.required(0)
        guard name.contains("/"), !name.hasPrefix("/") else { return name }
        return FileManager.default.currentDirectoryPath + "/" + name
    }

    private static func change(_ method: String, _ run: CommandRun, _ done: String) throws(AdminError) {
        var parameters = run.writeParameters
        parameters.set("name", try name(run))
        let result = try run.call(method, parameters)
        run.session.forgetEntities()
        // A module's first enabling takes dozens of steps: a dry run is there to show them.
        run.printObject(result, columns: run.isDryRun ? nil : ["name", "version", "enabled"])
        run.say("module \"\(result["name"]?.string ?? "")\" \(done)")
    }
}
