import TestRandom
import Testing

@testable import HTTP

/// What a reader made of some bytes, in a form that can be compared.
struct Reading: Equatable, CustomStringConvertible {
    var requests: [String] = []
    var refusal: UInt16?
    var isIdle = false

    init(_ pieces: [ArraySlice<UInt8>], limits: HTTPLimits = .standard) {
        var reader = HTTPRequestReader(limits: limits)
        for piece in pieces {
            reader.append(piece)
            reading: while true {
                switch reader.next() {
                case .needsMore: break reading
                case .awaitsContinue: continue
                case .refused(let refusal):
                    self.refusal = refusal.status
                    break reading
                case .head, .piece, .end: requests.append("streamed")
                case .request(let request): requests.append(Self.describe(request))
                }
            }
        }
        isIdle = reader.phase == .idle
    }

    init(_ text: String, limits: HTTPLimits = .standard) {
        self.init([Array(text.utf8)[...]], limits: limits)
    }

    static func describe(_ request: HTTPRequest) -> String {
        let fields = request.fields.all.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
        return "\(request.method) \(request.path) ?\(request.query ?? "-") \(request.keepsAlive) [\(fields)] "
            + String(decoding: request.body, as: UTF8.self)
    }

    var description: String { "\(requests) refusal \(refusal.map(String.init) ?? "none") idle \(isIdle)" }
}

@Suite("Requests: what is read")
struct RequestReadingTests {
    static let streams = [
        "GET /livez HTTP/1.1\r\nHost: crm\r\n\r\n",
        "\r\nHEAD /readyz?a=b%20c HTTP/1.1\r\nHost: crm:8443\r\nConnection: close\r\n\r\n",
        "POST /rpc HTTP/1.1\r\nHost: [::1]:8443\r\nContent-Length: 11\r\nX-A:  two words \t\r\n\r\nhello world"
            + "GET /next HTTP/1.1\r\nhOsT:crm\r\n\r\n",
        "POST /rpc HTTP/1.1\r\nHost: crm\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n6;name=\"v\"\r\n world\r\n"
            + "0\r\nTrailer: dropped\r\nAnother: one\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: crm\r\n\r\n",
        "POST /rpc HTTP/1.1\r\nHost: crm\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
        "POST /rpc HTTP/1.1\r\nHost: crm\r\nContent-Length: 0\r\n\r\nPOST /rpc HTTP/1.0\r\nContent-Length: 1\r\n\r\nx",
        "GET https://crm.example:1/a?b HTTP/1.1\r\nHost: other\r\n\r\nGET /x HTTP/1.1\r\nHost : bad\r\n\r\n",
        "POST /rpc HTTP/1.1\r\nHost: crm\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
    ]

    @Test("every split of a stream in two gives the same requests", arguments: streams)
    func everySplit(_ stream: String) {
        let bytes = Array(stream.utf8)
        let whole = Reading([bytes[...]])
        #expect(!whole.requests.isEmpty || whole.refusal != nil)
        for cut in 0...bytes.count {
            #expect(Reading([bytes[..<cut], bytes[cut...]]) == whole, "cut at \(cut)")
        }
        #expect(Reading(bytes.indices.map { bytes[$0...$0] }) == whole, "byte by byte")
    }

    @Test("every split in three of a chunked request gives the same request")
    func everySplitInThree() {
        let bytes = Array(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n".utf8)
        let whole = Reading([bytes[...]])
        #expect(whole.requests.count == 1)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]]
                #expect(Reading(pieces) == whole, "cut at \(first) and \(second)")
            }
        }
    }

    @Test("path, query, fields and body come out as they were sent")
    func parts() throws {
        var reader = HTTPRequestReader()
        reader.append(Array(Self.streams[2].utf8)[...])
        guard case .request(let request) = reader.next() else {
            Issue.record("no request")
            return
        }
        #expect(request.method == .post)
        #expect(request.hasPath("/rpc") && !request.hasPath("/rp") && !request.hasPath("/rpc/"))
        #expect(request.query == nil)
        #expect(request.fields.text("x-a") == "two words")
        #expect(request.fields.text("HOST") == "[::1]:8443")
        #expect(request.fields.count == 3)
        #expect(request.fields.only("absent") == nil)
        #expect(request.body == Array("hello world".utf8))
        #expect(reader.phase == .head)
    }

    @Test("pipelined requests come out one by one and in order")
    func pipelined() {
        let one = { (number: Int) in "GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n" }
        let reading = Reading((0..<50).map(one).joined())
        #expect(reading.requests.count == 50)
        #expect(reading.requests[49].contains("/49"))
        #expect(reading.isIdle)
    }

    struct Persistence: Sendable {
        let version: String
        let connection: String?
        let keepsAlive: Bool
    }

    @Test(
        "a connection is kept by HTTP/1.1 unless one side says close",
        arguments: [
            Persistence(version: "1.1", connection: nil, keepsAlive: true),
            Persistence(version: "1.1", connection: "keep-alive", keepsAlive: true),
            Persistence(version: "1.1", connection: "close", keepsAlive: false),
            Persistence(version: "1.1", connection: "TE , CLOSE", keepsAlive: false),
            Persistence(version: "1.1", connection: "closed", keepsAlive: true),
            Persistence(version: "1.0", connection: nil, keepsAlive: false),
            Persistence(version: "1.0", connection: "keep-alive", keepsAlive: false),
            Persistence(version: "1.9", connection: nil, keepsAlive: true),
        ])
    func persistence(_ row: Persistence) {
        let field = row.connection.map { "Connection: \($0)\r\n" } ?? ""
        let reading = Reading("GET / HTTP/\(row.version)\r\nHost: a\r\n\(field)\r\n")
        #expect(reading.requests.first?.contains(" \(row.keepsAlive) ") == true, "\(reading)")
    }

    @Test("a client that expects it is told once to continue, unless the body is here already")
    func expectation() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n"
        var reader = HTTPRequestReader()
        reader.append(Array(head.utf8)[...])
        guard case .awaitsContinue = reader.next(), case .needsMore = reader.next() else {
            Issue.record("not told once")
            return
        }
        #expect(reader.phase == .body(receivedBytes: 0))
        reader.append(Array("{}".utf8)[...])
        guard case .request = reader.next() else {
            Issue.record("no request")
            return
        }
        var early = HTTPRequestReader()
        early.append(Array((head + "{}").utf8)[...])
        guard case .request = early.next() else {
            Issue.record("told although the body was here")
            return
        }
    }
}

@Suite("Requests: what is refused")
struct RequestRefusalTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let status: UInt16
        let text: String
        var testDescription: String { "\(status): \(name)" }

        init(_ status: UInt16, _ name: String, _ text: String) {
            self.name = name
            self.status = status
            self.text = text
        }

        init(_ status: UInt16, _ name: String, fields: String, body: String = "") {
            self.init(status, name, "POST /rpc HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)")
        }

        init(_ status: UInt16, _ name: String, line: String) {
            self.init(status, name, "\(line)\r\nHost: a\r\n\r\n")
        }
    }

    static let rows: [Row] = [
        // Where a request ends: what makes two readers disagree.
        Row(400, "length and coding", fields: "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
        Row(400, "coding and length", fields: "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"),
        Row(400, "two lengths that differ", fields: "Content-Length: 4\r\nContent-Length: 5\r\n"),
        Row(400, "two lengths that agree", fields: "Content-Length: 4\r\nContent-Length: 4\r\n"),
        Row(400, "a list of lengths", fields: "Content-Length: 4, 4\r\n"),
        Row(400, "length with a sign", fields: "Content-Length: +4\r\n"),
        Row(400, "negative length", fields: "Content-Length: -4\r\n"),
        Row(400, "hexadecimal length", fields: "Content-Length: 0x4\r\n"),
        Row(400, "length with a space inside", fields: "Content-Length: 1 0\r\n"),
        Row(400, "empty length", fields: "Content-Length:\r\n"),
        Row(400, "full-width digit", fields: "Content-Length: \u{FF11}\r\n"),
        Row(413, "length beyond 64 bits", fields: "Content-Length: 99999999999999999999999\r\n"),
        Row(400, "unknown coding", fields: "Transfer-Encoding: gzip\r\n"),
        Row(400, "two codings", fields: "Transfer-Encoding: gzip, chunked\r\n"),
        Row(400, "chunked twice in one field", fields: "Transfer-Encoding: chunked, chunked\r\n"),
        Row(
            400, "chunked twice in two fields",
            fields: "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        Row(400, "chunked with a vertical tab", fields: "Transfer-Encoding: \u{B}chunked\r\n"),
        Row(400, "chunked misspelt", fields: "Transfer-Encoding: xchunked\r\n"),
        Row(400, "empty coding", fields: "Transfer-Encoding:\r\n"),
        Row(400, "coding under HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Row(411, "no length", fields: ""),
        Row(417, "another expectation", fields: "Content-Length: 1\r\nExpect: 200-ok\r\n"),
        // Lines and fields.
        Row(400, "bare line feed after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        Row(400, "bare line feed after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n"),
        Row(400, "bare line feed as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        Row(400, "bare carriage return in a value", fields: "Content-Length: 0\r\nX: a\rb\r\n"),
        Row(400, "NUL in a value", fields: "Content-Length: 0\r\nX: a\u{0}b\r\n"),
        Row(400, "DEL in a value", fields: "Content-Length: 0\r\nX: a\u{7F}b\r\n"),
        Row(400, "folded line", fields: "Content-Length: 0\r\nX: a\r\n b\r\n"),
        Row(400, "folded line with a tab", fields: "Content-Length: 0\r\nX: a\r\n\tb\r\n"),
        Row(400, "space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        Row(400, "space before the colon", fields: "Content-Length : 0\r\n"),
        Row(400, "tab before the colon", fields: "Content-Length\t: 0\r\n"),
        Row(400, "no colon", fields: "Content-Length 0\r\n"),
        Row(400, "no name", fields: ": 0\r\n"),
        Row(400, "bracket in a name", fields: "Content[Length]: 0\r\n"),
        Row(400, "byte above 0x7F in a name", fields: "Contént: 0\r\n"),
        // Host.
        Row(400, "no host", "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"),
        Row(400, "two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        Row(400, "two hosts under HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
        Row(400, "host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        Row(400, "host with a user", "GET / HTTP/1.1\r\nHost: me@a\r\n\r\n"),
        Row(400, "host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        // The request line.
        Row(400, "no version", line: "GET /"),
        Row(400, "two spaces", line: "GET  / HTTP/1.1"),
        Row(400, "space at the end", line: "GET / HTTP/1.1 "),
        Row(400, "tab for a space", line: "GET\t/ HTTP/1.1"),
        Row(400, "space in the target", line: "GET /a b HTTP/1.1"),
        Row(400, "lower-case version", line: "GET / http/1.1"),
        Row(400, "version without a minor", line: "GET / HTTP/1"),
        Row(400, "version with two digits", line: "GET / HTTP/1.10"),
        Row(505, "HTTP/2", line: "GET / HTTP/2.0"),
        Row(505, "HTTP/0.9", line: "GET / HTTP/0.9"),
        Row(505, "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Row(400, "method that is no token", line: "G(T / HTTP/1.1"),
        Row(400, "no method", line: " / HTTP/1.1"),
        Row(400, "two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Row(400, "target without a slash", line: "GET rpc HTTP/1.1"),
        Row(400, "target with a fragment", line: "GET /#a HTTP/1.1"),
        Row(400, "target with a backslash", line: "GET /a\\b HTTP/1.1"),
        Row(400, "target with a control", line: "GET /\u{1} HTTP/1.1"),
        Row(400, "target beyond ASCII", line: "GET /ß HTTP/1.1"),
        Row(400, "half an escape", line: "GET /%4 HTTP/1.1"),
        Row(400, "escape that is none", line: "GET /%zz HTTP/1.1"),
        Row(400, "asterisk for another method", line: "GET * HTTP/1.1"),
        Row(400, "absolute target without a host", line: "GET https:///a HTTP/1.1"),
        Row(400, "absolute target of another scheme", line: "GET ftp://a/b HTTP/1.1"),
    ]

    @Test("each has its status, however it is cut", arguments: rows)
    func refused(_ row: Row) {
        let bytes = Array(row.text.utf8)
        let whole = Reading([bytes[...]])
        #expect(whole.refusal == row.status)
        #expect(whole.requests.isEmpty)
        #expect(Reading(bytes.indices.map { bytes[$0...$0] }) == whole)
    }

    @Test(
        "a chunked body that breaks its grammar is refused",
        arguments: [
            "\r\n", "g\r\n", "0x1\r\na\r\n", "-1\r\n", "+1\r\n", " 1\r\na\r\n", "1 \r\na\r\n",
            "1 ;x\r\na\r\n",
            "000000001\r\na\r\n", "1\na\r\n", "1\r\nab\r\n", "1\r\na\n", "1\r\na\rX", "2\r\na\r\n0\r\n\r\n",
            "1;\u{0}\r\na\r\n",
            "0\r\n folded\r\n\r\n", "0\r\nno colon\r\n\r\n", "0\r\nA : b\r\n\r\n", "0\r\nA: b\n\r\n",
        ])
    func badChunks(_ body: String) {
        let head = "POST /rpc HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let bytes = Array((head + body).utf8)
        let whole = Reading([bytes[...]])
        #expect(whole.refusal == 400, "\(whole)")
        #expect(Reading(bytes.indices.map { bytes[$0...$0] }) == whole)
    }

    @Test("after a refusal nothing more is a request")
    func staysRefused() {
        let reading = Reading("GET /\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(reading.requests.isEmpty && reading.refusal == 400)
    }

    @Test("random bytes, and real requests with a few bytes changed, never crash the reader")
    func random() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("requests: seed \(seed)")
        var generator = SeededRandom(seed)
        for round in 0..<6_000 {
            var bytes: [UInt8]
            if round.isMultiple(of: 3) {
                bytes = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
            } else {
                bytes = Array(RequestReadingTests.streams[round % RequestReadingTests.streams.count].utf8)
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
            }
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            let whole = Reading([bytes[...]])
            #expect(
                Reading([bytes[..<cut], bytes[cut...]]) == whole, "seed \(seed), round \(round), cut \(cut)")
        }
    }
}

@Suite("Requests: limits")
struct RequestLimitTests {
    @Test("a target of the limit is taken, one byte more is 414")
    func target() {
        for (count, refusal) in [(8 << 10, nil), ((8 << 10) + 1, 414)] as [(Int, UInt16?)] {
            let target = "/" + String(repeating: "a", count: count - 1)
            #expect(Reading("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").refusal == refusal)
        }
        #expect(
            Reading("GET /" + String(repeating: "a", count: 9_000)).refusal == 414, "without any line end")
    }

    @Test("a head of the limit is taken, one byte more is 431")
    func head() {
        let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".utf8.count
        for (extra, refusal) in [(0, nil), (1, 431)] as [(Int, UInt16?)] {
            let value = String(repeating: "v", count: (32 << 10) - frame + extra)
            #expect(Reading("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\r\n\r\n").refusal == refusal)
        }
        let endless = "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "v", count: 40_000)
        #expect(Reading(endless).refusal == 431, "without any line end")
    }

    @Test("so many fields are taken, one more is 431")
    func fields() {
        for (count, refusal) in [(99, nil), (100, 431)] as [(Int, UInt16?)] {
            let fields = String(repeating: "X: y\r\n", count: count)
            #expect(Reading("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n").refusal == refusal)
        }
    }

    @Test("trailers count with the fields")
    func trailers() {
        for (count, refusal) in [(98, nil), (99, 431)] as [(Int, UInt16?)] {
            let trailers = String(repeating: "X: y\r\n", count: count)
            let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            #expect(Reading("\(head)0\r\n\(trailers)\r\n").refusal == refusal)
        }
    }

    @Test("a body of the limit is taken, one byte more is 413, by both ways of framing")
    func body() {
        var limits = HTTPLimits.standard
        limits.bodyBytes = 100
        for (count, refusal) in [(100, nil), (101, 413)] as [(Int, UInt16?)] {
            let body = String(repeating: "b", count: count)
            let counted = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n\(body)"
            #expect(Reading(counted, limits: limits).refusal == refusal)
            let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            let halves =
                "32\r\n\(body.prefix(50))\r\n\(String(count - 50, radix: 16))\r\n\(body.dropFirst(50))\r\n"
            #expect(Reading("\(head)\(halves)0\r\n\r\n", limits: limits).refusal == refusal)
        }
        #expect(Reading("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n").refusal == nil)
        #expect(Reading("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8388609\r\n\r\n").refusal == 413)
        let huge = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"
        #expect(Reading(huge).refusal == 413, "before any of it has come")
    }

    @Test("chunk extensions cannot be sent without end")
    func extensions() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let chunk = "1;" + String(repeating: "e", count: 1_000) + "\r\na\r\n"
        #expect(Reading(head + String(repeating: chunk, count: 30) + "0\r\n\r\n").refusal == nil)
        #expect(Reading(head + String(repeating: chunk, count: 40) + "0\r\n\r\n").refusal == 431)
    }

    @Test("a method of 32 characters is taken, one more is refused")
    func method() {
        for (count, refusal) in [(32, nil), (33, 400)] as [(Int, UInt16?)] {
            let method = String(repeating: "M", count: count)
            #expect(Reading("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n").refusal == refusal)
        }
    }
}
