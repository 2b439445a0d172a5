import HTTP

/// Files over HTTPS, each on a connection of its own: `PUT` and `GET /files/{id}`.
extension HTTPSClient: FileClient {
    package func putFile(
        _ target: String, length: Int64, mediaType: String, sha256: [UInt8],
        next: () throws(AdminError) -> [UInt8]
    ) throws(AdminError) -> [UInt8] {
        var head = "PUT /files/\(target) HTTP/1.1\r\nHost: \(address.authority)\r\n\(authorization)"
        head += "Content-Length: \(length)\r\nContent-Digest: \(FileDigest.field(sha256))\r\n"
        if !mediaType.isEmpty { head += "Content-Type: \(mediaType)\r\n" }
        head += "Expect: 100-continue\r\nConnection: close\r\n\r\n"
        var open = try connect(until: .now + patience)
        try write(Array(head.utf8), to: open, until: .now + patience)
        // A file that is not wanted is refused before it is sent.
        if let first = try interim(&open) {
            open.reader.append(first[...])
        } else {
            while true {
                let piece = try next()
                guard !piece.isEmpty else { break }
                try write(piece, to: open, until: .now + patience)
            }
        }
        let response = try whole(&open)
        guard response.status < 300 else {
            throw Conversation.refusal(of: response.body, status: response.status)
        }
        return response.body
    }

    package func getFile(
        _ target: String, begin: (FileFacts) throws(AdminError) -> Void,
        take: ([UInt8]) throws(AdminError) -> Void
    ) throws(AdminError) {
        let head = "GET /files/\(target) HTTP/1.1\r\nHost: \(address.authority)\r\n\(authorization)"
        var open = try connect(until: .now + patience)
        try write(Array((head + "Connection: close\r\n\r\n").utf8), to: open, until: .now + patience)
        let response = try whole(&open, .headOnly)
        let length = response.fields.only("content-length").flatMap {
            Int64(String(decoding: $0, as: UTF8.self))
        }
        guard var left = length else {
            throw AdminError("the answer of \(place) does not say how long it is")
        }
        var body: [UInt8] = []
        let isFile = response.status < 300
        if isFile {
            try begin(
                FileFacts(length: left) { name in
                    let value =
                        switch name {
                        case "content-disposition": response.fields.only("content-disposition")
                        case "etag": response.fields.only("etag")
                        default: nil as ArraySlice<UInt8>?
                        }
                    return value.map { String(decoding: $0, as: UTF8.self) }
                })
        }
        var piece = open.reader.takeRest()
        while left > 0 {
            if piece.isEmpty {
                guard let bytes = try read(from: open, until: .now + patience) else {
                    throw AdminError("\(place) broke off before the file was whole")
                }
                piece = bytes
            }
            guard Int64(piece.count) <= left else { throw AdminError("\(place) sent more than it announced") }
            left -= Int64(piece.count)
            if isFile { try take(piece) } else { body += piece }
            guard isFile || body.count < 1 << 20 else { break }
            piece = []
        }
        guard isFile else { throw Conversation.refusal(of: body, status: response.status) }
    }

    /// Waits for `100 Continue`.
    ///
    /// - Returns: nil when it has come; the first bytes of another answer.
    private func interim(_ open: inout Connection) throws(AdminError) -> [UInt8]? {
        var bytes: [UInt8] = []
        let mark = Array("HTTP/1.1 100".utf8)
        while true {
            guard let more = try read(from: open, until: .now + patience) else {
                throw Self.closedBeforeAnswer
            }
            bytes += more
            if bytes.count >= mark.count, !bytes.starts(with: mark) { return bytes }
            if bytes.count >= 4, bytes.suffix(4) == Array("\r\n\r\n".utf8)[...] { return nil }
        }
    }

    private func whole(
        _ open: inout Connection, _ asked: HTTPResponseReader.Asked = .withBody
    ) throws(AdminError) -> HTTPResponse {
        while true {
            switch open.reader.next(asked) {
            case .response(let response): return response
            case .refused(let refusal):
                throw AdminError("the answer of \(place) is not HTTP: \(refusal.reason)")
            case .needsMore: break
            }
            guard let bytes = try read(from: open, until: .now + patience) else {
                open.reader.end()
                continue
            }
            open.reader.append(bytes[...])
        }
    }
}
