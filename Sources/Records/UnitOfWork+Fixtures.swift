package import CRMSDK
import Query
import Registry
import Security
import Storage

/// The records that a module ships: made once, kept up to date where nobody has changed them, never made again.
extension UnitOfWork {
    /// What the ledger knows of one.
    private struct Shipped {
        let record: RecordID
        /// The values as they were when the module last wrote them, by column.
        var values: [String: StoredValue]
    }

    /// Brings a module's fixtures to what its manifest says. Those of entities that are not there wait for them.
    ///
    /// - Returns: one sentence for each record that was made or changed.
    package func bringFixtures(of manifest: ModuleManifest) throws(CRMError) -> [String] {
        guard !manifest.fixtures.isEmpty else { return [] }
        let ledger = try fixtureLedger(manifest.name)
        var sentences: [String] = []
        var records: [String: RecordID] = [:]
        for fixture in manifest.fixtures {
            guard let entity = snapshot.registry[entity: fixture.entity] else { continue }
            var values = fixture.values
            for (field, key) in fixture.references {
                values[field] = records[key].map { .reference($0) } ?? .null
            }
            let outcome = try bring(fixture, values, entity, ledger[fixture.key], manifest)
            records[fixture.key] = outcome.record
            if let sentence = outcome.sentence { sentences.append(sentence) }
        }
        return sentences
    }

    /// - Returns: the record, nil for one that was deleted; and what was done.
    private func bring(
        _ fixture: Fixture, _ values: [String: Value], _ entity: Entity, _ shipped: Shipped?,
        _ manifest: ModuleManifest
    ) throws(CRMError) -> (record: RecordID?, sentence: String?) {
        guard let shipped else {
            let id: RecordID
            do throws(CRMError) {
                id = try create(entity.name, values, module: manifest.name)
            } catch {
                throw refusal(error, fixture, manifest)
            }
            try note(fixture, values, entity, Shipped(record: id, values: [:]), kept: [], manifest)
            return (id, "make the record \"\(fixture.key)\" of \"\(entity.name)\"")
        }
        let id = shipped.record
        guard let present = try service.values(of: id, entity, on: transaction),
            present[entity.system("deleted_at").position] == .null
        else { return (nil, nil) }
        // What somebody has changed is theirs; a field that the module had not shipped is the module's while it is
        // empty.
        let kept = Set(
            values.keys.filter { name in
                guard let field = entity[name] else { return false }
                return present[field.position] != shipped.values[field.column] ?? .null
            })
        let changed: Bool
        do throws(CRMError) {
            changed = try update(
                id, entity: entity.name, values.filter { !kept.contains($0.key) }, version: nil,
                module: manifest.name)
        } catch {
            throw refusal(error, fixture, manifest)
        }
        try note(fixture, values, entity, shipped, kept: kept, manifest)
        return (id, changed ? "bring the record \"\(fixture.key)\" of \"\(entity.name)\" up to date" : nil)
    }

    /// Notes what the module has written; of fields that somebody changed, what it had shipped of them before.
    private func note(
        _ fixture: Fixture, _ values: [String: Value], _ entity: Entity, _ shipped: Shipped,
        kept: Set<String>, _ manifest: ModuleManifest
    ) throws(CRMError) {
        guard let present = try service.values(of: shipped.record, entity, on: transaction) else { return }
        var written: [ChangePayload.StoredChange] = []
        for name in values.keys.sorted() {
            guard let field = entity[name] else { continue }
            let value = kept.contains(name) ? shipped.values[field.column] ?? .null : present[field.position]
            written.append((field.column, .null, value))
        }
        try transaction.execute(
            FixtureStatements.note(
                fixture, of: manifest.name, manifest.version, shipped.record,
                shipped: String(decoding: ChangePayload.encode(written), as: UTF8.self)))
    }

    private func fixtureLedger(_ module: String) throws(CRMError) -> [String: Shipped] {
        var ledger: [String: Shipped] = [:]
        try transaction.rows(FixtureStatements.all(of: module)) { row throws(CRMError) in
            let values = try ChangePayload.decode(Array(row.text(2).utf8))
            ledger[row.text(0)] = Shipped(
                record: RecordID(row.int64(1)),
                values: Dictionary(values.map { ($0.column, $0.new) }) { first, _ in first })
            return .next
        }
        return ledger
    }

    private func refusal(_ error: CRMError, _ fixture: Fixture, _ manifest: ModuleManifest) -> CRMError {
        var whole = CRMError(
            error.kind, "the record \"\(fixture.key)\" of module \"\(manifest.name)\": \(error.message)",
            hint: error.hint, detail: error.detail)
        whole.fields = error.fields
        return whole
    }

    /// Moves a module's records among others' entities to the recycle bin, when the module is purged. One that a rule
    /// keeps stays.
    package func deleteFixtures(of module: String, besides own: Set<String>) throws(CRMError) {
        for shipped in try fixtureLedger(module).values.sorted(by: { $0.record < $1.record }) {
            do throws(CRMError) {
                let entity = try service.entity(of: shipped.record, named: nil, snapshot, transaction)
                guard !own.contains(entity.name) else { continue }
                try attempt { () throws(CRMError) in
                    try delete(shipped.record, entity: entity.name)
                }
            } catch {
                guard error.kind != .unavailable, error.kind != .internalError else { throw error }
            }
        }
    }
}
