package import CRMSDK
import Crypto
import JSON
import Query
import Registry

extension WriteTransaction {
    /// Adds an entry to the change log, in this unit's change set and at this unit's moment.
    ///
    /// - Returns: the entry's sequence number: 1, 2, 3 … without gaps among what is committed.
    @discardableResult
    package func append(_ entry: ChangeEntry) throws(CRMError) -> Int64 {
        let envelope = ChangeEnvelope(
            sequence: counters.lastSequence + 1, changeSet: changeSet, at: now.millisecondsSince1970,
            actor: entry.actor?.rawValue, source: entry.source, method: entry.method, kind: entry.kind.name,
            entity: entry.entity.map(Int64.init), record: entry.record?.rawValue, version: entry.version)
        let salt = salts.next()
        let payloadHash = ChangeEnvelope.payloadHash(salt: salt, payload: entry.payload)
        let hash = envelope.hash(after: counters.head, payloadHash: payloadHash)
        try execute(
            Statement(
                """
                INSERT INTO crm_change (seq, change_set, at, actor, source, method, kind, entity, record, version,
                    payload_hash, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                """, envelope.bindings + [.blob(payloadHash.bytes), .blob(hash.bytes)]))
        try execute(
            Statement(
                "INSERT INTO crm_change_payload (seq, salt, payload) VALUES (?1, ?2, ?3)",
                [.integer(envelope.sequence), .blob(salt), .blob(entry.payload)]))
        counters.lastSequence = envelope.sequence
        counters.head = hash
        return envelope.sequence
    }

    /// Destroys the payloads of entries and chains an entry that names them. The entries themselves stay.
    ///
    /// The payload of an `erase` entry is never destroyed: it is the proof for the others.
    ///
    /// - Parameter note: who does it and through what; its kind and payload are set here.
    package func erasePayloads(of sequences: [Int64], note: ChangeEntry) throws(CRMError) {
        var erased: [Int64] = []
        for sequence in Set(sequences).sorted() {
            let isErasable = try first(
                Statement("SELECT kind <> 'erase' FROM crm_change WHERE seq = ?1", [.integer(sequence)])
            ) { $0.int64(0) == 1 }
            guard isErasable == true else {
                throw CRMError(.invalidParameters, "log entry \(sequence) cannot be erased")
            }
            let count = try execute(
                Statement("DELETE FROM crm_change_payload WHERE seq = ?1", [.integer(sequence)]))
            if count > 0 { erased.append(sequence) }
        }
        guard !erased.isEmpty else { return }
        var json = JSONWriter()
        json.beginObject()
        json.key("erased")
        json.beginArray()
        for sequence in erased { json.int(sequence) }
        json.endArray()
        json.endObject()
        var entry = note
        entry.kind = .erase
        entry.payload = json.finish()
        try append(entry)
    }
}
