import CRMSDK
import JSON
import Testing
import Wire

@testable import RPC

/// A server of the methods that the specification's examples call, on our envelope and our replies.
private enum ExampleServer {
    /// The reply's status and body.
    static func answer(_ text: String) throws -> (status: UInt16, body: String) {
        var bytes: [UInt8] = []
        switch RequestEnvelope(reading: Array(text.utf8)) {
        case .refused(let refusal):
            ReplyComposer.append(ErrorObject(refusal), callID: 1, requestID: "r", to: &bytes)
        case .single(let element):
            ReplyComposer.append(
                [slot(element)], isBatch: false, callID: 1, requestID: "r", status: nil, to: &bytes)
        case .batch(let elements):
            ReplyComposer.append(
                elements.map(slot), isBatch: true, callID: 1, requestID: "r", status: nil, to: &bytes)
        }
        var splitter = FrameSplitter()
        splitter.append(bytes)
        let reply = try ReplyFrame(decoding: #require(try splitter.next()))
        return (reply.status, String(decoding: reply.body, as: UTF8.self))
    }

    private static func slot(_ element: RequestEnvelope.Element) -> OpenRequest.Slot {
        switch element {
        case .invalid(let id, let reason):
            .init(id: id, isAnswered: true, outcome: .refused(ErrorObject(invalidRequest: reason)))
        case .call(let call):
            .init(id: call.id, isAnswered: !call.isNotification, outcome: outcome(call))
        }
    }

    private static func outcome(_ call: CallEnvelope) -> OpenRequest.Outcome {
        let parameters = call.parameters
        let numbers = parameters?.elements.compactMap(\.int64) ?? []
        switch call.method.string {
        case "subtract" where parameters?.kind == .array:
            return .result(Array("\(numbers[0] - numbers[1])".utf8))
        case "subtract":
            let minuend = parameters?["minuend"]?.int64 ?? 0
            return .result(Array("\(minuend - (parameters?["subtrahend"]?.int64 ?? 0))".utf8))
        case "sum": return .result(Array("\(numbers.reduce(0, +))".utf8))
        case "get_data": return .result(Array(#"["hello", 5]"#.utf8))
        default: return .refused(ErrorObject(CRMError(.methodNotFound, "Method not found")))
        }
    }
}

@Suite("Envelope: JSON-RPC 2.0")
struct EnvelopeTests {
    /// One example of jsonrpc.org/specification §7, as it stands there. An error is compared by its code.
    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        let response: String?
        var testDescription: String { name }

        init(_ name: String, _ request: String, _ response: String?) {
            self.name = name
            self.request = request
            self.response = response
        }
    }

    static let examples = [
        Example(
            "positional parameters",
            #"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#,
            #"{"jsonrpc": "2.0", "result": 19, "id": 1}"#),
        Example(
            "positional parameters, the other way",
            #"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#,
            #"{"jsonrpc": "2.0", "result": -19, "id": 2}"#),
        Example(
            "named parameters",
            #"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
            #"{"jsonrpc": "2.0", "result": 19, "id": 3}"#),
        Example(
            "named parameters in another order",
            #"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
            #"{"jsonrpc": "2.0", "result": 19, "id": 4}"#),
        Example("a notification", #"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, nil),
        Example("a notification of an unknown method", #"{"jsonrpc": "2.0", "method": "foobar"}"#, nil),
        Example(
            "an unknown method", #"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
            #"{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}"#),
        Example(
            "invalid JSON", #"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
            #"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#),
        Example(
            "an invalid request object", #"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
            #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#),
        Example(
            "an invalid batch",
            """
            [
              {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
              {"jsonrpc": "2.0", "method"
            ]
            """, #"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#),
        Example(
            "an empty array", "[]",
            #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#),
        Example(
            "an invalid batch that is not empty", "[1]",
            #"[{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}]"#),
        Example(
            "an invalid batch of three", "[1,2,3]",
            """
            [
              {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
              {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
              {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}
            ]
            """),
        Example(
            "a batch",
            """
            [
                {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
                {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
                {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
                {"foo": "boo"},
                {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
                {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
            ]
            """,
            """
            [
                {"jsonrpc": "2.0", "result": 7, "id": "1"},
                {"jsonrpc": "2.0", "result": 19, "id": "2"},
                {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
                {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
                {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}
            ]
            """),
        Example(
            "a batch of notifications",
            """
            [
                {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
                {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
            ]
            """, nil),
    ]

    @Test("answers the specification's own examples", arguments: examples)
    func example(_ example: Example) throws {
        let (status, body) = try ExampleServer.answer(example.request)
        guard let expected = example.response else {
            #expect(status == 204)
            #expect(body.isEmpty)
            return
        }
        #expect(
            try Self.essence(JSONDocument(parsing: body).root)
                == Self.essence(JSONDocument(parsing: expected).root))
    }

    /// A response without the words of its error; a batch as a list of them.
    private static func essence(_ node: JSONNode) -> [String] {
        guard node.kind != .array else { return node.elements.flatMap(essence) + ["batch"] }
        let outcome =
            node["result"].map { "result \($0.text)" } ?? "error \(node["error"]?["code"]?.text ?? "none")"
        return ["\(node["jsonrpc"]?.text ?? "none") \(node["id"]?.text ?? "none") \(outcome) \(node.count)"]
    }

    @Test(
        "echoes an id byte for byte",
        arguments: [
            "1", "0", "-7", "12345678901234567890123456789", "1.50", "1e3", "null", #""""#, #""a\u0062\/c""#,
            #""ł""#,
        ])
    func identifier(_ id: String) throws {
        let body = try ExampleServer.answer(#"{"jsonrpc":"2.0","method":"sum","params":[1],"id":\#(id)}"#)
            .body
        #expect(body == #"{"jsonrpc":"2.0","id":\#(id),"result":1}"#)
    }

    /// What is no call, and whether its id could be read.
    static let refused: [(request: String, id: String)] = [
        (#"{"jsonrpc":"2.0","method":"sum","id":[1]}"#, "null"),
        (#"{"jsonrpc":"2.0","method":"sum","id":{}}"#, "null"),
        (#"{"jsonrpc":"2.0","method":"sum","id":true}"#, "null"),
        (#"{"jsonrpc":"1.0","method":"sum","id":1}"#, "1"), (#"{"jsonrpc":2.0,"method":"sum","id":1}"#, "1"),
        (#"{"method":"sum","id":1}"#, "1"), (#"{"jsonrpc":"2.0","id":"x"}"#, #""x""#),
        (#"{"jsonrpc":"2.0","method":null,"id":1}"#, "1"),
        (#"{"jsonrpc":"2.0","method":"sum","params":"x","id":1}"#, "1"),
        (#"{"jsonrpc":"2.0","method":"sum","params":null,"id":1}"#, "1"),
        (#"{"jsonrpc":"2.0","method":"sum","params":1,"id":1}"#, "1"),
        ("1", "null"), (#""call""#, "null"), ("null", "null"), ("{}", "null"),
    ]

    @Test("refuses what is no call, with its id where there is one", arguments: refused)
    func refusal(request: String, id: String) throws {
        let answer = try JSONDocument(parsing: ExampleServer.answer(request).body).root
        #expect(answer["error"]?["code"]?.int64 == -32600)
        #expect(answer["id"]?.text == id)
    }

    @Test("an id of null is no notification")
    func nullID() throws {
        #expect(
            try ExampleServer.answer(#"{"jsonrpc":"2.0","method":"sum","params":[1],"id":null}"#).status
                == 200)
    }

    @Test("a batch has at most 100 calls", arguments: [(99, -32601), (100, -32601), (101, -32008)])
    func batchLimit(count: Int, code: Int64) throws {
        let calls = Array(repeating: #"{"jsonrpc":"2.0","method":"none","id":1}"#, count: count)
        let answer = try JSONDocument(parsing: ExampleServer.answer("[\(calls.joined(separator: ","))]").body)
            .root
        let first = answer.kind == .array ? answer.elements.first { _ in true } : answer
        #expect(first?["error"]?["code"]?.int64 == code)
    }

    @Test("nothing that is cut off is taken for a call")
    func everyPrefix() throws {
        let whole = Array(#"{"jsonrpc":"2.0","method":"sum","params":[1,2],"id":"é"}"#.utf8)
        for length in 0..<whole.count {
            guard case .refused(.notJSON) = RequestEnvelope(reading: Array(whole[..<length])) else {
                Issue.record("\(length) bytes are no JSON")
                return
            }
        }
    }
}
