import CRMSDK
import Crypto
import JSON
import Records
import Registry
import Storage
import Synchronization
import Wire

/// A file that comes in: written to disk and hashed as it comes, never more of it in memory than the window.
///
/// Order: credit → pieces, each bringing new credit → `end` → durable on disk, its kind settled → one unit of work,
/// which gives it its place, notes it and updates the record by the caller's rights of that moment. Refused at any
/// point, cut off or cancelled, nothing of it stays.
final class FileUpload: FileTransfer {
    private struct State {
        var pieces: [[UInt8]] = []
        var waitingBytes = 0
        var hasEnded = false
        /// Nothing is taken any more.
        var isOver = false
        var hasTurn = false
    }

    /// Pieces that one turn deals with before others have theirs.
    private static let piecesPerTurn = 8
    /// The sender may overrun its credit by what comes in one read.
    private static let slackBytes = 256 << 10
    private static let sessionInterval = Duration.seconds(60)

    private let caller: FileCaller
    private let lane: FileLane
    private let head: FileCall
    private let target: FileTarget
    private let field: FileField
    private let limitBytes: Int64
    private let state = Mutex(State())
    /// Reached by one turn at a time.
    private let incoming: Mutex<Incoming>

    private struct Incoming: ~Copyable {
        var file: IncomingFile?
        /// Taken in since credit was last given.
        var owed = 0
        var sessionSeenAt = ContinuousClock.now
    }

    /// - Throws: what the file is refused for before a byte of it has come.
    init(
        _ caller: FileCaller, _ lane: FileLane, _ head: FileCall, _ target: FileTarget, _ field: FileField
    ) throws(CRMError) {
        self.caller = caller
        self.lane = lane
        self.head = head
        self.target = target
        self.field = field
        limitBytes = caller.services.fileLimitBytes
        let files = caller.services.database.files
        let length = Int64(clamping: head.length ?? 0)
        guard length <= limitBytes else { throw Self.tooLarge(limitBytes) }
        guard files.hasRoom(for: length) else { throw .diskFull }
        _ = try Self.digest(head.digest)
        _ = try MediaType.settle(head.contentType, [])
        incoming = Mutex(Incoming(file: try files.receive()))
    }

    func begin() { caller.send(.credit(FileCall.windowBytes, callID: caller.callID)) }

    // MARK: Frames

    func take(_ frame: Frame) throws(WireError) {
        let isTooMuch = state.withLock { state in
            switch frame.kind {
            case .data where !state.isOver && !state.hasEnded:
                state.pieces.append(frame.payload)
                state.waitingBytes += frame.payload.count
            case .end: state.hasEnded = true
            default: break
            }
            return state.waitingBytes > FileCall.windowBytes + Self.slackBytes
        }
        guard !isTooMuch else { throw .malformed("more of a file came than there was credit for") }
        wakeUp()
    }

    func cancel() {
        state.withLock { state in
            state.isOver = true
            state.pieces = []
        }
        // The file goes with its last reference, once a turn that has it is over.
        caller.connection.close(transfer: caller.callID)
    }

    private func wakeUp() {
        let isMine = state.withLock { state in
            defer { state.hasTurn = true }
            return !state.hasTurn
        }
        if isMine { lane.submit { [self] in turn() } }
    }

    // MARK: Turns

    private enum Step {
        case piece([UInt8])
        case end
        case rest
    }

    private func next() -> Step {
        state.withLock { state in
            if !state.isOver, !state.pieces.isEmpty {
                let piece = state.pieces.removeFirst()
                state.waitingBytes -= piece.count
                return .piece(piece)
            }
            if !state.isOver, state.hasEnded {
                state.isOver = true
                return .end
            }
            state.hasTurn = false
            return .rest
        }
    }

    private func turn() {
        do throws(CRMError) {
            for _ in 0..<Self.piecesPerTurn {
                switch next() {
                case .piece(let bytes): try store(bytes)
                case .end: return try finish()
                case .rest: return
                }
            }
        } catch {
            return refuse(error)
        }
        lane.submit { [self] in turn() }
    }

    private func store(_ bytes: [UInt8]) throws(CRMError) {
        let (files, limit) = (caller.services.database.files, limitBytes)
        let credit = try incoming.withLock { incoming throws(CRMError) -> Int in
            guard let file = incoming.file else { return 0 }
            guard file.byteCount + Int64(bytes.count) <= limit else { throw Self.tooLarge(limit) }
            guard files.hasRoom(for: Int64(bytes.count)) else { throw .diskFull }
            try file.append(bytes)
            if incoming.sessionSeenAt.duration(to: .now) > Self.sessionInterval {
                incoming.sessionSeenAt = .now
                _ = try caller.session()
            }
            incoming.owed += bytes.count
            guard incoming.owed >= FileCall.windowBytes / 2 else { return 0 }
            defer { incoming.owed = 0 }
            return incoming.owed
        }
        if credit > 0 { caller.send(.credit(credit, callID: caller.callID)) }
    }

    private func refuse(_ error: CRMError) {
        state.withLock { state in
            state.isOver = true
            state.pieces = []
        }
        incoming.withLock { $0.file = nil }
        caller.refuse(error)
    }

    // MARK: The end

    private func finish() throws(CRMError) {
        guard let file = incoming.withLock({ $0.file.take() }) else { return }
        let box = Received(file: file)
        let content = try file.finish()
        let wanted = try Self.digest(head.digest)
        guard wanted == nil || wanted == content.digest else {
            throw CRMError(
                .invalidParameters, "the file that came has another SHA-256 than was announced",
                hint: "Nothing was stored; send it again.")
        }
        if let length = head.length, Int64(clamping: length) != content.byteCount {
            throw CRMError(.invalidParameters, "the file that came is not as long as was announced")
        }
        let type = try MediaType.settle(head.contentType, file.beginning)
        let name = target.name ?? field.file?.name ?? "file"
        guard
            let value = FileValue(
                name: name, mediaType: type, byteCount: content.byteCount, sha256: content.digest.hex)
        else { throw CRMError(.invalidParameters, "the file cannot be described") }
        store(value, content, box)
    }

    /// Keeps the received file until the unit that gives it its place is over; nobody reads it there.
    private struct Received: @unchecked Sendable {
        // Ground: only held; its deinit, which closes and unlinks, may run on any thread.
        let file: IncomingFile
    }

    private func store(_ value: FileValue, _ content: FileContent, _ received: Received) {
        let (services, caller, field, id) = (caller.services, caller, field, target.record)
        services.database.writer.submit(deadline: nil) { transaction throws(CRMError) -> Bool in
            // The caller's rights as of now, and the session's.
            let context = caller.context(try caller.session())
            return try services.records.unit(transaction, context) { unit throws(CRMError) in
                try unit.put(value, content, into: field.field, of: id, field.entity)
            }
        } completion: { result in
            withExtendedLifetime(received) {}
            switch result {
            case .success(let isNew): caller.answer(Self.answer(value, field, id, isNew: isNew))
            case .failure(let error):
                // The place may have been given before the unit was undone.
                services.database.writer.submit(deadline: nil) { transaction throws(CRMError) in
                    _ = try transaction.removeUnlessKnown(content.digest)
                } completion: { _ in
                    caller.refuse(error)
                }
            }
        }
    }

    private static func answer(_ file: FileValue, _ field: FileField, _ id: RecordID, isNew: Bool) -> [UInt8]
    {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("id")
        writer.int(id.rawValue)
        writer.key("entity")
        writer.string(field.entity.name)
        writer.key("field")
        writer.string(field.field.name)
        writer.key("file")
        ValueJSON.write(file, to: &writer)
        writer.key("changed")
        writer.bool(isNew)
        writer.endObject()
        return writer.finish()
    }

    /// The SHA-256 of a digest field, `sha-256=:…:` (RFC 9530); nil where there is none.
    private static func digest(_ field: String) throws(CRMError) -> SHA256Digest? {
        guard !field.isEmpty else { return nil }
        for member in field.split(separator: ",") {
            let text = member.filter { $0 != " " }
            guard text.lowercased().hasPrefix("sha-256=:"), text.hasSuffix(":"), text.count > 10 else {
                continue
            }
            if let bytes = Base64.decode(String(text.dropFirst(9).dropLast())),
                let digest = SHA256Digest(bytes: bytes)
            {
                return digest
            }
        }
        throw CRMError(
            .invalidParameters, "the digest of the file is not sha-256=:…:",
            hint: "Give the SHA-256 in base64 between colons, or no digest.")
    }

    private static func tooLarge(_ limit: Int64) -> CRMError {
        CRMError(
            .limitExceeded, "the file is over the limit of \(limit) bytes",
            hint: "An administrator can raise the setting file_limit_mib.")
    }
}
