import JSON

/// Files into records.
enum ImportCommand {
    static let all: [Command] = [
        Command(
            "import", nil, .writes, "import CSV files by a mapping",
            details: """
                The mapping (JSON5) says which column becomes which field of which entity; it is checked against the files
                and the entities before anything is written. A mapping of several steps makes what later steps refer to.
                Every row stands or falls alone, or with --atomic all of them together (one file of at most 500 rows); a run
                that was broken off goes on when it is started again. What a step writes is an import in the kernel, which
                import list shows and import undo takes back.

                mode is create, update or upsert; match_on are the fields that say which record a row means, all of them
                together. on_match says what such a record gets: merge (values that are not empty), overwrite (empty cells, too),
                fill (only fields that are empty), skip, or the row may fail. More than one such record: the row fails.

                --dry-run gives the counts and writes nothing. Rows that refer to records which the same run would make are
                judged without the kernel: the mapping and the look-ups are checked, the kernel's rules are not.
                Ends with 7 where rows were refused.
                """,
            operands: [.init("FILE", .file, .optional)],
            options: [
                .init("mapping", "FILE", .file, help: "The mapping."),
                .init(
                    "from", "DIR", .folder,
                    help: "Where the mapping's files are; otherwise beside the mapping."),
                .init("rejects", "FILE", .file, help: "Write refused rows here, with line and reason."),
                .init("atomic", help: "Keep all rows of the file, or none where one is refused."),
            ],
            examples: [
                "import --mapping config/import/sales-pipeline.json5 --from ./sales-pipeline --dry-run",
                "import accounts.csv --mapping accounts.json5 --rejects refused.csv",
            ]
        ) { run throws(AdminError) in
            try importFiles(run)
        }
    ]

    private static func importFiles(_ run: CommandRun) throws(AdminError) {
        guard let path = run.line.value("mapping") else {
            throw .usage("import lacks --mapping", hint: "Usage: \(run.line.command.usage)")
        }
        let mapping = try ImportMapping.read(try MappingNode.read(path: path), path: path)
        let file = run.operand(0)
        guard file == nil || mapping.steps.count == 1 else {
            throw .usage(
                "the mapping has several steps, each with its own file",
                hint: "Give --from DIR instead of a file.")
        }
        let check = MappingCheck(
            session: run.session, folder: run.line.value("from") ?? folder(of: path), file: file)
        var prepared = try check.prepare(mapping)
        var options = ImportRun.Options()
        options.isDryRun = run.isDryRun
        options.rejectsPath = run.line.value("rejects")
        options.isWhole = run.line.has("atomic")
        guard !options.isWhole || mapping.steps.count == 1 else {
            throw .usage("--atomic is for a mapping of one step; this one has \(mapping.steps.count)")
        }
        let work = ImportRun(mapping, client: try run.client, streams: run.session.streams, options: options)
        let missing = try check.missing(mapping)
        let missingValues = try check.missingValues(mapping)
        try work.make(missing)
        try work.add(missingValues)
        if !(missing.isEmpty && missingValues.isEmpty), !run.isDryRun {
            run.session.forgetEntities()
            prepared = try check.prepare(mapping)
        }
        do throws(AdminError) {
            for step in prepared { try work.run(step) }
        } catch {
            // What was done is told, whatever ended it.
            ImportReport(work).print(run)
            throw error
        }
        ImportReport(work).print(run)
        let failed = work.counts.reduce(0) { $0 + $1.counts.failed }
        guard failed == 0 else {
            throw AdminError(
                "\(failed) rows were refused",
                hint: work.rejects.isEmpty
                    ? "Add --rejects FILE to get them."
                    : "They are in \(work.rejects.joined(separator: ", ")).",
                exit: .partial)
        }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
