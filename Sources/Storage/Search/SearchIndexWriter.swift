import CRMSDK
import Query
import Registry

/// The words of a record, as `SearchText` makes them.
package enum SearchWords {
    case ready(String)
    case later(Deferred<String>)

    var text: String {
        switch self {
        case .ready(let text): text
        case .later(let deferred): deferred.value
        }
    }
}

/// What the search index is to hold for a record.
struct SearchChange {
    let id: RecordID
    /// Nil when the record is not to be found.
    let words: SearchWords?
    /// Whether the index can hold nothing of the record yet.
    let isNew: Bool
}

/// Writes what a group's units want of the search index, once, at the end of their transaction.
///
/// The index keeps no text of its own: to take words out of it, it is told which it was given, so the table beside it
/// holds exactly those.
struct SearchIndexWriter {
    private let runner: StatementRunner

    init(_ runner: StatementRunner) { self.runner = runner }

    func write(_ changes: [SearchChange]) throws(CRMError) {
        guard !changes.isEmpty else { return }
        var last: [RecordID: Int] = [:]
        var isNew: Set<RecordID> = []
        for (place, change) in changes.enumerated() {
            last[change.id] = place
            if change.isNew { isNew.insert(change.id) }
        }
        for (place, change) in changes.enumerated() where last[change.id] == place {
            try write(change, isNew: isNew.contains(change.id))
        }
    }

    private func write(_ change: SearchChange, isNew: Bool) throws(CRMError) {
        var old: String?
        if !isNew {
            try runner.rows(SearchStatements.words(of: change.id)) { row in
                old = row.text(0)
                return .stop
            }
        }
        let words = change.words?.text
        guard old != words else { return }
        if let old {
            _ = try runner.execute(SearchStatements.forget(change.id, words: old))
            _ = try runner.execute(SearchStatements.removeWords(of: change.id))
        }
        if let words {
            _ = try runner.execute(SearchStatements.keepWords(words, of: change.id))
            _ = try runner.execute(SearchStatements.index(change.id, words: words))
        }
    }
}
