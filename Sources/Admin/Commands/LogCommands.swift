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
                .init("limit", "NUMBER", help: "How many at most; 50 if not given."),
                .init("cursor", "TEXT", help: "Where to go on."), .init("all", help: "Every entry."),
            ]
        ) { run throws(AdminError) in
            let columns = ["seq", "at", "by", "kind", "entity", "record", "version", "method", "source"]
            var parameters = Parameters()
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
