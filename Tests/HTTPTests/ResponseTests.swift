import Testing

@testable import HTTP

@Suite("Responses")
struct ResponseTests {
    static func written(
        _ status: UInt16 = 200, body: String = "{}",
        _ change: (inout HTTPResponseWriter.Options) -> Void = { _ in }
    ) -> String {
        var writer = HTTPResponseWriter()
        var options = HTTPResponseWriter.Options(contentType: "application/json")
        change(&options)
        var bytes: [UInt8] = []
        writer.write(
            status: status, body: Array(body.utf8)[...], options: options, now: 784_111_777, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("an answer has its length, its date and every security field")
    func whole() {
        #expect(
            Self.written { $0.requestID = "r-1" } == """
                HTTP/1.1 200 OK\r
                Date: Sun, 06 Nov 1994 08:49:37 GMT\r
                Content-Type: application/json\r
                Cache-Control: no-store\r
                X-Content-Type-Options: nosniff\r
                Strict-Transport-Security: max-age=63072000\r
                Referrer-Policy: no-referrer\r
                Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r
                X-Request-Id: r-1\r
                Content-Length: 2\r
                \r
                {}
                """)
    }

    @Test("HEAD is told the length and gets no body; 204 has neither")
    func withoutBody() {
        let head = Self.written(body: "12345") { $0.omitsBody = true }
        #expect(head.contains("Content-Length: 5\r\n") && head.hasSuffix("\r\n\r\n"))
        let nothing = Self.written(204, body: "") { $0.contentType = nil }
        #expect(
            !nothing.contains("Content-Length") && !nothing.contains("Content-Type:")
                && nothing.hasSuffix("\r\n\r\n"))
    }

    @Test("what an answer needs beside is said: Allow, Retry-After, close, the scheme that would help")
    func extras() {
        #expect(Self.written(405) { $0.allow = "POST" }.contains("\r\nAllow: POST\r\n"))
        #expect(Self.written(503) { $0.retryAfterSeconds = 120 }.contains("\r\nRetry-After: 120\r\n"))
        #expect(Self.written(400) { $0.keepsAlive = false }.contains("\r\nConnection: close\r\n"))
        #expect(Self.written(401).contains("\r\nWWW-Authenticate: Bearer\r\n"))
        #expect(!Self.written().contains("Connection:"))
    }

    @Test(
        "dates are right across months and leap years",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (1_709_251_200, "Fri, 01 Mar 2024 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
        ] as [(Int64, String)])
    func dates(_ seconds: Int64, _ text: String) {
        #expect(String(decoding: HTTPDate.render(seconds), as: UTF8.self) == text)
    }

    @Test("what is written is read back, at every split")
    func roundTrip() {
        let bytes = Array(Self.written(body: "hello") { $0.requestID = "abc" }.utf8)
        for cut in 0...bytes.count {
            var reader = HTTPResponseReader()
            var responses: [HTTPResponse] = []
            for piece in [bytes[..<cut], bytes[cut...]] {
                reader.append(piece)
                if case .response(let response) = reader.next() { responses.append(response) }
            }
            #expect(responses.count == 1, "cut at \(cut)")
            #expect(responses.first?.status == 200)
            #expect(responses.first?.body == Array("hello".utf8))
            #expect(responses.first?.fields.text("x-request-id") == "abc")
        }
    }

    static func read(_ text: String, _ asked: HTTPResponseReader.Asked = .withBody, ends: Bool = false)
        -> String
    {
        var reader = HTTPResponseReader()
        reader.append(Array(text.utf8)[...])
        if ends { reader.end() }
        switch reader.next(asked) {
        case .needsMore: return "more"
        case .refused(let refusal): return "refused \(refusal.status)"
        case .response(let response):
            return
                "\(response.status) \(String(decoding: response.body, as: UTF8.self)) \(response.keepsAlive)"
        }
    }

    @Test("a body ends by length, by chunks, or with the connection")
    func bodies() {
        #expect(Self.read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi") == "200 hi true")
        #expect(
            Self.read("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
                == "200 hi true")
        #expect(Self.read("HTTP/1.1 200 OK\r\n\r\nhi") == "more")
        #expect(Self.read("HTTP/1.1 200 OK\r\n\r\nhi", ends: true) == "200 hi false")
        #expect(Self.read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n") == "204  true")
        #expect(Self.read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", .headOnly) == "200  true")
        #expect(Self.read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n") == "200  false")
    }

    @Test(
        "a response that cannot be one is refused",
        arguments: [
            "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 600 No\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n",
            "220 smtp ready\r\n",
            "HTTP/1.1 200 OK\n\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        ])
    func refused(_ text: String) { #expect(Self.read(text).hasPrefix("refused")) }

    @Test("a response cut off by the end of the connection is refused")
    func truncated() {
        #expect(Self.read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", ends: true) == "refused 400")
    }
}
