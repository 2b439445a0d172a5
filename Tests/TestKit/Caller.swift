import HTTP
package import JSON

/// Somebody who calls the platform's endpoint: a token, and a connection that is kept while the endpoint keeps it.
///
/// Belongs to one thread; others make callers of their own.
package final class Caller {
    /// One HTTP answer.
    package struct Answer: CustomStringConvertible {
        package let status: UInt16
        /// `Retry-After`, in seconds; nil if there was none.
        package let retryAfter: Int?
        package let text: String
        /// The text as JSON; nil if it is none.
        package let json: JSONNode?

        package var description: String { "\(status) \(text)" }
    }

    /// An error that the platform answered to a call.
    package struct Refusal: Error, CustomStringConvertible {
        package let status: UInt16
        package let code: Int64
        package let message: String
        /// `error.data`; nil if there was none.
        package let data: JSONNode?

        package var kind: String? { data?["kind"]?.string }
        /// The rule that forbids it.
        package var rule: String? { data?["rule"]?.string }
        package var hint: String? { data?["hint"]?.string }
        package var description: String { "\(code) \(message)" }

        /// The fields that `data.fields` names, in its order.
        package var fields: [String] { data?["fields"]?.elements.compactMap { $0["field"]?.string } ?? [] }
    }

    package let platform: TestPlatform
    package let token: String?
    /// With the platform's process that it was connected to: an end of the platform ends its connections.
    private var connection: (client: HTTPSClient, process: Int32)?
    private var nextID = 1

    package init(_ platform: TestPlatform, token: String? = nil) {
        self.platform = platform
        self.token = token
    }

    // MARK: JSON-RPC

    /// One call.
    ///
    /// - Parameter params: JSON text.
    /// - Returns: the `result`.
    /// - Throws: `Refusal` for an error that the platform answered; anything else with the platform's logs.
    @discardableResult
    package func call(_ method: String, _ params: String = "{}") throws -> JSONNode {
        let id = nextID
        nextID += 1
        let answer = try post(
            "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"\(method)\",\"params\":\(params)}")
        guard let json = answer.json, json["jsonrpc"]?.string == "2.0" else {
            throw platform.failure("\(method) was not answered in JSON-RPC but with \(answer)")
        }
        if let result = json["result"], json["id"]?.int64 == Int64(id) { return result }
        guard let error = json["error"], let code = error["code"]?.int64,
            let message = error["message"]?.string
        else { throw platform.failure("\(method) was not answered in JSON-RPC but with \(answer)") }
        throw Refusal(status: answer.status, code: code, message: message, data: error["data"])
    }

    /// One call that must be refused.
    package func refusal(of method: String, _ params: String = "{}") throws -> Refusal {
        do {
            let result = try call(method, params)
            throw platform.failure("\(method) \(params) was not refused but answered \(result)")
        } catch let refusal as Refusal {
            return refusal
        }
    }

    // MARK: HTTP

    package func post(_ body: String, contentType: String? = "application/json") throws -> Answer {
        try post(Array(body.utf8), contentType: contentType)
    }

    /// One POST to `/rpc`, as raw as a test wants it.
    package func post(_ body: [UInt8], contentType: String? = "application/json") throws -> Answer {
        var fields: [(String, String)] = []
        if let contentType { fields.append(("Content-Type", contentType)) }
        if let token { fields.append(("Authorization", "Bearer \(token)")) }
        return try send("POST", "/rpc", fields, body)
    }

    package func get(_ target: String) throws -> Answer { try send("GET", target, [], []) }

    private func connected() throws -> HTTPSClient {
        let process = platform.process.processID
        if let connection, connection.process == process { return connection.client }
        let client = try platform.newClient()
        connection = (client, process)
        return client
    }

    private func send(
        _ method: String, _ target: String, _ fields: [(String, String)], _ body: [UInt8]
    ) throws -> Answer {
        do {
            let client = try connected()
            let response = try client.send(method, target, fields: fields, body: body)
            if !client.isOpen { connection = nil }
            // What is not JSON is nil, and is there as text.
            let json = (try? JSONDocument(parsing: response.body))?.root
            return Answer(
                status: response.status, retryAfter: response.fields.text("Retry-After").flatMap { Int($0) },
                text: String(decoding: response.body, as: UTF8.self), json: json)
        } catch {
            connection = nil
            throw platform.failure("\(error)")
        }
    }
}

extension String {
    /// As a JSON string, with its quotation marks.
    package var jsonText: String {
        var writer = JSONWriter()
        writer.string(self)
        return String(decoding: writer.finish(), as: UTF8.self)
    }
}
