import JSON

/// Any method, for what has no command of its own.
enum RawCommands {
    static let all: [Command] = [
        Command(
            "call", nil, .writesAtOnce(reason: "a method that knows dry_run takes it among its parameters"),
            "call any method with parameters as JSON",
            operands: [.init("METHOD", .method), .init("JSON", .text, .optional)],
            examples: [
                "call record.count '{\"entity\": \"account\"}'", "call rpc.discover --json",
            ]
        ) { run throws(AdminError) in
            let text = run.operand(1) ?? "{}"
            let parameters: JSONNode
            do throws(JSONError) {
                parameters = try JSONDocument(parsing: text).root
            } catch {
                throw .usage("the parameters are not JSON: \(error)")
            }
            guard parameters.kind == .object else {
                throw .usage("the parameters are not one object in braces")
            }
            let client = try run.client
            let result = try client.answer(to: try client.send(try run.required(0), parameters.rawBytes))
            run.session.forgetEntities()
            run.printJSON(result)
        }
    ]
}
