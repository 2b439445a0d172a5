/// All commands, in the order that help shows them.
package enum CommandTable {
    package static let all: [Command] = [
        SystemCommands.all, BackupCommands.all, LoginCommands.all, SessionCommands.all, ModuleCommands.all,
        EntityCommands.all,
        FieldCommands.all, SchemaCommandTable.picklists, SchemaCommandTable.sections,
        SchemaCommandTable.labels, SchemaCommandTable.schema,
        UserCommands.all, SecondFactorCommands.all, KeyCommands.all, RoleCommands.all, ProfileCommands.all,
        GroupCommands.all, SharingCommands.all, FieldAccessCommands.all, SecurityCommands.all,
        RecordCommands.all, RelationCommands.all, DuplicateCommands.all, FileCommands.all, PrintCommand.all,
        SearchCommand.all,
        RateCommands.all, ChangeCommands.all,
        ImportCommand.all, ImportLedgerCommands.all, JobCommands.all, LogCommands.all, RawCommands.all,
    ].flatMap { $0 }

    /// Nouns and one-word commands, each once, in order.
    package static let nouns: [String] = all.reduce(into: []) { nouns, command in
        if nouns.last != command.noun { nouns.append(command.noun) }
    }

    package static func verbs(of noun: String) -> [String] {
        all.filter { $0.noun == noun }.compactMap(\.verb)
    }

    package static func command(_ noun: String, _ verb: String?) -> Command? {
        all.first { $0.noun == noun && $0.verb == verb }
    }

    /// Options that stand before or behind any command.
    package static let globalOptions: [Command.Option] = [
        .init("data", "DIR", .folder, help: "The kernel's data folder; CRM_DATA, else ./data."),
        .init("url", "ADDRESS", help: "A remote endpoint, https://HOST:PORT; CRM_URL."),
        .init("token-file", "FILE", .file, help: "File with the token; else CRM_TOKEN or CRM_TOKEN_FILE."),
        .init("ca-file", "FILE", .file, help: "Certificates to believe for --url; CRM_CA_FILE."),
        .init("output", "FORMAT", help: "table, expanded, tsv, csv, json or jsonl; CRM_OUTPUT."),
        .init("json", help: "The same as --output json."),
        .init("csv", help: "The same as --output csv."),
        .init("no-header", help: "Leave the line with the columns' names out."),
        .init("columns", "NAMES", .field, help: "Columns to show, by commas; owner.id goes into a value."),
        .init("help", help: "Explain the command instead of running it."),
    ]
}
