/// `search`: records of all entities by their words.
enum SearchCommand {
    static let all: [Command] = [
        Command(
            "search", nil, .reads, "records that hold these words",
            details: """
                All words must be there, the last one as a beginning; a phrase stands in quotes within the text:
                search '"north sea" oil'. Case, accents and the spelling of phone numbers do not matter.
                """,
            operands: [.init("TEXT", .text), .init("TEXT", .text, .any)],
            options: [
                .init("entities", "NAMES", help: "Where to look, by commas; otherwise everywhere."),
                .init("limit", "NUMBER", help: "How many at most; 50 if not given."),
                .init("cursor", "TEXT", help: "Where to go on, as the page before said."),
                .init("all", help: "Every record, page after page."),
            ],
            examples: ["search lovelace acme", "search 030 1234567 --entities contact,account"]
        ) { run throws(AdminError) in
            var parameters = Parameters()
            parameters.set("text", run.line.operands.joined(separator: " "))
            if let names = run.line.value("entities") {
                parameters.set("entities", names.split(separator: ",").map(String.init))
            }
            let columns = ["id", "entity", "label", "fields"]
            if run.line.has("all") {
                try PageWalk(method: "record.search", member: "hits", parameters).printAll(
                    run, columns: columns)
                return
            }
            try Page.set(run.line, in: &parameters)
            let result = try run.call("record.search", parameters)
            run.printRecords(result, in: "hits", columns: columns)
            Page.tellNext(result, run)
        }
    ]
}
