import JSON

/// The change log.
enum LogCommands {
    static let all: [Command] = [
        Command(
            "log", "verify", .reads, "recompute the hash chain of the change log",
            details:
                "Ends with 1 where the chain is broken, and names the first entry that is not as it was written."
        ) { run throws(AdminError) in
            let result = try run.call("log.verify")
            run.printObject(result)
            guard result["intact"]?.bool == true else {
                let entry = result["first_broken"]
                throw AdminError(
                    "the log is broken at entry \(entry?["seq"]?.numberText ?? "?"): "
                        + (entry?["reason"]?.string ?? "no reason given"),
                    hint: "Somebody changed the database from outside; compare it with a backup.")
            }
        },
        Command(
            "log", "list", .reads, "entries of the change log, oldest first",
            options: [
                .init("kind", "NAME", help: "Only this, such as create, login, schema or export."),
                .init("actor", "ID", .number, help: "Only what this user did."),
                .init("record", "ID", .number, help: "Only what concerns this record."),
                .init("change-set", "NUMBER", .number, help: "Only this unit of work."),
                .init("since", "MOMENT", help: "From this moment on."),
                .init("until", "MOMENT", help: "Before this moment."),
                .init("limit", "NUMBER", help: "How many at most; 50 if not given."),
                .init("cursor", "TEXT", help: "Where to go on."), .init("all", help: "Every entry."),
            ],
            examples: ["log list --kind login_failed --since 2026-11-22T00:00:00Z", "log list --record 17"]
        ) { run throws(AdminError) in
            let columns = [
                "seq", "change_set", "at", "by", "kind", "entity", "record", "version", "method", "source",
            ]
            var parameters = Parameters()
            for name in ["kind", "since", "until"] {
                if let text = run.line.value(name) { parameters.set(name, text) }
            }
            for name in ["actor", "record", "change-set"] {
                guard let text = run.line.value(name) else { continue }
                guard let number = Int(text) else {
                    throw .usage("--\(name) takes a whole number, not \"\(text)\"")
                }
                parameters.set(name == "change-set" ? "change_set" : name, number)
            }
            if run.line.has("all") {
                try PageWalk(method: "log.list", member: "entries", parameters).printAll(
                    run, columns: columns)
                return
            }
            try Page.set(run.line, in: &parameters)
            let result = try run.call("log.list", parameters)
            run.printRecords(result, in: "entries", columns: columns)
            Page.tellNext(result, run)
        },
    ]
}
