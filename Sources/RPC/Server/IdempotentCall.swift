import CRMSDK
import Crypto
import JSON
import Query
import Records
import Registry
import Security
package import Storage

/// A write that may come twice and is done once: the reply is kept in the unit's own transaction, so either both are
/// there or neither. The same call again is answered with it; a failure keeps nothing.
package struct IdempotentCall: Sendable {
    /// How long a reply is kept.
    package static let kept = Duration.seconds(24 * 3600)
    /// Code points of a key.
    private static let keyLength = 1...255

    static let parameter = Parameter(
        "idempotency_key", .text(maximumLength: keyLength.upperBound),
        "A text of the caller's own, 1 to 255 characters: within 24 hours the same call with it is done once and answered alike."
    )

    private let key: String
    private let principal: RecordID
    /// Over the method, the customer whose key it is, and the parameters as they were sent.
    private let digest: [UInt8]
    private let snapshot: KernelSnapshot
    private let call: CallContext
    private let records: RecordService

    /// Nil for a call without a key, and for a dry run, which keeps nothing.
    ///
    /// - Throws: `invalidParameters` for a key of the wrong length.
    init?(_ scope: CallScope) throws(CRMError) {
        guard let key = scope.arguments.textIfGiven("idempotency_key"), case .commit = scope.mode else {
            return nil
        }
        guard Self.keyLength.contains(key.unicodeScalars.count) else {
            throw CRMError(.invalidParameters, "parameter \"idempotency_key\" must have 1 to 255 characters")
        }
        self.key = key
        call = try scope.context()
        principal = call.principal.user
        let customer = call.principal.customer.map { "\u{0}\($0.rawValue)" } ?? ""
        digest =
            SHA256.hash(
                Array((scope.method.name + customer + "\u{0}").utf8), scope.parameters?.rawBytes ?? []
            ).bytes
        snapshot = scope.snapshot
        records = scope.services.records
    }

    /// Does the unit, or answers what it answered before.
    ///
    /// - Throws: `duplicate` when the key was used for another call.
    func run(
        _ transaction: WriteTransaction, _ writer: inout JSONWriter,
        _ unit: (WriteTransaction, inout JSONWriter) throws(CRMError) -> Void
    ) throws(CRMError) {
        let now = transaction.now
        let since = Instant(
            millisecondsSince1970: now.millisecondsSince1970 - Int64(Self.kept / .milliseconds(1)))
        var before: (digest: [UInt8], reply: [UInt8])?
        try transaction.rows(IdempotencyStatements.reply(of: principal, key: key, since: since)) {
            row throws(CRMError) in
            before = (row.bytes(0), row.bytes(1))
            return .stop
        }
        if let before {
            guard before.digest == digest else {
                throw CRMError(
                    .duplicate, "idempotency key \"\(key.prefix(60))\" was used for another call",
                    hint: "Give every call a key of its own, and only its repetition the same.")
            }
            return try replay(before.reply, transaction, &writer)
        }
        try unit(transaction, &writer)
        try transaction.execute(
            IdempotencyStatements.keep(writer.bytes, digest: digest, of: principal, key: key, at: now))
    }

    /// Drops the replies whose time is over. Nothing depends on it but the size of the table.
    package static func forgetOld(_ writer: StorageWriter) {
        writer.submit(deadline: nil) { (transaction) throws(CRMError) -> Int in
            let before = transaction.now.millisecondsSince1970 - Int64(kept / .milliseconds(1))
            return try transaction.execute(
                IdempotencyStatements.forget(before: Instant(millisecondsSince1970: before)))
        } completion: { _ in
        }
    }

    /// Records are answered without the fields that the caller may no longer see, wherever they stand in the reply.
    private func replay(
        _ reply: [UInt8], _ transaction: WriteTransaction, _ writer: inout JSONWriter
    ) throws(CRMError) {
        let hasRecords = call.method.hasPrefix("record.") || call.method == "batch.execute"
        guard hasRecords, let root = try? JSONDocument(parsing: reply).root else { return writer.raw(reply) }
        try write(root, transaction, &writer)
    }

    /// The depth of a reply is bounded by what the kernel writes.
    private func write(
        _ node: JSONNode, _ transaction: WriteTransaction, _ writer: inout JSONWriter
    ) throws(CRMError) {
        switch node.kind {
        case .array:
            writer.beginArray()
            for element in node.elements { try write(element, transaction, &writer) }
            writer.endArray()
        case .object:
            let hidden = try hiddenNames(node, transaction)
            writer.beginObject()
            for (name, value) in node.members where !hidden(name) {
                writer.key(name)
                try write(value, transaction, &writer)
            }
            writer.endObject()
        default: writer.raw(node)
        }
    }

    /// What of an object is hidden: of a record the fields that the mask hides. A reference has an id too, and no
    /// field.
    private func hiddenNames(
        _ node: JSONNode, _ transaction: WriteTransaction
    ) throws(CRMError) -> (String) -> Bool {
        guard let id = node["id"]?.int64, node["label"] == nil || node["version"] != nil else {
            return { _ in false }
        }
        guard let entity = try? records.entity(of: RecordID(id), named: nil, snapshot, transaction) else {
            // A record that was destroyed since: nothing of it is answered any more.
            return { $0 != "id" && $0 != "purged" }
        }
        let mask = snapshot.security.mask(call.principal, entity.name)
        return { entity[$0] != nil && !mask.isVisible($0) }
    }
}
