import Admin
import Foundation
import JSON
import TestKit
import Testing
import Wire

@Suite("Client on the administrators' socket")
struct SocketClientTests {
    @Test("a folder without a kernel is named, with what to do")
    func nobodyThere() throws {
        let folder = try TemporaryFolder()
        #expect {
            try SocketClient(dataFolder: folder.path, programVersion: "1")
        } throws: { error in
            (error as? AdminError)?.message == "no kernel listens on \"\(folder.path)/run/admin.sock\""
        }
    }

    @Test("answers may come in any order")
    func outOfOrder() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/run", withIntermediateDirectories: true)
        let listener = try UnixListener(path: "\(folder.path)/run/admin.sock")
        let server = Thread {
            // A failure here ends the connection, which the client then reports.
            guard let stream = try? listener.accept() else { return }
            try? answerTwoInReverse(on: stream)
        }
        server.start()
        let client = try SocketClient(dataFolder: folder.path, programVersion: "1")
        let first = try client.send("first", Parameters().bytes)
        let second = try client.send("second", Parameters().bytes)
        #expect(try client.answer(to: first).string == "first")
        #expect(try client.answer(to: second).string == "second")
        #expect(throws: AdminError.self) { try client.call("third") }
    }
}

/// Takes the hello and two calls, and answers the second before the first with the name of its method.
private func answerTwoInReverse(on stream: UnixStream) throws {
    var splitter = FrameSplitter()
    var calls: [(id: UInt64, method: String)] = []
    var bytes: [UInt8] = []
    Hello(role: .kernel, programVersion: "1").encode(into: &bytes)
    try stream.writeAll(bytes)
    while calls.count < 2 {
        while let frame = try splitter.next() {
            guard frame.kind == .call else { continue }
            let request = try JSONDocument(parsing: try CallFrame(decoding: frame).body).root
            calls.append((frame.callID, request["method"]?.string ?? ""))
        }
        if calls.count < 2, try stream.read(into: &splitter) == .closed { return }
    }
    bytes = []
    for (id, method) in calls.reversed() {
        let body = Array(#"{"jsonrpc":"2.0","id":\#(id),"result":"\#(method)"}"#.utf8)
        ReplyFrame(status: 200, body: body).encode(callID: id, into: &bytes)
    }
    try stream.writeAll(bytes)
}
