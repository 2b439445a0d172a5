package import JSON

/// One element of a request that is a call by the rules of JSON-RPC 2.0 §4: its method is named, its parameters are
/// not yet looked at.
package struct CallEnvelope: Sendable {
    /// The id as it came, echoed byte for byte; nil for a notification, which is never answered.
    package let id: JSONNode?
    /// A string node; compared without decoding.
    package let method: JSONNode
    /// An object or an array; nil where the member is absent.
    package let parameters: JSONNode?

    package var isNotification: Bool { id == nil }
}

/// What a request body says: one call, a batch, or something that is answered at once.
///
/// Pure: bytes in, structure out; nothing of the method or its parameters is judged here. Cost: one parse, no copy of
/// any text. Source: JSON-RPC 2.0 §4–§6; the limit of a batch is ours.
package enum RequestEnvelope: Sendable {
    /// An element of a request: a call, or why it is none, with the id if one could be read.
    package enum Element: Sendable {
        case call(CallEnvelope)
        case invalid(id: JSONNode?, reason: String)
    }

    case single(Element)
    case batch([Element])
    /// The body as a whole is refused: one error object, id null.
    case refused(RequestRefusal)

    /// Calls of one batch.
    package static let batchLimit = 100

    package init(reading body: [UInt8]) {
        let root: JSONNode
        do throws(JSONError) {
            root = try JSONDocument(parsing: body).root
        } catch {
            self = .refused(.notJSON(error.description))
            return
        }
        guard root.kind == .array else {
            self = .single(Self.element(root))
            return
        }
        guard root.count > 0 else {
            self = .refused(.emptyBatch)
            return
        }
        guard root.count <= Self.batchLimit else {
            self = .refused(.batchTooLong(root.count))
            return
        }
        self = .batch(root.elements.map(Self.element))
    }

    private static func element(_ node: JSONNode) -> Element {
        guard node.kind == .object else {
            return .invalid(id: nil, reason: "a call must be an object, not \(node.kind.phrase)")
        }
        let id = node["id"]
        if let id, ![.string, .number, .null].contains(id.kind) {
            return .invalid(
                id: nil, reason: "\"id\" must be a string, a number or null, not \(id.kind.phrase)")
        }
        guard let version = node["jsonrpc"], version.stringEquals("2.0") else {
            return .invalid(id: id, reason: "\"jsonrpc\" must be \"2.0\"")
        }
        guard let method = node["method"] else { return .invalid(id: id, reason: "\"method\" is missing") }
        guard method.kind == .string else {
            return .invalid(id: id, reason: "\"method\" must be a string, not \(method.kind.phrase)")
        }
        let parameters = node["params"]
        if let parameters, parameters.kind != .object, parameters.kind != .array {
            return .invalid(
                id: id, reason: "\"params\" must be an object, not \(parameters.kind.phrase)")
        }
        return .call(CallEnvelope(id: id, method: method, parameters: parameters))
    }
}

/// Why a whole body is refused.
package enum RequestRefusal: Hashable, Sendable {
    /// With the parser's own words and the offset.
    case notJSON(String)
    case emptyBatch
    case batchTooLong(Int)
}

extension JSONNode.Kind {
    /// As a message says it: `a string`.
    var phrase: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
