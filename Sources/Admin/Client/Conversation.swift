package import JSON

/// The JSON-RPC 2.0 envelope: requests out, answers in. Pure; the transports carry the bytes.
package enum Conversation {
    /// One request of the given id.
    package static func request(_ id: UInt64, _ method: String, _ params: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: params.count + 96)
        writer.beginObject()
        writer.key("jsonrpc")
        writer.string("2.0")
        writer.key("id")
        writer.int(Int64(clamping: id))
        writer.key("method")
        writer.string(method)
        writer.key("params")
        writer.raw(params)
        writer.endObject()
        return writer.finish()
    }

    /// The `result` of a response body.
    ///
    /// - Throws: the error that it holds, or that it is no response.
    package static func result(of body: [UInt8]) throws(AdminError) -> JSONNode {
        let root: JSONNode
        do throws(JSONError) {
            root = try JSONDocument(parsing: body).root
        } catch {
            throw AdminError("the answer is not JSON: \(error)", hint: "Is this address a crm-rpc?")
        }
        if let error = root["error"] { throw refusal(error) }
        guard let result = root["result"] else {
            throw AdminError("the answer is neither a result nor an error")
        }
        return result
    }

    /// The kernel's error object in this program's words.
    static func refusal(_ error: JSONNode) -> AdminError {
        let code = error["code"]?.int64 ?? 0
        let data = error["data"]
        var refusal = AdminError(
            error["message"]?.string ?? "the kernel refused, and did not say why", exit: exitCode(of: code))
        refusal.hint = data?["hint"]?.string
        for problem in data?["fields"]?.elements ?? JSONNode.noElements {
            let field = problem["field"]?.string ?? "?"
            refusal.problems.append("\(field): \(problem["message"]?.string ?? "is refused")")
        }
        if let duplicates = data?["duplicates"] { refusal.problems += DuplicateCommands.lines(duplicates) }
        if let conflict = data?["conflict"], conflict.kind == .object {
            let fields = (conflict["fields"]?.elements.compactMap(\.string) ?? []).joined(separator: ", ")
            refusal.problems.append(
                "version is now \(conflict["version"]?.int64 ?? 0)"
                    + (fields.isEmpty ? "" : "; changed since: \(fields)"))
        }
        if refusal.hint == nil, let candidates = data?["candidates"]?.elements.compactMap(\.string),
            !candidates.isEmpty
        {
            refusal.hint = "Known and near: \(candidates.joined(separator: ", "))."
        }
        if code == internalError, let request = data?["request_id"]?.string {
            refusal.hint = "The kernel's log has the reason under request \(request)."
        }
        if code == unauthenticated {
            // The kernel's own hint is about HTTP.
            refusal.hint = "Get a token by crm-admin login, and give it in CRM_TOKEN or by --token-file."
        }
        return refusal
    }

    private static let internalError: Int64 = -32603
    private static let unauthenticated: Int64 = -32001

    private static func exitCode(of code: Int64) -> ExitCode {
        switch code {
        case -32001, -32002: .notAllowed
        case -32003: .notFound
        case -32005, -32006: .conflict
        default: .failed
        }
    }
}

extension JSONNode {
    /// The elements of nothing.
    static var noElements: Elements { JSONDocument.emptyArray.root.elements }
}

extension JSONDocument {
    fileprivate static let emptyArray: JSONDocument = {
        do { return try JSONDocument(parsing: "[]") } catch { preconditionFailure("[] is JSON") }
    }()
}
