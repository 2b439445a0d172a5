import Wire

/// Files over the administrators' socket: the frames that the network process uses, too.
extension SocketClient: FileClient {
    package func putFile(
        _ target: String, length: Int64, mediaType: String, sha256: [UInt8],
        next: () throws(AdminError) -> [UInt8]
    ) throws(AdminError) -> [UInt8] {
        var file = FileCall(target: target)
        file.length = UInt64(clamping: length)
        file.contentType = mediaType
        file.digest = FileDigest.field(sha256)
        let callID = try begin(.putFile, file)
        var credit = 0
        var rest: ArraySlice<UInt8> = []
        var isWhole = false
        while true {
            while credit <= 0 || isWhole {
                let frame = try nextFrame(of: callID)
                if let answer = try answer(in: frame) { return answer }
                if frame.kind == .credit {
                    credit += try wired { () throws(WireError) in try frame.credit() }
                }
            }
            if rest.isEmpty { rest = try next()[...] }
            if rest.isEmpty {
                try transmit(Frame(kind: .end, callID: callID))
                isWhole = true
                continue
            }
            let part = rest.prefix(min(credit, FileCall.pieceBytes))
            try transmit(Frame(kind: .data, callID: callID, payload: Array(part)))
            rest = rest.dropFirst(part.count)
            credit -= part.count
        }
    }

    package func getFile(
        _ target: String, begin started: (FileFacts) throws(AdminError) -> Void,
        take: ([UInt8]) throws(AdminError) -> Void
    ) throws(AdminError) {
        let callID = try begin(.getFile, FileCall(target: target))
        let reply = try nextFrame(of: callID)
        _ = try answer(in: reply)
        let head = try wired { () throws(WireError) in
            try FileHead(decoding: try ReplyFrame.split(reply).body)
        }
        try started(
            FileFacts(length: Int64(clamping: head.length)) { name in
                head.fields.first { $0.name.lowercased() == name }?.value
            })
        var left = Int64(clamping: head.length)
        if left > 0 { try transmit(.credit(FileCall.windowBytes, callID: callID)) }
        while left > 0 {
            let frame = try nextFrame(of: callID)
            guard frame.kind == .data, Int64(frame.payload.count) <= left else {
                throw AdminError("the kernel broke off before the file was whole")
            }
            try take(frame.payload)
            left -= Int64(frame.payload.count)
            try transmit(.credit(frame.payload.count, callID: callID))
        }
    }

    private func begin(_ route: Route, _ file: FileCall) throws(AdminError) -> UInt64 {
        let callID = takeCallID()
        var bytes: [UInt8] = []
        callFrame(route, file.encode(), callID).encode(callID: callID, into: &bytes)
        try transmit(bytes)
        return callID
    }

    private func transmit(_ frame: Frame) throws(AdminError) {
        var bytes: [UInt8] = []
        frame.encode(into: &bytes)
        try transmit(bytes)
    }

    private func nextFrame(of callID: UInt64) throws(AdminError) -> Frame {
        while true {
            let frame = try anyFrame()
            if frame.callID == callID { return frame }
        }
    }

    /// The body of a reply that is no file; nil for any other frame.
    private func answer(in frame: Frame) throws(AdminError) -> [UInt8]? {
        guard frame.kind == .reply else { return nil }
        let reply = try wired { () throws(WireError) in try ReplyFrame(decoding: frame) }
        guard reply.status < 300 else { throw Conversation.refusal(of: reply.body, status: reply.status) }
        return reply.contentKind == .file ? nil : reply.body
    }

    private func wired<R>(_ body: () throws(WireError) -> R) throws(AdminError) -> R {
        do throws(WireError) { return try body() } catch {
            throw AdminError("the kernel's answer cannot be read: \(error)")
        }
    }
}
