import CRMSDK
import JSON
import Storage

/// What the change log says about identities. No secret, nothing derived from one, and no user name that does not
/// exist (people type passwords there) ever becomes part of an entry.
struct IdentityEntry: Sendable {
    enum Fact: Sendable {
        case integer(Int64)
        case text(String)
    }

    var kind: ChangeKind
    var actor: RecordID?
    var source: String
    var method: String
    var facts: [(name: StaticString, value: Fact)]

    init(
        _ kind: ChangeKind, by call: IdentityCall, _ facts: [(name: StaticString, value: Fact)]
    ) {
        self.init(kind, actor: call.user, source: call.source, method: call.method, facts)
    }

    init(
        _ kind: ChangeKind, actor: RecordID?, source: String, method: String,
        _ facts: [(name: StaticString, value: Fact)]
    ) {
        self.kind = kind
        self.actor = actor
        self.source = source
        self.method = method
        self.facts = facts
    }

    /// Each fact as `[old, new]`, as in all entries; there is never an old one.
    var changeEntry: ChangeEntry {
        var json = JSONWriter()
        json.beginObject()
        for fact in facts {
            json.key(fact.name)
            json.beginArray()
            json.null()
            switch fact.value {
            case .integer(let number): json.int(number)
            case .text(let text): json.string(String(text.prefix(200)))
            }
            json.endArray()
        }
        json.endObject()
        return ChangeEntry(kind, actor: actor, source: source, method: method, payload: json.finish())
    }
}

extension IdentityEntry.Fact {
    static func user(_ id: RecordID) -> Self { .integer(id.rawValue) }
}
