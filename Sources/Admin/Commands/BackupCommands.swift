import JSON

/// Backups.
enum BackupCommands {
    private static let columns = ["name", "bytes", "version", "log.seq", "folder"]

    static let all: [Command] = [
        Command(
            "backup", "create", .writesAtOnce(reason: "it makes a copy and leaves what there is as it is"),
            "copy everything, as it is at this moment, into a folder of its own, and check the copy",
            details: """
                The platform goes on meanwhile. The folder lies in backups of the data folder unless the setting backups names \
                another; crm restore FOLDER makes a new data folder of it.
                """,
            options: [.init("keep", "NUMBER", help: "Remove the oldest backups beyond so many.")],
            examples: ["backup create --keep 14"]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            if let text = run.line.value("keep") {
                guard let number = Int(text) else {
                    throw .usage("--keep takes a whole number, not \"\(text)\"")
                }
                parameters.set("keep", number)
            }
            run.printObject(try run.call("backup.create", parameters), columns: columns)
        },
        Command("backup", "list", .reads, "the backups, oldest first") { run throws(AdminError) in
            run.printRecords(try run.call("backup.list"), in: "backups", columns: columns)
        },
    ]
}
