import Testing

@testable import Wire

@Suite("Frames about files")
struct FileFrameTests {
    @Test("a call about a file comes back as it was, with and without a length")
    func call() throws {
        var call = FileCall(target: "17?field=x_scan&name=a%20b")
        for length in [nil, 0, UInt64(1) << 40] {
            call.length = length
            call.isHeadOnly.toggle()
            call.contentType = "application/pdf"
            call.digest = "sha-256=:AA==:"
            call.range = "bytes=0-1"
            #expect(try FileCall(decoding: call.encode()) == call)
        }
    }

    @Test("every cut of a call is refused")
    func cut() {
        let bytes = FileCall(target: "17").encode()
        for count in bytes.indices {
            #expect(throws: WireError.self) { try FileCall(decoding: Array(bytes[..<count])) }
        }
        #expect(throws: WireError.self) { try FileCall(decoding: [2] + bytes.dropFirst()) }
    }

    @Test(
        "a head with a field that could end the line, or the name, is refused",
        arguments: [
            FileHead.Field("Content-Type", "text/plain"), FileHead.Field("X", "a\r\nSet-Cookie: b"),
            FileHead.Field("X: y", "z"), FileHead.Field("", "z"), FileHead.Field("X", "ü"),
        ])
    func head(_ field: FileHead.Field) throws {
        let head = FileHead(length: 7, fields: [field])
        if field.value == "text/plain" {
            #expect(try FileHead(decoding: head.encode()[...]) == head)
        } else {
            #expect(throws: WireError.self) { try FileHead(decoding: head.encode()[...]) }
        }
    }

    @Test("a credit is four bytes and nothing else")
    func credit() throws {
        #expect(try Frame.credit(65_536, callID: 9).credit() == 65_536)
        #expect(throws: WireError.self) { try Frame(kind: .credit, callID: 9, payload: [1, 2, 3]).credit() }
        #expect(throws: WireError.self) {
            try Frame(kind: .credit, callID: 9, payload: [1, 2, 3, 4, 5]).credit()
        }
    }
}
