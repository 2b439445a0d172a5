import Foundation
import HTTP
import Testing
import Wire

@testable import Gateway

@Suite("Gateway: rules that need no socket")
struct GatewayRuleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let head: String
        var isLocal = true
        let expected: String
        var testDescription: String { "\(head.prefix(60)) → \(expected)" }
    }

    static func request(_ head: String) throws -> HTTPRequest {
        var reader = HTTPRequestReader()
        reader.append(Array("\(head)\r\nHost: a\r\nContent-Length: 0\r\n\r\n".utf8)[...])
        guard case .request(let request) = reader.next() else { throw GaveUp() }
        return request
    }

    static let json = "Content-Type: application/json"

    @Test(
        "path, method, type and token decide",
        arguments: [
            Row(head: "POST /rpc HTTP/1.1\r\n\(json)", expected: "call rpc"),
            Row(
                head: "POST /rpc?a=b HTTP/1.1\r\nContent-Type: Application/JSON;charset=utf-8",
                expected: "call rpc"),
            Row(
                head: "POST /rpc HTTP/1.1\r\n\(json)\r\nAuthorization: Bearer t0ken",
                expected: "call rpc t0ken"),
            Row(head: "POST /rpc HTTP/1.1\r\nContent-Type: application/json-rpc", expected: "call rpc"),
            Row(head: "POST /rpc HTTP/1.1\r\nContent-Type: application/jsonrequest", expected: "call rpc"),
            Row(head: "POST /rpc HTTP/1.1\r\nContent-Type: application/json-rp", expected: "415"),
            Row(head: "POST /rpc HTTP/1.1", expected: "415"),
            Row(head: "POST /rpc HTTP/1.1\r\nContent-Type: text/plain", expected: "415"),
            Row(head: "POST /rpc HTTP/1.1\r\nContent-Type: application/jsonp", expected: "415"),
            Row(head: "POST /rpc HTTP/1.1\r\n\(json)\r\n\(json)", expected: "415"),
            Row(head: "POST /rpc HTTP/1.1\r\n\(json)\r\nContent-Encoding: gzip", expected: "415"),
            Row(
                head: "POST /rpc HTTP/1.1\r\n\(json)\r\nAuthorization: Bearer a\r\nAuthorization: Bearer a",
                expected: "400"),
            Row(head: "POST /rpc HTTP/1.1\r\n\(json)\r\nAuthorization: Basic abc", expected: "401"),
            Row(head: "POST /rpc HTTP/1.1\r\n\(json)\r\nAuthorization: Bearer a b", expected: "400"),
            Row(head: "GET /rpc HTTP/1.1", expected: "405 POST, OPTIONS"),
            Row(head: "TRACE /rpc HTTP/1.1", expected: "405 POST, OPTIONS"),
            Row(head: "POST /livez HTTP/1.1", expected: "405 GET, HEAD, OPTIONS"),
            Row(head: "GET /livez HTTP/1.1", expected: "alive"),
            Row(head: "HEAD /livez HTTP/1.1", expected: "alive"),
            Row(head: "GET /readyz HTTP/1.1", expected: "call ready"),
            Row(head: "GET /docs HTTP/1.1", isLocal: false, expected: "call docs"),
            Row(head: "GET /metrics HTTP/1.1", expected: "call metrics"),
            Row(head: "GET /metrics HTTP/1.1", isLocal: false, expected: "401"),
            Row(
                head: "GET /metrics HTTP/1.1\r\nAuthorization: Bearer t", isLocal: false,
                expected: "call metrics t"),
            Row(head: "OPTIONS * HTTP/1.1", expected: "options GET, HEAD, POST, PUT, OPTIONS"),
            Row(head: "GET /files/17 HTTP/1.1\r\nAuthorization: Bearer t", expected: "getFile 17 t"),
            Row(head: "HEAD /files/17?field=x HTTP/1.1", expected: "getFile 17?field=x -"),
            Row(head: "PUT /files/17 HTTP/1.1", expected: "putFile 17 -"),
            Row(
                head: "PUT /files/17 HTTP/1.1\r\nContent-Encoding: gzip", expected: "415"),
            Row(head: "DELETE /files/17 HTTP/1.1", expected: "405 GET, HEAD, PUT, OPTIONS"),
            Row(head: "OPTIONS /files/17 HTTP/1.1", expected: "options GET, HEAD, PUT, OPTIONS"),
            Row(head: "GET /files/ HTTP/1.1", expected: "404"),
            Row(head: "GET /files HTTP/1.1", expected: "404"),
            Row(head: "GET /print/abc HTTP/1.1", isLocal: false, expected: "page abc"),
            Row(head: "HEAD /print/abc HTTP/1.1\r\nAuthorization: Bearer t", expected: "page abc"),
            Row(head: "POST /print/abc HTTP/1.1\r\n\(json)", expected: "405 GET, HEAD, OPTIONS"),
            Row(head: "GET /print/ HTTP/1.1", expected: "404"),
            Row(
                head: "GET /print/\(String(repeating: "a", count: 64)) HTTP/1.1",
                expected: "page \(String(repeating: "a", count: 64))"),
            Row(head: "GET /print/\(String(repeating: "a", count: 65)) HTTP/1.1", expected: "404"),
            Row(head: "GET /forms/abc?text=a HTTP/1.1", isLocal: false, expected: "form abc?text=a"),
            Row(head: "HEAD /forms/abc HTTP/1.1\r\nAuthorization: Bearer t", expected: "form abc"),
            Row(
                head:
                    "POST /forms/abc HTTP/1.1\r\nContent-Type: Application/x-www-form-urlencoded; charset=UTF-8",
                isLocal: false, expected: "form sent abc"),
            Row(head: "POST /forms/abc HTTP/1.1\r\n\(json)", expected: "415"),
            Row(head: "POST /forms/abc HTTP/1.1", expected: "415"),
            Row(
                head: "POST /forms/abc HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=a",
                expected: "415"),
            Row(
                head:
                    "POST /forms/abc HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip",
                expected: "415"),
            Row(head: "PUT /forms/abc HTTP/1.1", expected: "405 GET, HEAD, POST, OPTIONS"),
            Row(head: "OPTIONS /forms/abc HTTP/1.1", expected: "options GET, HEAD, POST, OPTIONS"),
            Row(head: "GET /forms/ HTTP/1.1", expected: "404"),
            Row(head: "GET /forms HTTP/1.1", expected: "404"),
            Row(
                head: "GET /forms/\(String(repeating: "a", count: 1_024)) HTTP/1.1",
                expected: "form \(String(repeating: "a", count: 1_024))"),
            Row(head: "GET /forms/\(String(repeating: "a", count: 1_025)) HTTP/1.1", expected: "404"),
            Row(head: "PUT /rpc HTTP/1.1", expected: "405 POST, OPTIONS"),
            Row(head: "OPTIONS /rpc HTTP/1.1", expected: "options POST, OPTIONS"),
            Row(head: "GET / HTTP/1.1", expected: "404"),
            Row(head: "GET /livez/ HTTP/1.1", expected: "404"),
            Row(head: "GET /LIVEZ HTTP/1.1", expected: "404"),
            Row(head: "GET /%6Civez HTTP/1.1", expected: "404"),
            Row(head: "GET //livez HTTP/1.1", expected: "404"),
            Row(head: "CONNECT a:1 HTTP/1.1", expected: "404"),
        ])
    func routing(_ row: Row) throws {
        let text =
            switch Routing.decide(try Self.request(row.head), isLocal: row.isLocal) {
            case .call(let route, nil): "call \(route)"
            case .call(let route, let token?): "call \(route) \(String(decoding: token, as: UTF8.self))"
            case .file(let route, let target, let token):
                "\(route) \(target) \(token.map { String(decoding: $0, as: UTF8.self) } ?? "-")"
            case .page(let name): "page \(name)"
            case .form(let target, let isSent): "form\(isSent ? " sent" : "") \(target)"
            case .alive: "alive"
            case .options(let allow): "options \(allow)"
            case .refused(let refusal, nil): "\(refusal.status)"
            case .refused(let refusal, let allow?): "\(refusal.status) \(allow)"
            }
        #expect(text == row.expected)
    }

    @Test(
        "addresses are read and shown",
        arguments: [
            ("127.0.0.1:8443", "127.0.0.1:8443", true), ("localhost:0", "127.0.0.1:0", true),
            ("[::1]:443", "[::1]:443", true), ("[2001:db8::7]:1", "[2001:db8::7]:1", false),
            ("10.1.2.3:65535", "10.1.2.3:65535", false), ("[::ffff:127.0.0.1]:5", "127.0.0.1:5", true),
        ])
    func addresses(_ text: String, _ shown: String, _ isLoopback: Bool) throws {
        let address = try #require(SocketAddress(text))
        #expect(address.description == shown)
        #expect(address.isLoopback == isLoopback)
    }

    @Test(
        "what is no address is refused",
        arguments: ["", "127.0.0.1", "1.2.3:4", "a:1", "::1:80", "1.2.3.4:65536", "[::1]"])
    func noAddresses(_ text: String) { #expect(SocketAddress(text) == nil) }

    @Test("the census admits to the limits, by /64 for IPv6, and forgets who has left")
    func census() throws {
        var limits = GatewayLimits()
        limits.connections = 3
        limits.connectionsPerSource = 2
        let census = ConnectionCensus(limits: limits)
        let source = { (text: String) throws in ConnectionCensus.Source(try #require(SocketAddress(text))) }
        let one = try source("[2001:db8::1]:1")
        #expect(try source("[2001:db8::2]:9") == one)
        #expect(try source("[2001:db8:0:1::1]:1") != one)
        #expect(census.admit(one) == .admitted && census.admit(one) == .admitted)
        #expect(census.admit(one) == .sourceFull)
        #expect(census.admit(try source("10.0.0.1:1")) == .admitted)
        #expect(census.admit(try source("10.0.0.2:1")) == .full)
        census.release(one)
        #expect(census.admit(one) == .admitted)
        #expect(census.total == 3)
    }

    @Test("log lines about clients are so many a second, and what is left out is counted")
    func lineBudget() {
        var budget = LineBudget()
        for _ in 0..<20 { #expect(budget.take(now: 5_000) == 0) }
        for _ in 0..<7 { #expect(budget.take(now: 5_999) == nil) }
        #expect(budget.take(now: 6_000) == 7)
        #expect(budget.take(now: 6_001) == 0)
    }

    @Test("request ids are 15 characters and differ; a client's own is taken up to 128 visible ones")
    func requestIDs() {
        var source = RequestIDSource()
        let ids = (0..<1_000).map { _ in source.next() }
        #expect(Set(ids).count == 1_000)
        #expect(ids.allSatisfy { $0.utf8.count == 15 && RequestIDSource.accepted(Array($0.utf8)[...]) == $0 })
        let longest = [UInt8](repeating: 0x21, count: 128)
        #expect(RequestIDSource.accepted(longest[...]) != nil)
        for refused in [longest + [0x21], [], [0x20], [0x7F], [0x0A], [0xC3, 0xA4]] {
            #expect(RequestIDSource.accepted(refused[...]) == nil)
        }
    }

    @Test(
        "an error body is JSON whatever the request id",
        arguments: [401, 404, 413, 429, 503, 400, 505] as [UInt16])
    func errorBody(_ status: UInt16) throws {
        let id = #"a"b\c"#
        let body = ErrorBody.render(status: status, message: "x is not exactly \"chunked\"", requestID: id)
        let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        let error = try #require(object?["error"] as? [String: Any])
        #expect((error["data"] as? [String: Any])?["request_id"] as? String == id)
        #expect(error["message"] as? String == "x is not exactly \"chunked\"")
        #expect((error["code"] as? Int).map { (-32_700 ... -32_001).contains($0) } == true)
        #expect(object?["id"] is NSNull && object?["jsonrpc"] as? String == "2.0")
    }

    @Test("a body buys its time by what has come of it, up to the limit")
    func bodyPatience() {
        let limits = GatewayLimits()
        let patience = { (received: Int) in ClientConnection.bodyPatience(received: received, limits) }
        #expect(patience(0) == 5_000)
        #expect(patience(2_500) == 5_000)
        #expect(patience(3_000) == 6_000)
        #expect(patience(8 << 20) == 30_000)
    }
}
