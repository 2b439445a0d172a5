import JSON

/// Modules: what is there, and what is enabled.
enum ModuleCommands {
    private static let module = Command.Operand("MODULE", .module)

    static let all: [Command] = [
        Command("module", "list", .reads, "modules that are here, enabled or not") { run throws(AdminError) in
            run.printRecords(
                try run.call("module.list"), in: "modules", columns: ["name", "version", "state", "summary"])
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
    ]

    private static func parameters(_ run: CommandRun) throws(AdminError) -> Parameters {
        var parameters = Parameters()
        parameters.set("name", try run.required(0))
        return parameters
    }

    private static func change(_ method: String, _ run: CommandRun, _ done: String) throws(AdminError) {
        var parameters = run.writeParameters
        parameters.set("name", try run.required(0))
        let result = try run.call(method, parameters)
        run.session.forgetEntities()
        run.printObject(result)
        run.say("module \"\(result["name"]?.string ?? "")\" \(done)")
    }
}
