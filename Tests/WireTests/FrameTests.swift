import TestRandom
import Testing

@testable import Wire

@Suite("Frames")
struct FrameTests {
    static let samples = [
        Frame(kind: .hello, callID: 0, payload: Array("CRM1".utf8)),
        Frame(kind: .call, callID: 1, payload: []),
        Frame(kind: .reply, callID: .max, payload: [UInt8](repeating: 7, count: 300)),
        Frame(kind: .cancel, callID: 0x0102_0304_0506_0708),
    ]

    static func bytes(_ frames: [Frame]) -> [UInt8] {
        frames.reduce(into: []) { $1.encode(into: &$0) }
    }

    static func header(length: UInt32, kind: UInt8 = 2, reserved: [UInt8] = [0, 0, 0]) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + [kind] + reserved
            + [UInt8](repeating: 0, count: 8)
    }

    @Test("the layout is the documented one, low byte first")
    func layout() {
        let bytes = Self.bytes([Frame(kind: .call, callID: 0x0102, payload: [0xAA, 0xBB])])
        #expect(bytes == [14, 0, 0, 0, 2, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0xAA, 0xBB])
    }

    @Test("every split of a stream gives the same frames")
    func everySplit() throws {
        let bytes = Self.bytes(Self.samples)
        for cut in 0...bytes.count {
            var splitter = FrameSplitter()
            var frames: [Frame] = []
            for piece in [bytes[..<cut], bytes[cut...]] {
                splitter.append(piece)
                while let frame = try splitter.next() { frames.append(frame) }
            }
            #expect(frames == Self.samples, "cut at \(cut)")
            #expect(splitter.pendingBytes == 0)
        }
    }

    @Test("a stream byte by byte gives the same frames")
    func byteByByte() throws {
        var splitter = FrameSplitter()
        var frames: [Frame] = []
        for byte in Self.bytes(Self.samples) {
            splitter.append(CollectionOfOne(byte))
            while let frame = try splitter.next() { frames.append(frame) }
        }
        #expect(frames == Self.samples)
    }

    @Test("a frame of the maximum is taken, one byte more is refused from its length")
    func maximum() throws {
        let payload = [UInt8](repeating: 1, count: Frame.maximumBytes - Frame.headerBytes)
        var splitter = FrameSplitter()
        splitter.append(Self.bytes([Frame(kind: .data, callID: 1, payload: payload)]))
        #expect(try splitter.next()?.payload.count == payload.count)

        var other = FrameSplitter()
        other.append(Self.header(length: UInt32(Frame.maximumBytes - 4 + 1)).prefix(4))
        #expect(throws: WireError.frameTooLarge(bytes: Frame.maximumBytes + 1)) { try other.next() }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        var testDescription: String { name }
    }

    @Test(
        "a header that breaks the layout is refused, and so is all that follows",
        arguments: [
            Refusal(name: "length shorter than a header", bytes: header(length: 11)),
            Refusal(name: "length zero", bytes: header(length: 0)),
            Refusal(name: "length of four gigabytes", bytes: header(length: .max)),
            Refusal(name: "kind zero", bytes: header(length: 12, kind: 0)),
            Refusal(name: "kind unknown", bytes: header(length: 12, kind: 8)),
            Refusal(name: "first reserved byte", bytes: header(length: 12, reserved: [1, 0, 0])),
            Refusal(name: "last reserved byte", bytes: header(length: 12, reserved: [0, 0, 1])),
        ])
    func refusals(_ refusal: Refusal) {
        var splitter = FrameSplitter()
        splitter.append(refusal.bytes)
        #expect(throws: WireError.self) { try splitter.next() }
        splitter.append(Self.bytes(Self.samples))
        #expect(throws: WireError.self) { try splitter.next() }
    }

    @Test("random bytes never crash the splitter and the decoders")
    func randomBytes() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededRandom(seed)
        for _ in 0..<5_000 {
            var bytes = (0..<Int.random(in: 0...64, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            // Most random headers are refused at once; let half of them pass.
            if Bool.random(using: &generator), bytes.count >= 16 {
                let kind = UInt8.random(in: 1...7, using: &generator)
                bytes.replaceSubrange(
                    0..<8, with: Self.header(length: UInt32(bytes.count - 4), kind: kind).prefix(8))
            }
            var splitter = FrameSplitter()
            splitter.append(bytes)
            guard let frame = try? splitter.next() else { continue }
            _ = try? Hello(decoding: frame)
            _ = try? CallFrame(decoding: frame)
            _ = try? ReplyFrame(decoding: frame)
        }
        print("frames: seed \(seed)")
    }

    @Test("a mutated call is decoded or refused, never more than it holds")
    func mutatedCalls() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededRandom(seed)
        let call = CallFrame(
            requestID: "r-1", token: Array("token".utf8), peer: "127.0.0.1:9", body: Array("{}".utf8))
        var bytes: [UInt8] = []
        call.encode(callID: 3, into: &bytes)
        for _ in 0..<5_000 {
            var payload = Array(bytes[Frame.headerBytes...])
            let index = Int.random(in: 0..<payload.count, using: &generator)
            payload[index] = UInt8.random(in: 0...255, using: &generator)
            payload.removeLast(Int.random(in: 0...3, using: &generator))
            let decoded = try? CallFrame(decoding: Frame(kind: .call, callID: 3, payload: payload))
            #expect((decoded?.body.count ?? 0) <= payload.count, "seed \(seed)")
        }
    }
}

@Suite("Hello, calls and replies")
struct PayloadTests {
    static func single(_ encode: (inout [UInt8]) -> Void) throws -> Frame {
        var bytes: [UInt8] = []
        encode(&bytes)
        var splitter = FrameSplitter()
        splitter.append(bytes)
        let frame = try #require(try splitter.next())
        #expect(splitter.pendingBytes == 0)
        return frame
    }

    @Test("a hello comes back as it was", arguments: WireRole.allCases)
    func hello(_ role: WireRole) throws {
        let hello = Hello(role: role, programVersion: "1.4.0-ß")
        #expect(try Hello(decoding: Self.single { hello.encode(into: &$0) }) == hello)
    }

    static let strangers: [Frame] = [
        Frame(kind: .call, callID: 0, payload: Array("CRM1".utf8)),
        Frame(kind: .hello, callID: 0, payload: Array("CRM2\u{1}\u{0}\u{1}\u{0}\u{0}".utf8)),
        Frame(kind: .hello, callID: 0, payload: Array("CRM1\u{2}\u{0}\u{1}\u{0}\u{0}".utf8)),
        Frame(kind: .hello, callID: 0, payload: Array("CRM1\u{1}\u{0}\u{9}\u{0}\u{0}".utf8)),
        Frame(kind: .hello, callID: 0, payload: Array("CRM1".utf8)),
        Frame(kind: .hello, callID: 0, payload: []),
    ]

    @Test("another protocol, version or role is refused", arguments: strangers.indices)
    func stranger(_ index: Int) {
        #expect(throws: WireError.self) { try Hello(decoding: Self.strangers[index]) }
    }

    static let calls = [
        CallFrame(requestID: "", peer: "", body: []),
        CallFrame(
            route: .metrics, requestID: "abc", token: [], peer: "[::1]:1", deadlineMilliseconds: .max,
            body: [0]),
        CallFrame(
            route: .rpc, requestID: String(repeating: "x", count: 128),
            token: [UInt8](repeating: 65, count: 512),
            peer: "192.0.2.7:50312", deadlineMilliseconds: 10_000,
            body: [UInt8](repeating: 123, count: 100_000)),
    ]

    @Test("a call comes back as it was; no token is not the same as an empty one", arguments: calls.indices)
    func call(_ index: Int) throws {
        let frame = try Self.single { Self.calls[index].encode(callID: 77, into: &$0) }
        #expect(frame.callID == 77)
        #expect(try CallFrame(decoding: frame) == Self.calls[index])
    }

    @Test("a call's body is taken at the limit and refused above it")
    func bodyLimit() throws {
        for (count, isTaken) in [(CallFrame.maximumBodyBytes, true), (CallFrame.maximumBodyBytes + 1, false)]
        {
            let call = CallFrame(requestID: "r", peer: "p", body: [UInt8](repeating: 0, count: count))
            let frame = try Self.single { call.encode(callID: 1, into: &$0) }
            #expect(((try? CallFrame(decoding: frame)) != nil) == isTaken)
        }
    }

    @Test("every payload cut short is refused")
    func cutShort() throws {
        let call = CallFrame(requestID: "id", token: [1, 2], peer: "peer", body: [])
        let frame = try Self.single { call.encode(callID: 1, into: &$0) }
        for count in 0..<frame.payload.count {
            let cut = Frame(kind: .call, callID: 1, payload: Array(frame.payload.prefix(count)))
            #expect(throws: WireError.self, "\(count) bytes") { try CallFrame(decoding: cut) }
        }
    }

    static let replies = [
        ReplyFrame(status: 200, body: Array("{}".utf8)),
        ReplyFrame(status: 204, contentKind: .none, body: []),
        ReplyFrame(status: 503, retryAfterSeconds: 1, contentKind: .text, body: Array("later".utf8)),
    ]

    @Test("a reply comes back as it was, by both ways of writing it", arguments: replies.indices)
    func reply(_ index: Int) throws {
        let reply = Self.replies[index]
        #expect(try ReplyFrame(decoding: Self.single { reply.encode(callID: 5, into: &$0) }) == reply)
        let frame = try Self.single { buffer in
            let mark = ReplyFrame.begin(
                callID: 5, status: reply.status, retryAfterSeconds: reply.retryAfterSeconds,
                contentKind: reply.contentKind, in: &buffer)
            buffer.append(contentsOf: reply.body)
            Frame.finish(mark, in: &buffer)
        }
        #expect(try ReplyFrame(decoding: frame) == reply)
    }

    @Test(
        "a reply that cannot be one is refused",
        arguments: [
            [199, 0, 0, 0, 1], [88, 2, 0, 0, 1], [200, 0, 0, 0, 9], [200, 0, 0, 0, 0, 1], [200, 0, 0, 0], [],
        ] as [[UInt8]])
    func badReply(_ payload: [UInt8]) {
        #expect(throws: WireError.self) {
            try ReplyFrame(decoding: Frame(kind: .reply, callID: 1, payload: payload))
        }
    }

    @Test("an abandoned frame leaves the buffer as it was")
    func abandon() {
        var buffer: [UInt8] = [1, 2]
        let mark = ReplyFrame.begin(callID: 1, in: &buffer)
        buffer.append(9)
        #expect(Frame.bytes(since: mark, in: buffer) == 22)
        Frame.abandon(mark, in: &buffer)
        #expect(buffer == [1, 2])
    }
}
