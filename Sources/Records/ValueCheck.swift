import CRMSDK
import Query
import Registry
import Security

/// Checks values against the fields that they are for. Collects every problem of a record, field by field.
struct ValueCheck {
    let entity: Entity
    let mask: FieldMask
    /// The mask of another entity for the same writer: of the record's lines.
    let maskOf: (String) -> FieldMask
    let snapshot: KernelSnapshot
    /// Whether numbers that the kernel gives may be brought along, as an import does.
    let mayBringNumbers: Bool
    /// Whether a module is the writer: fields that are read-only for people are its to write.
    let mayWriteReadOnly: Bool
    /// Of the labels in messages.
    let language: String
    private(set) var problems: [FieldProblem] = []
    /// A limit that was passed: told alone, in place of all problems.
    private(set) var limit: CRMError?

    /// - Parameter maskOf: What the writer may do with the fields of an entity.
    init(
        _ entity: Entity, _ snapshot: KernelSnapshot, mayBringNumbers: Bool, mayWriteReadOnly: Bool = false,
        language: String = "en", maskOf: @escaping (String) -> FieldMask = { _ in .everything }
    ) {
        self.language = language
        self.entity = entity
        self.mask = maskOf(entity.name)
        self.maskOf = maskOf
        self.snapshot = snapshot
        self.mayBringNumbers = mayBringNumbers
        self.mayWriteReadOnly = mayWriteReadOnly
    }

    /// - Parameter module: The module that writes; nil for a person.
    init(_ entity: Entity, _ snapshot: KernelSnapshot, _ call: CallContext, module: String?) {
        let (security, principal) = (snapshot.security, call.principal)
        self.init(
            entity, snapshot, mayBringNumbers: call.source == .import || module != nil,
            mayWriteReadOnly: module != nil, language: call.language,
            maskOf: { module == nil ? security.mask(principal, $0) : .everything })
    }

    var isFine: Bool { problems.isEmpty && limit == nil }

    /// The values in the form in which they are stored; those with problems are left out.
    ///
    /// A value that is there already is let through although its kind would not take it now: a retired choice stays.
    mutating func accept(_ values: [String: Value], old: Record?) -> [String: Value] {
        accept(values, old: old.map { record in { record[$0] } })
    }

    mutating func accept(_ values: [String: Value], oldLine: Line?) -> [String: Value] {
        accept(values, old: oldLine.map { line in { line[$0] } })
    }

    private mutating func accept(
        _ values: [String: Value], old: ((String) -> Value)?
    ) -> [String: Value] {
        var accepted: [String: Value] = [:]
        accepted.reserveCapacity(values.count + entity.defaulted.count + 1)
        let first = problems.count
        defer { problems[first...].sort { $0.field < $1.field } }
        for (name, value) in values {
            guard let field = entity[name], mask.isVisible(name) else {
                add(name, "unknown_field", entity.lacks(name))
                continue
            }
            if let old, old(name) == value {
                accepted[name] = value
                continue
            }
            // A module gives back a line as it got it, with what is to be computed empty.
            if value.isNull, field.isComputed { continue }
            guard isWritable(field) else {
                add(name, "read_only", "\(label(field)) cannot be written")
                continue
            }
            guard let value = accept(value, for: field, old: old?(name) ?? .null) else { continue }
            accepted[name] = value
        }
        return accepted
    }

    /// A value of a field as it is stored; nil, and a problem, when the field does not take it.
    ///
    /// - Parameter old: What the field holds now; lines that are written are those of it, or new.
    mutating func accept(_ value: Value, for field: Field, old: Value) -> Value? {
        guard !value.isNull else { return .null }
        if let lines = snapshot.registry.lines(of: field) {
            return acceptLines(value, of: lines, in: field, old: old.lines ?? [])
        }
        do throws(FieldRefusal) {
            let accepted = try field.kind.accept(value, for: field.definition)
            // An empty text is no text: one way to be empty.
            guard accepted != .text("") else { return .null }
            if let conversion = field.conversion, !conversion.emptiesUnfit,
                conversion.values.convert(field.kind.stored(accepted)) == nil
            {
                throw FieldRefusal(
                    "type", "\(field.label) is changing its type, and the new one cannot hold this value")
            }
            return accepted
        } catch {
            add(field.name, error.code, inLanguage(error, value, field))
            return nil
        }
    }

    /// The refusal with the field's labels in the caller's language: what is refused once is refused again.
    private func inLanguage(_ refusal: FieldRefusal, _ value: Value, _ field: Field) -> String {
        guard language != "en" else { return refusal.message }
        let definition = snapshot.registry.labels.definition(of: field, of: entity, in: language)
        do throws(FieldRefusal) { _ = try field.kind.accept(value, for: definition) } catch {
            return error.message
        }
        return refusal.message
    }

    private func label(_ field: Field) -> String {
        language == "en" ? field.label : snapshot.registry.labels.label(of: field, of: entity, in: language)
    }

    func isWritable(_ field: Field) -> Bool {
        if field.isComputed { return false }
        if mayWriteReadOnly, field.isReadOnly { return !field.isSystem }
        if field.isNumber { return mayBringNumbers && mask.isVisible(field.name) }
        return !field.isReadOnly && mask.isEditable(field.name)
    }

    mutating func add(_ field: String, _ code: String, _ message: String) {
        problems.append(FieldProblem(field: field, code: code, message: message))
    }

    mutating func refuse(_ error: CRMError) { limit = limit ?? error }

    /// - Throws: `invalidRecord` with all problems; `limitExceeded`.
    func finish() throws(CRMError) {
        if let limit { throw limit }
        guard problems.isEmpty else { throw .invalidRecord(entity.name, problems) }
    }

    // MARK: Rules over the whole record

    /// Gives amounts without a currency the record's, and a record without a currency its amounts'.
    mutating func settleCurrencies(_ values: inout [String: Value]) {
        for field in entity.amounts {
            guard let value = values[field.name], !value.isNull else { continue }
            values[field.name] = settled(value, field, at: field.name, in: &values)
        }
        for field in entity.lines { settleCurrencies(ofLinesIn: field, &values) }
    }

    /// An amount in its currency: the record's, or the base currency. The first that names one gives it to the record.
    ///
    /// - Parameter values: of the record, which has the currency of its lines as well.
    mutating func settled(
        _ value: Value, _ field: Field, at place: String, in values: inout [String: Value]
    ) -> Value {
        let base = snapshot.currencies.base
        let currencyField = field.type.currencyField
        var currency = base
        if let currencyField {
            if let id = values[currencyField]?.reference {
                guard let known = snapshot.currencies[id] else { return value }
                currency = known
            } else if let code = value.money?.currency {
                guard let known = snapshot.currencies[code] else {
                    add(place, "not_found", "\(field.label): currency \(code) does not exist")
                    return value
                }
                currency = known
                values[currencyField] = .reference(known.id)
            } else {
                values[currencyField] = .reference(base.id)
            }
        }
        switch value {
        case .decimal(let amount):
            return .money(Money(tenThousandths: amount.units, currency: currency.code))
        case .money(let money) where money.currency != currency.code:
            add(
                place, "type",
                "\(field.label) is in \(money.currency), but "
                    + (currencyField == nil
                        ? "this field is in \(base.code)" : "the record is in \(currency.code)"))
            return value
        default: return value
        }
    }

    /// A field that has a problem already gets no second one.
    mutating func requireMandatory(_ values: [String: Value]) {
        let told = Set(problems.map(\.field))
        for field in entity.mandatory where (values[field.name] ?? .null).isNull && !told.contains(field.name)
        {
            add(field.name, "required", "\(label(field)) is needed")
        }
        for field in entity.lines { requireMandatory(inLinesOf: field, values) }
    }
}
