package import CRMSDK
package import JSON
package import Registry

/// Reads a field's value from JSON by the field's wire form.
///
/// Strict: no text is taken for a number, no number for text, and decimals are strings, since a JSON number goes
/// through a binary fraction in most clients. Whether the value also obeys the field's rules is the kind's `accept`.
package enum WireValue {
    /// Values of one field that holds several.
    package static let keyLimit = 200

    /// - Returns: null for JSON's null; `.decimal` at scale 4 for an amount without a currency.
    /// - Throws: `type` or `format`, with a sentence that begins with `label`.
    package static func read(
        _ node: JSONNode, _ wire: WireForm, label: @autoclosure () -> String
    ) throws(FieldRefusal) -> Value {
        if node.isNull { return .null }
        switch wire {
        case .string, .place:
            if let text = node.string { return .text(text) }
        case .boolean:
            if let flag = node.bool { return .bool(flag) }
        case .integer:
            if let number = node.int64 { return .integer(number) }
        case .reference:
            if let number = node.int64, number != 0, number <= RecordID.maximum.rawValue {
                return .reference(RecordID(number))
            }
        case .decimal(let scale):
            if let text = node.string { return .decimal(try decimal(text, scale, label())) }
        case .money:
            if let text = node.string { return .decimal(try decimal(text, 4, label())) }
            if node.kind == .object { return .money(try money(node, label())) }
        case .date:
            if let text = node.string {
                guard let date = CalendarDate(text) else { throw format(text, wire, label()) }
                return .date(date)
            }
        case .time:
            if let text = node.string {
                guard let time = TimeOfDay(text) else { throw format(text, wire, label()) }
                return .time(time)
            }
        case .instant:
            if let text = node.string {
                guard let instant = Instant(text) else { throw format(text, wire, label()) }
                return .instant(instant)
            }
        case .keys:
            if node.kind == .array { return .list(try keys(node, label())) }
        // Lines are read by `LineValues`, which knows their fields.
        case .lines: break
        // Whoever could name bytes by their hash could read what others have sent.
        case .file: break
        }
        throw FieldRefusal("type", "\(label()) must be \(wire.phrase), not \(described(node))")
    }

    private static func decimal(
        _ text: String, _ scale: Int, _ label: String
    ) throws(FieldRefusal) -> FixedDecimal {
        do throws(CRMError) {
            return try FixedDecimal(parsing: text, scale: scale)
        } catch {
            throw FieldRefusal("format", "\(label): \(error.message)")
        }
    }

    private static func keys(_ node: JSONNode, _ label: String) throws(FieldRefusal) -> [Value] {
        guard node.count <= keyLimit else {
            throw FieldRefusal("length", "\(label) has more than \(keyLimit) values")
        }
        var keys: [Value] = []
        for element in node.elements {
            guard let key = element.string else {
                throw FieldRefusal("type", "\(label) must hold text, not \(described(element))")
            }
            keys.append(.text(key))
        }
        return keys
    }

    private static func money(_ node: JSONNode, _ label: String) throws(FieldRefusal) -> Money {
        for (name, _) in node.members where name != "amount" && name != "currency" {
            throw FieldRefusal(
                "type", "\(label) has no member \"\(name.prefix(40))\"; an amount has amount and currency")
        }
        guard let amount = node["amount"]?.string, let code = node["currency"]?.string else {
            throw FieldRefusal("type", "\(label) needs both amount and currency, each as text")
        }
        guard let currency = CurrencyCode(code) else {
            throw FieldRefusal(
                "format", "\(label): \"\(code.prefix(40))\" is not a currency code such as EUR")
        }
        return Money(tenThousandths: try decimal(amount, 4, label).units, currency: currency)
    }

    private static func format(_ text: String, _ wire: WireForm, _ label: String) -> FieldRefusal {
        FieldRefusal("format", "\(label): \"\(text.prefix(40))\" is not \(wire.phrase)")
    }

    /// The JSON type, and the value where it is short and explains the mistake.
    private static func described(_ node: JSONNode) -> String {
        if let number = node.numberText, number.utf8.count <= 24 { return "the number \(number)" }
        return node.kind.phrase
    }
}

extension WireForm {
    /// What a value must be, as a message says it.
    package var phrase: String {
        switch self {
        case .string: "a string"
        case .boolean: "true or false"
        case .integer: "a whole number"
        case .decimal: "a decimal number in a string, such as \"12.50\""
        case .money: "an amount such as \"12.50\" or {\"amount\": \"12.50\", \"currency\": \"EUR\"}"
        case .date: "a date such as \"2026-11-22\""
        case .time: "a time of day such as \"15:24\""
        case .instant: "a moment such as \"2026-11-22T15:24:20Z\""
        case .reference: "the id of a record, a whole number"
        case .keys: "an array of keys, such as [\"north\", \"south\"]"
        case .place: "a place such as \"52.5200066,13.404954\""
        case .lines: "an array of lines, or {\"set\": [...], \"remove\": [...]}"
        case .file: "null, or be sent by PUT /files/{id of the record}"
        }
    }
}
