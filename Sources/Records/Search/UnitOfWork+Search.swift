import CRMSDK
import Query
import Registry
import Storage

/// The search index follows every write within its unit.
extension UnitOfWork {
    func index(_ creation: Creation, _ id: RecordID) {
        guard !creation.entity.searchable.isEmpty else { return }
        transaction.index(id, words: .ready(creation.words), isNew: true)
    }

    func index(_ entity: Entity, _ id: RecordID, _ values: [String: Value]) {
        guard !entity.searchable.isEmpty else { return }
        let words = Deferred {
            SearchText.words(of: entity, owner: values["owner"]?.reference?.rawValue) { field in
                values[field.name]?.text
            }
        }
        transaction.index(id, words: .later(words), isNew: false)
    }

    /// Only where something that search looks into has changed.
    func index(_ entity: Entity, _ id: RecordID, _ values: [String: Value], changed: [Field]) {
        guard changed.contains(where: { $0.name == "owner" || $0.searchForm != nil }) else { return }
        index(entity, id, values)
    }

    func takeOutOfSearch(_ entity: Entity, _ id: RecordID) {
        guard !entity.searchable.isEmpty else { return }
        transaction.index(id, words: nil, isNew: false)
    }
}
