/// What modules do by themselves, at their times.
enum JobCommands {
    static let all: [Command] = [
        Command(
            "job", "list", .reads, "scheduled jobs: next run, last run, last error",
            examples: ["job list", "job list --json"]
        ) { run throws(AdminError) in
            run.printRecords(
                try run.call("job.list"), in: "jobs",
                columns: ["name", "every_seconds", "next_run", "last_run", "runs", "failures", "last_error"])
        }
    ]
}
