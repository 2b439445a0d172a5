import Foundation
import JSON

/// Printed documents.
enum PrintCommand {
    static let all: [Command] = [
        Command(
            "print", nil, .reads, "a record as a page for paper, by a template",
            details: """
                The page is one file of HTML that is complete in itself: open it in a browser and print it, to paper or PDF. \
                Without --to it is stored in the folder that you are in, under its own name; - writes it to standard output. \
                Templates are records of print_template.
                """,
            operands: [.init("ENTITY", .entity), .init("ID|FIELD:VALUE")],
            options: [
                .init("to", "PATH", .file, help: "Where the page is stored; - for standard output."),
                .init(
                    "template", "ID|FIELD:VALUE",
                    help: "By which template; else the first active one for the entity."),
                .init("language", "CODE", help: "For numbers and dates, such as de."),
                .init("overwrite", help: "Replace what is there under that name."),
            ],
            examples: ["print invoice invoice_no:INV00001 --to invoice.html"]
        ) { run throws(AdminError) in
            let entity = try run.required(0)
            var parameters = Parameters()
            parameters.set("entity", entity)
            parameters.set("id", Int(try RecordFinding.id(of: entity, as: try run.required(1), run.session)))
            if let word = run.line.value("template") {
                parameters.set(
                    "template", Int(try RecordFinding.id(of: "print_template", as: word, run.session)))
            }
            if let language = run.line.value("language") { parameters.set("language", language) }
            let page = try run.call("core.print", parameters)
            guard let html = page["html"]?.string, let name = page["file_name"]?.string else {
                throw AdminError("the kernel gave no page")
            }
            let path = run.line.value("to") ?? name
            guard path != "-" else {
                run.session.streams.write(html)
                return
            }
            do {
                try Data(html.utf8).write(
                    to: URL(fileURLWithPath: path),
                    options: run.line.has("overwrite") ? [.atomic] : [.withoutOverwriting])
            } catch {
                throw AdminError(
                    "the page could not be stored in \"\(path)\": \(error.localizedDescription)",
                    hint: run.line.has("overwrite") ? nil : "Give --overwrite to replace what is there.")
            }
            run.say("\(entity) printed to \"\(path)\"")
        }
    ]
}
