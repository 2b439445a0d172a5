/// What a call asks of the kernel: the HTTP route it came by, or would have come by.
package enum Route: UInt8, Sendable, CaseIterable {
    /// A JSON-RPC call or batch; the body is the JSON text, unread.
    case rpc = 1
    /// The kernel's metrics as Prometheus text.
    case metrics = 2
    /// Whether a call would be answered now: status 200 or 503.
    case ready = 3
    /// The page that shows the methods.
    case docs = 4
    /// A file of a record is fetched; the body is a `FileCall`.
    case getFile = 5
    /// A file of a record is sent; the body is a `FileCall`, the file follows as data.
    case putFile = 6
    /// A printed page is fetched; the body is the name of its link.
    case page = 7
    /// A public form is fetched or sent; the body is a `FormCall`.
    case form = 8
}

/// One request as the kernel receives it: who is asked for, by whom, until when, and the body as it came.
///
/// Payload: `u8` route, `u8` flags (bit 0: a token follows), `u32` deadline, request id, peer and token each
/// behind a `u16` length, then the body to the end of the frame.
package struct CallFrame: Equatable, Sendable {
    /// The largest body of a call; the rest of a frame is room for what stands before it.
    package static let maximumBodyBytes = 8 << 20

    package var route: Route
    /// Names this request in logs and errors; visible ASCII, at most 128 characters.
    package var requestID: String
    /// The bearer token, without "Bearer"; nil where none was sent.
    package var token: [UInt8]?
    /// Address and port of the client, for audit and throttling: "192.0.2.7:50312", "[2001:db8::1]:443"; "local"
    /// for a caller on a Unix socket.
    package var peer: String
    /// What is left of the request's time when the frame leaves, in milliseconds; zero means no limit.
    package var deadlineMilliseconds: UInt32
    package var body: [UInt8]

    package init(
        route: Route = .rpc, requestID: String, token: [UInt8]? = nil, peer: String,
        deadlineMilliseconds: UInt32 = 0,
        body: [UInt8]
    ) {
        self.route = route
        self.requestID = requestID
        self.token = token
        self.peer = peer
        self.deadlineMilliseconds = deadlineMilliseconds
        self.body = body
    }

    /// Appends the call as one frame.
    package func encode(callID: UInt64, into buffer: inout [UInt8]) {
        buffer.reserveCapacity(
            buffer.count + Frame.headerBytes + 12 + requestID.utf8.count + peer.utf8.count
                + (token?.count ?? 0)
                + body.count)
        let mark = Frame.begin(.call, callID: callID, in: &buffer)
        buffer.append(route.rawValue)
        buffer.append(token == nil ? 0 : 1)
        buffer.append(littleEndian: deadlineMilliseconds)
        buffer.append(counted: requestID.utf8)
        buffer.append(counted: peer.utf8)
        if let token { buffer.append(counted: token) }
        buffer.append(contentsOf: body)
        Frame.finish(mark, in: &buffer)
    }

    /// Reads the payload of a frame of kind `call`.
    package init(decoding frame: Frame) throws(WireError) {
        guard frame.kind == .call else { throw .malformed("a call was expected") }
        var reader = ByteReader(frame.payload)
        let rawRoute = try reader.integer(UInt8.self, "the route")
        guard let route = Route(rawValue: rawRoute) else { throw .malformed("route \(rawRoute) is unknown") }
        let flags = try reader.integer(UInt8.self, "the flags")
        guard flags <= 1 else { throw .malformed("flag \(flags) is unknown") }
        self.route = route
        deadlineMilliseconds = try reader.integer(UInt32.self, "the deadline")
        requestID = try reader.text("the request id")
        peer = try reader.text("the peer")
        token = flags == 1 ? Array(try reader.counted("the token")) : nil
        body = reader.rest()
        guard body.count <= Self.maximumBodyBytes else { throw .malformed("the body is over the limit") }
    }
}
