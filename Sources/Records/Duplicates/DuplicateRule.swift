package import CRMSDK
import Crypto
package import Registry
import Text

/// A rule for duplicates as its record says it.
package struct DuplicateRuleFact: Hashable, Sendable {
    package enum Action: String, Sendable {
        case allow, warn, block
    }

    package let id: RecordID
    package let name: String
    let entity: String
    /// `account_name:name, email`
    let fields: String
    package let action: Action
    let isOnUpdate: Bool
    let isActive: Bool

    package init(
        id: RecordID, name: String, entity: String, fields: String, action: String, isOnUpdate: Bool,
        isActive: Bool
    ) {
        self.id = id
        self.name = name
        self.entity = entity
        self.fields = fields
        self.action = Action(rawValue: action) ?? .allow
        self.isOnUpdate = isOnUpdate
        self.isActive = isActive
    }

    /// By what its keys are made.
    var comparison: [String] { [entity, fields, isActive ? "" : "off"] }
}

/// A rule for duplicates with the fields that it compares. Pure: says of values which key they have.
package struct DuplicateRule: Sendable {
    struct Part: Sendable {
        let field: Field
        let form: MatchForm
    }

    package let fact: DuplicateRuleFact
    package let entity: Entity
    let parts: [Part]

    package var id: RecordID { fact.id }
    package var name: String { fact.name }

    /// What its keys are made of: keys that were stored under another are made anew.
    var signature: String {
        "\(MatchForm.version) \(entity.number) "
            + parts.map { "\($0.field.column):\($0.form.rawValue)" }.joined(separator: ",")
    }

    /// What people call that in which records agree: `Last Name and E-mail`.
    var label: String { parts.map(\.field.label).joined(separator: " and ") }

    // MARK: Keys

    /// Nil where any of the fields is empty: nothing is like a record that does not say.
    func key(_ stored: (Field) -> StoredValue) -> DuplicateKey? {
        var bytes: [UInt8] = []
        for part in parts {
            let text: String? =
                switch stored(part.field) {
                case .text(let text): part.form.key(text)
                case .integer(let number): String(number)
                default: nil
                }
            guard let text else { return nil }
            // With its length in front no two lists of parts run together into the same bytes.
            bytes += Array("\(text.utf8.count):".utf8) + Array(text.utf8)
        }
        return DuplicateKey(bytes)
    }

    func key(of values: [String: Value]) -> DuplicateKey? {
        key { field in values[field.name].map { field.kind.stored($0) } ?? .null }
    }
}

/// What records that are alike by a rule have in common.
struct DuplicateKey: Hashable, Sendable {
    let bytes: [UInt8]
    /// What is stored and looked for. Two keys may share one, so whoever finds a record by it compares the bytes.
    let number: Int64

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        number = SHA256.hash(bytes).bytes.prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    }
}

// MARK: Reading a rule

extension DuplicateRule {
    static let entityName = "duplicate_rule"
    static let maximumFields = 5

    /// The forms in which a field's values can be compared, the one that is meant where none is named first.
    static func forms(of field: Field) -> [MatchForm] {
        guard !field.isSystem, field.definition.computed == nil, field.type.baseOf == nil else { return [] }
        return switch field.kind.name {
        case "text": [.text, .name, .email, .phone, .host]
        case "email": [.email, .text]
        case "phone": [.phone, .text]
        case "url": [.host, .text]
        case "picklist", "reference", "boolean", "integer", "decimal", "percent", "date", "time", "datetime":
            [.exact]
        default: []
        }
    }

    /// Finds a rule's entity and fields.
    ///
    /// - Throws: `invalidRecord` with what is wrong: the entity or a field is not there, a form does not fit, or so
    ///   little is compared that the rule says nothing.
    init(_ fact: DuplicateRuleFact, _ registry: RegistrySnapshot) throws(CRMError) {
        let entity: Entity
        do throws(CRMError) {
            entity = try registry.entity(fact.entity)
        } catch {
            throw Self.problem("entity", "not_found", error.message, hint: error.hint)
        }
        guard !UnitOfWork.directoryEntities.contains(entity.name) else {
            throw Self.problem("entity", "rule", "a \(entity.name) cannot be merged, so it has no duplicates")
        }
        var parts: [Part] = []
        for word in fact.fields.split(separator: ",", omittingEmptySubsequences: false) {
            let part = try Self.part(word.trimmingPrefix(while: \.isWhitespace), entity)
            guard !parts.contains(where: { $0.field === part.field }) else {
                throw Self.problem("fields", "rule", "\"\(part.field.name)\" is named twice")
            }
            parts.append(part)
        }
        guard parts.count <= Self.maximumFields else {
            throw Self.problem("fields", "rule", "a rule compares at most \(Self.maximumFields) fields")
        }
        guard parts.contains(where: { !["picklist", "boolean"].contains($0.field.kind.name) }) else {
            throw Self.problem(
                "fields", "rule", "half of all \(entity.definition.pluralLabel) are alike by that",
                hint: "Add a field that tells records apart, such as a name.")
        }
        self.fact = fact
        self.entity = entity
        self.parts = parts
    }

    private static func part(_ word: Substring, _ entity: Entity) throws(CRMError) -> Part {
        let pieces = word.split(separator: ":", omittingEmptySubsequences: false).map { piece in
            String(piece.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(60))
        }
        let name = pieces[0]
        guard let field = entity[name] else {
            let near = entity.near(name) { _ in true }.first
            throw problem(
                "fields", "not_found", entity.lacks(name), hint: near.map { "Did you mean \"\($0)\"?" })
        }
        let forms = forms(of: field)
        guard let usual = forms.first else {
            throw problem(
                "fields", "rule", "\(field.label) of \"\(entity.name)\" has nothing that could be compared",
                hint: "Texts, addresses, numbers, dates, choices and references can be; amounts, long texts, "
                    + "files, lines and what the kernel itself writes cannot.")
        }
        guard pieces.count > 1 else { return Part(field: field, form: usual) }
        guard pieces.count == 2, let form = MatchForm(rawValue: pieces[1]), forms.contains(form) else {
            throw problem(
                "fields", "rule",
                "\(field.label) cannot be compared as \"\(pieces.dropFirst().joined(separator: ":"))\"",
                hint: "It can as \(forms.map(\.rawValue).joined(separator: ", ")).")
        }
        return Part(field: field, form: form)
    }

    private static func problem(
        _ field: String, _ code: String, _ message: String, hint: String? = nil
    ) -> CRMError {
        .invalidRecord(entityName, [FieldProblem(field: field, code: code, message: message)], hint: hint)
    }

    /// Refuses a rule that was written in a unit and cannot work, or says what another says.
    static func refuse(
        before: [DuplicateRuleFact], after: [DuplicateRuleFact], _ registry: RegistrySnapshot
    ) throws(CRMError) {
        for fact in after where !before.contains(fact) && fact.isActive {
            let rule = try DuplicateRule(fact, registry)
            let twin = after.first { other in
                other.id != fact.id && other.isActive && other.entity == fact.entity
                    && (try? DuplicateRule(other, registry))?.comparison == rule.comparison
            }
            guard let twin else { continue }
            var error = problem("fields", "duplicate", "rule \"\(twin.name)\" compares the same")
            error.candidates = [twin.id.description]
            throw error
        }
    }

    private var comparison: Set<String> {
        Set(parts.map { "\($0.field.name):\($0.form.rawValue)" })
    }

    /// Those that can work, by the entity's name. A rule whose entity or field is not there sleeps.
    static func awake(
        _ facts: [DuplicateRuleFact], _ registry: RegistrySnapshot
    ) -> [String: [DuplicateRule]] {
        // Whoever saved it was told what is wrong; what went away later may come back.
        let rules = facts.filter(\.isActive).compactMap { try? DuplicateRule($0, registry) }
        return Dictionary(grouping: rules.sorted { $0.id < $1.id }, by: \.entity.name)
    }
}
