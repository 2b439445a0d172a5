import CRMSDK
import Log
import Storage
import Synchronization
import Wire

/// A file that goes out: read from disk as the other end has room for it.
final class FileDownload: FileTransfer {
    private struct State {
        var credit = 0
        var offset: Int64
        var left: Int64
        var isOver = false
        var hasTurn = false
    }

    /// Pieces that one turn deals with before others have theirs.
    private static let piecesPerTurn = 8

    private let caller: FileCaller
    private let lane: FileLane
    private let state: Mutex<State>
    /// Reached by one turn at a time.
    private let file: Mutex<OutgoingFile?>

    init(_ caller: FileCaller, _ lane: FileLane, _ file: sending OutgoingFile, _ part: FileRange) {
        self.caller = caller
        self.lane = lane
        state = Mutex(State(offset: part.start, left: part.count))
        self.file = Mutex(file)
    }

    func take(_ frame: Frame) throws(WireError) {
        guard frame.kind == .credit else { return }
        let bytes = try frame.credit()
        let isMine = state.withLock { state in
            state.credit = min(state.credit + bytes, Int(Int32.max))
            defer { state.hasTurn = true }
            return !state.hasTurn && !state.isOver
        }
        if isMine { lane.submit { [self] in turn() } }
    }

    func cancel() {
        state.withLock { $0.isOver = true }
        caller.connection.close(transfer: caller.callID)
    }

    private func next() -> (offset: Int64, count: Int)? {
        state.withLock { state in
            let count = min(Int64(min(FileCall.pieceBytes, state.credit)), state.left)
            guard count > 0, !state.isOver else {
                state.hasTurn = false
                return nil
            }
            defer {
                state.offset += count
                state.left -= count
                state.credit -= Int(count)
            }
            return (state.offset, Int(count))
        }
    }

    private func turn() {
        for _ in 0..<Self.piecesPerTurn {
            guard let part = next() else { return }
            guard let bytes = read(part), bytes.count == part.count else { return breakOff() }
            caller.send(Frame(kind: .data, callID: caller.callID, payload: bytes))
            if state.withLock({ $0.left }) == 0 { return end(.end) }
        }
        lane.submit { [self] in turn() }
    }

    private func read(_ part: (offset: Int64, count: Int)) -> [UInt8]? {
        file.withLock { file in
            do throws(CRMError) {
                return try file?.read(at: part.offset, limit: part.count)
            } catch {
                caller.services.log.error(
                    "a file could not be read on", ["reason": error.detail ?? error.message])
                return nil
            }
        }
    }

    /// The head has left: that the rest cannot follow is all that can be said.
    private func breakOff() { end(.cancel) }

    private func end(_ kind: FrameKind) {
        state.withLock { $0.isOver = true }
        file.withLock { $0 = nil }
        let counter = caller.services.metrics.counter(of: caller.method)
        if kind == .end { counter.countSuccess() } else { counter.count(.internalError) }
        caller.send(Frame(kind: kind, callID: caller.callID))
        caller.connection.close(transfer: caller.callID)
    }
}
