import Crypto
import Foundation
import JSON

/// Files of records: sent, fetched, attached.
enum FileCommands {
    static let all: [Command] = [
        Command(
            "file", "put", .writesAtOnce(reason: "a file is stored when it has come whole"),
            "send a file into a record",
            details: """
                The record is one with a field for a file, such as a document; the file that it had stays in its history.
                """,
            operands: [.init("RECORD", .number), .init("FILE", .file)],
            options: [fieldOption] + sendOptions,
            examples: [
                "file put 19 offer.pdf", "file put 19 scan.png --field x_scan --name 'Signed offer.png'",
            ]
        ) { run throws(AdminError) in
            let id = try record(run)
            run.printObject(try put(try run.required(1), into: id, run))
            run.say("file of record \(id) stored")
        },
        Command(
            "file", "get", .reads, "fetch the file of a record",
            details: """
                Without PATH it is stored in the folder that you are in, under its own name; - writes it to standard output.
                """,
            operands: [.init("RECORD", .number), .init("PATH", .file, .optional)],
            options: [fieldOption, .init("overwrite", help: "Replace what is there under that name.")],
            examples: ["file get 19", "file get 19 offer.pdf --overwrite", "file get 19 -"]
        ) { run throws(AdminError) in
            let id = try record(run)
            var target: DownloadedFile?
            try client(run).getFile(
                "\(id)\(query(run))",
                begin: { facts throws(AdminError) in
                    target = try DownloadedFile(run.operand(1), facts, overwriting: run.line.has("overwrite"))
                },
                take: { bytes throws(AdminError) in try target?.append(bytes) })
            guard let target else { throw AdminError("the kernel gave no file") }
            try target.finish()
            if let path = target.path { run.say("file of record \(id) stored in \"\(path)\"") }
        },
        Command(
            "file", "attach", .writesAtOnce(reason: "a file is stored when it has come whole"),
            "make a document of a file, related to a record",
            details: "Whoever may view the record may view the document. Needs the module collaboration.",
            operands: [.init("RECORD", .number), .init("FILE", .file)],
            options: [.init("title", "TEXT", help: "The document's title; else the name of the file.")]
                + sendOptions,
            examples: ["file attach 17 offer.pdf --title 'Offer of November'"]
        ) { run throws(AdminError) in
            let (id, path) = (try record(run), try run.required(1))
            // What cannot be read is no reason for a document.
            let file = try SentFile(path)
            var values = Parameters()
            values.set("title", run.line.value("title") ?? run.line.value("name") ?? file.name)
            values.set("related_to", Int(id))
            var parameters = Parameters()
            parameters.set("entity", "document")
            parameters.set("values", values)
            guard let document = try run.call("record.create", parameters)["id"]?.int64 else {
                throw AdminError("the kernel made no document")
            }
            do throws(AdminError) {
                run.printObject(try put(path, into: document, run))
            } catch {
                try takeBack(document, run)
                throw error
            }
            run.say("document \(document) attached to record \(id)")
        },
    ]

    private static let fieldOption = Command.Option(
        "field", "NAME", .field, help: "The field, where the record has several for files.")
    private static let sendOptions: [Command.Option] = [
        .init("name", "NAME", help: "How the file is called; else as it is called here."),
        .init("type", "TYPE", help: "Its media type, such as application/pdf; else by its first bytes."),
    ]

    private static func record(_ run: CommandRun) throws(AdminError) -> Int64 {
        let word = try run.required(0)
        guard let id = Int64(word), id > 0 else { throw .usage("\"\(word)\" is not the id of a record") }
        return id
    }

    private static func client(_ run: CommandRun) throws(AdminError) -> any FileClient {
        guard let client = try run.client as? any FileClient else {
            throw AdminError("files cannot be sent this way")
        }
        return client
    }

    private static func query(_ run: CommandRun, name: String? = nil) -> String {
        let parts = [("field", run.line.value("field")), ("name", name)].compactMap { key, value in
            value?.addingPercentEncoding(withAllowedCharacters: .alphanumerics).map { "\(key)=\($0)" }
        }
        return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }

    private static func put(_ path: String, into id: Int64, _ run: CommandRun) throws(AdminError) -> JSONNode
    {
        let file = try SentFile(path)
        let target = "\(id)\(query(run, name: run.line.value("name") ?? file.name))"
        let digest = try file.digest()
        let answer = try client(run).putFile(
            target, length: file.length, mediaType: run.line.value("type") ?? "", sha256: digest,
            next: { () throws(AdminError) in try file.next() })
        do throws(JSONError) { return try JSONDocument(parsing: answer).root } catch {
            throw AdminError("the answer is not JSON: \(error)")
        }
    }

    /// A document without its file is not left behind.
    private static func takeBack(_ document: Int64, _ run: CommandRun) throws(AdminError) {
        var parameters = Parameters()
        parameters.set("id", Int(document))
        _ = try run.call("record.delete", parameters)
    }
}
