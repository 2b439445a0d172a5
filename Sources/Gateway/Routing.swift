import HTTP
import Wire

/// What is done with a request, decided from its head alone.
enum Decision {
    /// Passed to the kernel, with the token if there is one.
    case call(Route, token: [UInt8]?)
    /// A file is fetched or sent; what stands behind `/files/` says which.
    case file(Route, target: String, token: [UInt8]?)
    /// A printed page; what stands behind `/print/` names it.
    case page(name: String)
    /// A public form is fetched or sent; what stands behind `/forms/` names it.
    case form(target: String, isSent: Bool)
    /// The process lives.
    case alive
    /// An answer to OPTIONS.
    case options(allow: StaticString)
    case refused(HTTPRefusal, allow: StaticString?)
}

/// Which path and method is whose business. Everything else is 404, or 405 with what is allowed.
enum Routing {
    private struct Row: Sendable {
        let path: StaticString
        let methods: [HTTPMethod]
        let allow: StaticString
        /// Nil: answered here.
        let route: Route?
    }

    private static let rows: [Row] = [
        Row(path: "/rpc", methods: [.post], allow: "POST, OPTIONS", route: .rpc),
        Row(path: "/livez", methods: [.get, .head], allow: "GET, HEAD, OPTIONS", route: nil),
        Row(path: "/readyz", methods: [.get, .head], allow: "GET, HEAD, OPTIONS", route: .ready),
        Row(path: "/metrics", methods: [.get, .head], allow: "GET, HEAD, OPTIONS", route: .metrics),
        Row(path: "/docs", methods: [.get, .head], allow: "GET, HEAD, OPTIONS", route: .docs),
    ]

    /// - Parameter isLocal: whether the client is on this machine.
    static func decide(_ request: HTTPRequest, isLocal: Bool) -> Decision {
        if request.method == .options, request.hasPath("*") {
            return .options(allow: "GET, HEAD, POST, PUT, OPTIONS")
        }
        if let target = request.target(behind: filesPath) { return decide(file: target, request) }
        if let name = request.target(behind: pagesPath) { return decide(page: name, request) }
        if let target = request.target(behind: formsPath) { return decide(form: target, request) }
        guard let row = rows.first(where: { request.hasPath($0.path) }) else {
            return .refused(HTTPRefusal(404, "there is nothing at this path"), allow: nil)
        }
        if request.method == .options { return .options(allow: row.allow) }
        guard row.methods.contains(request.method) else {
            return .refused(HTTPRefusal(405, "this path does not have this method"), allow: row.allow)
        }
        guard let route = row.route else { return .alive }
        do throws(HTTPRefusal) {
            if route == .rpc { try checkContent(request.fields) }
            let token = try bearerToken(request.fields)
            if route == .metrics, !isLocal, token == nil {
                throw HTTPRefusal(401, "metrics need a token, except on the machine itself")
            }
            return .call(route, token: token)
        } catch {
            return .refused(error, allow: nil)
        }
    }

    private static let pagesPath: StaticString = "/print/"
    private static let pageMethods: StaticString = "GET, HEAD, OPTIONS"

    private static func decide(page name: String, _ request: HTTPRequest) -> Decision {
        switch request.method {
        case .options: .options(allow: pageMethods)
        case .get where isLinkName(name), .head where isLinkName(name): .page(name: name)
        case .get, .head: .refused(HTTPRefusal(404, "there is nothing at this path"), allow: nil)
        default: .refused(HTTPRefusal(405, "this path does not have this method"), allow: pageMethods)
        }
    }

    /// A link's name has 43 characters; what is much longer is none.
    private static func isLinkName(_ name: String) -> Bool { (1...64).contains(name.utf8.count) }

    private static let formsPath: StaticString = "/forms/"
    private static let formMethods: StaticString = "GET, HEAD, POST, OPTIONS"

    /// The most that the body of a request may have; nil for what bodies may have anyway.
    static func bodyLimit(_ request: HTTPRequest) -> Int? {
        request.target(behind: formsPath) == nil ? nil : FormCall.maximumBodyBytes
    }

    private static func decide(form target: String, _ request: HTTPRequest) -> Decision {
        let isLong = target.utf8.count > FormCall.maximumTargetBytes
        switch request.method {
        case .options: return .options(allow: formMethods)
        case .get, .head, .post: break
        default:
            return .refused(HTTPRefusal(405, "this path does not have this method"), allow: formMethods)
        }
        guard !target.isEmpty, !isLong else {
            return .refused(HTTPRefusal(404, "there is nothing at this path"), allow: nil)
        }
        guard request.method == .post else { return .form(target: target, isSent: false) }
        guard let type = request.fields.only("content-type"),
            isType(type, "application/x-www-form-urlencoded"),
            request.fields.count(of: "content-encoding") == 0
        else {
            return .refused(
                HTTPRefusal(415, "the Content-Type must be application/x-www-form-urlencoded"), allow: nil)
        }
        return .form(target: target, isSent: true)
    }

    private static let filesPath: StaticString = "/files/"
    private static let fileMethods: StaticString = "GET, HEAD, PUT, OPTIONS"

    /// Whether the body of a request is passed on in pieces: a file that is sent.
    static func streams(_ request: HTTPRequest) -> Bool {
        request.method == .put && request.target(behind: filesPath) != nil
    }

    private static func decide(file target: String, _ request: HTTPRequest) -> Decision {
        guard !target.isEmpty else {
            return .refused(HTTPRefusal(404, "there is nothing at this path"), allow: nil)
        }
        let route: Route
        switch request.method {
        case .options: return .options(allow: fileMethods)
        case .get, .head: route = .getFile
        case .put: route = .putFile
        default:
            return .refused(HTTPRefusal(405, "this path does not have this method"), allow: fileMethods)
        }
        do throws(HTTPRefusal) {
            guard request.fields.count(of: "content-encoding") == 0 else {
                throw HTTPRefusal(415, "a Content-Encoding is not accepted")
            }
            return .file(route, target: target, token: try bearerToken(request.fields))
        } catch {
            return .refused(error, allow: nil)
        }
    }

    /// `application/json`, or one of the two older names that clients of JSON-RPC over HTTP still send, and nothing
    /// that would have to be unpacked. A page in a browser cannot send these types to another origin without asking
    /// first, and is never answered with permission.
    private static func checkContent(_ fields: HTTPFields) throws(HTTPRefusal) {
        guard let type = fields.only("content-type"), isJSON(type) else {
            throw HTTPRefusal(415, "the Content-Type must be application/json")
        }
        guard fields.count(of: "content-encoding") == 0 else {
            throw HTTPRefusal(415, "a Content-Encoding is not accepted")
        }
    }

    private static func isJSON(_ value: ArraySlice<UInt8>) -> Bool {
        jsonTypes.contains { isType(value, $0) }
    }

    /// Whether a Content-Type says that type, whatever its parameters.
    private static func isType(_ value: ArraySlice<UInt8>, _ known: String) -> Bool {
        let type = value.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
        return type.count == known.utf8.count && type.elementsEqual(known.utf8) { $0 | 0x20 == $1 | 0x20 }
    }

    private static let jsonTypes = ["application/json", "application/json-rpc", "application/jsonrequest"]

    /// The token of the one `Authorization: Bearer` field; nil without such a field (RFC 6750 §2.1).
    private static func bearerToken(_ fields: HTTPFields) throws(HTTPRefusal) -> [UInt8]? {
        guard let value = fields.only("authorization") else {
            guard fields.count(of: "authorization") == 0 else {
                throw HTTPRefusal(400, "there is more than one Authorization field")
            }
            return nil
        }
        guard value.count > 7, value.prefix(7).elementsEqual("bearer ".utf8, by: { $0 | 0x20 == $1 }) else {
            throw HTTPRefusal(401, "the Authorization field must be Bearer and a token")
        }
        let token = value.dropFirst(7)
        guard token.count <= 512, token.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HTTPRefusal(400, "the bearer token is not one")
        }
        return Array(token)
    }
}
