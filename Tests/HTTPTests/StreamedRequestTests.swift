import Testing

@testable import HTTP

@Suite("Requests: bodies that come in pieces")
struct StreamedRequestTests {
    /// What came, in a form that can be compared: pieces of one body are joined.
    private func read(_ pieces: [ArraySlice<UInt8>]) -> [String] {
        var reader = HTTPRequestReader(
            limits: HTTPLimits(headBytes: 1 << 10, fields: 10, targetBytes: 100, bodyBytes: 4),
            streams: { $0.method == .put })
        var seen: [String] = []
        var body = ""
        for piece in pieces {
            reader.append(piece)
            reading: while true {
                switch reader.next() {
                case .needsMore: break reading
                case .awaitsContinue: seen.append("continue")
                case .refused(let refusal):
                    // Refused once is refused for good, and said at every question.
                    if seen.last != "refused \(refusal.status)" { seen.append("refused \(refusal.status)") }
                    break reading
                case .request(let request): seen.append("request \(request.path)")
                case .head(let request, let length, _):
                    seen.append("head \(request.path) \(length.map(String.init) ?? "unknown")")
                    body = ""
                case .piece(let bytes): body += String(decoding: bytes, as: UTF8.self)
                case .end: seen.append("body \(body)")
                }
            }
        }
        return seen
    }

    static let streams: [(String, [String])] = [
        (
            "PUT /files/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello worldGET /x HTTP/1.1\r\nHost: a\r\n\r\n",
            ["head /files/1 11", "body hello world", "request /x"]
        ),
        (
            "PUT /f HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nA: b\r\n\r\n"
                + "PUT /g HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            ["head /f unknown", "body hello world", "head /g 0", "body "]
        ),
        (
            "PUT /f HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
            ["head /f unknown", "refused 400"]
        ),
        ("PUT /f HTTP/1.1\r\nHost: a\r\n\r\n", ["refused 411"]),
        ("POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", ["refused 413"]),
    ]

    @Test("every split gives the same; the limit of bodies is not theirs", arguments: streams)
    func everySplit(_ stream: String, _ expected: [String]) {
        let bytes = Array(stream.utf8)
        #expect(read([bytes[...]]) == expected)
        for split in bytes.indices {
            #expect(read([bytes[..<split], bytes[split...]]) == expected, "split at \(split)")
        }
        #expect(read(bytes.indices.map { bytes[$0...$0] }) == expected, "byte by byte")
    }

    @Test("of a body that comes in pieces nothing is kept")
    func nothingKept() {
        var reader = HTTPRequestReader(streams: { _ in true })
        reader.append(Array("PUT /f HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n".utf8)[...])
        guard case .head = reader.next() else {
            Issue.record("no head")
            return
        }
        for _ in 0..<100 {
            reader.append([UInt8](repeating: 7, count: 5_000)[...])
            guard case .piece(let piece) = reader.next() else {
                Issue.record("no piece")
                return
            }
            #expect(piece.count == 5_000)
            #expect(reader.bufferedBytes == 0)
        }
        #expect(reader.phase == .body(receivedBytes: 500_000))
    }
}
