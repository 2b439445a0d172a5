import CRMSDK
import Query
import Registry
import Security
import Storage

/// A record that is to be made and whose values are settled, with what its storing needs and values alone decide: the
/// statement, the log's entry, the label, the keys of duplicates.
///
/// Where many records come at once it is made ahead of its unit, on another thread. What only the unit knows is set
/// there: the id, the time, numbers, ids of lines.
struct Creation: Sendable {
    let entity: Entity
    let owner: RecordID?
    /// The entity's rules for duplicates, each with the record's key where all its fields are filled.
    let keys: [(rule: DuplicateRule, key: DuplicateKey?)]

    /// Whether anything happens after such a record was made: hooks, or computed fields of others.
    let isFollowed: Bool

    private(set) var insertion: Insertion
    private var settled: [String: Value]
    private var numbers: [(field: Field, text: String)] = []
    /// Nil where the label has a number in it.
    private let readyLabel: String?
    /// The words of search without numbers; nil where the label has one in it.
    private let readyWords: String?
    /// The log's entry without numbers and lines.
    private let readyPayload: [UInt8]

    init(_ entity: Entity, _ values: [String: Value], _ call: CallContext, _ snapshot: KernelSnapshot) {
        self.entity = entity
        settled = values
        owner = values["owner"]?.reference
        let registry = snapshot.registry
        isFollowed = !registry.computed.isEmpty || !registry.hooks(on: entity.name, .afterCreate).isEmpty
        keys = (snapshot.duplicateRules[entity.name] ?? []).map { ($0, $0.key(of: values)) }
        var row = [StoredValue](repeating: .null, count: entity.fields.count)
        for (name, value) in values {
            if let field = entity[name] { row[field.position] = field.kind.stored(value) }
        }
        let actor = StoredValue.integer(call.principal.user.rawValue)
        row[entity.system("created_by").position] = actor
        row[entity.system("modified_by").position] = actor
        row[entity.system("version").position] = .integer(1)
        row[entity.system("origin").position] = .text(call.source.origin)
        insertion = snapshot.insertions.insertion(entity, row)
        let isNumbered = entity.labelFields.contains(where: \.isNumber)
        readyLabel = isNumbered ? nil : RecordLabel.text(entity, values)
        readyWords =
            isNumbered || entity.searchable.isEmpty
            ? nil
            : SearchText.words(of: entity, owner: owner?.rawValue) {
                $0.isNumber ? nil : values[$0.name]?.text
            }
        readyPayload = ChangePayload.encode(
            new: zip(entity.fields, row).lazy.filter { Self.isToldAhead($0.0) }, reservingCapacity: 1024)
    }

    /// All values, with the numbers that have been given.
    var values: [String: Value] {
        guard !numbers.isEmpty else { return settled }
        return settled.merging(numbers.map { ($0.field.name, .text($0.text)) }) { _, number in number }
    }

    var label: String { readyLabel ?? RecordLabel.text(entity, values) }

    /// The words of search.
    var words: String {
        guard let readyWords else {
            let values = values
            return SearchText.words(of: entity, owner: owner?.rawValue) { values[$0.name]?.text }
        }
        let numbers = entity.numbers.compactMap { field in
            if field.searchForm != nil, case .text(let number) = insertion[field] { number } else { nil }
        }
        return SearchText.adding(numbers, to: readyWords)
    }

    /// The number that was brought along.
    func broughtNumber(_ field: Field) -> String? { settled[field.name]?.text }

    mutating func give(_ number: GivenNumber, to field: Field) {
        numbers.append((field, number.text))
        insertion.set(field, number.text, key: number.key)
    }

    mutating func stamp(_ id: RecordID, at now: Instant) {
        insertion.set(entity.system("id"), id.rawValue)
        insertion.set(entity.system("created_at"), now.millisecondsSince1970)
        insertion.set(entity.system("modified_at"), now.millisecondsSince1970)
    }

    /// Has the record's lines written, which gives them their ids.
    mutating func withLines<R>(
        _ write: (inout [String: Value]) throws(CRMError) -> R
    ) throws(CRMError) -> R {
        try write(&settled)
    }

    /// The entry of the change log.
    func payload(_ lines: [LinesChange]) -> [UInt8] {
        let numbers = ChangePayload.encode(new: entity.numbers.lazy.map { ($0, insertion[$0]) })
        let payload = ChangePayload.joined(readyPayload, numbers)
        return lines.isEmpty ? payload : ChangePayload.joined(payload, ChangePayload.encode([], lines))
    }

    private static func isToldAhead(_ field: Field) -> Bool {
        guard !field.isNumber, field.wire != .lines else { return false }
        return !field.isSystem || field.name == "owner" || field.name == "origin"
    }
}
