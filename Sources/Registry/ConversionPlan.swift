package import CRMSDK
import Text

/// A field on its way to another type: the column that is being filled, and what its values will be.
///
/// While it lasts the field keeps its type for everyone; every write fills both columns, and batches fill the new
/// one for the records that nobody writes.
package struct ConversionPlan: Hashable, Sendable {
    package let column: String
    package let type: FieldType
    /// Whether a value that does not convert becomes empty; otherwise it stops the change.
    package let emptiesUnfit: Bool

    package init(column: String, type: FieldType, emptiesUnfit: Bool) {
        self.column = column
        self.type = type
        self.emptiesUnfit = emptiesUnfit
    }
}

/// Turns values of one field type into values of another. Pure.
///
/// A value is printed as its field prints it and read by the new type, with a few notations more where two types say
/// the same in different words: a picklist's label, a whole number behind `12.00`, the day of a moment.
package struct ValueConversion: Sendable {
    private let field: FieldDefinition
    private let kind: any FieldKind
    private let wanted: FieldDefinition
    private let wantedKind: any FieldKind

    /// - Throws: `invalidParameters` where one of the types does not convert at all.
    package init(_ field: FieldDefinition, to type: FieldType) throws(CRMError) {
        var wanted = FieldDefinition(field.name, field.label, type)
        wanted.help = field.help
        guard let kind = FieldKindList.kind(named: field.type.name), Self.converts(kind, field.type),
            let wantedKind = FieldKindList.kind(named: type.name), Self.converts(wantedKind, type)
        else {
            throw CRMError(
                .invalidParameters,
                "field \"\(field.name)\" cannot change its type from \(field.type.name) to \(type.name)",
                hint: "Add a field of the new type.")
        }
        self.field = field
        self.kind = kind
        self.wanted = wanted
        self.wantedKind = wantedKind
    }

    /// Numbers that the kernel gives and owners are no values that somebody has written.
    private static func converts(_ kind: any FieldKind, _ type: FieldType) -> Bool {
        guard !["autonumber", "owner", "computed"].contains(kind.name) else { return false }
        switch kind.wire(type) {
        case .string, .boolean, .integer, .decimal, .money, .date, .time, .instant, .reference, .keys,
            .place:
            return true
        case .lines, .file: return false
        }
    }

    package var storage: StorageClass { wantedKind.storage }

    /// The stored value in the new type; nil when it does not convert. Null stays null.
    package func convert(_ stored: StoredValue) -> StoredValue? {
        guard stored != .null else { return .null }
        // The amount alone counts: the record's currency stays where it is.
        let value = kind.value(stored, field.type, currency: CurrencyCode(packed: 0))
        for text in notations(of: value) {
            if let read = try? wantedKind.parse(text, for: wanted) { return wantedKind.stored(read) }
        }
        return nil
    }

    /// The value as people read it.
    package func text(_ stored: StoredValue) -> String {
        notations(of: kind.value(stored, field.type, currency: CurrencyCode(packed: 0))).first ?? ""
    }

    private func notations(of value: Value) -> [String] {
        switch value {
        case .money(let money): return numbers(FixedDecimal(units: money.tenThousandths, scale: 4))
        case .decimal(let number): return numbers(number)
        case .date(let date): return [date.description, "\(date)T00:00:00Z"]
        case .instant(let instant): return [instant.description, String(instant.description.prefix(10))]
        case .list(let keys): return [keys.map(printed).joined(separator: ",")]
        case .text(let text): return texts(text)
        default: return [printed(value)]
        }
    }

    /// Without the decimals that say nothing: 12.00 is a whole number, 12.50 is none.
    private func numbers(_ number: FixedDecimal) -> [String] { [number.text(minimumDecimals: 0)] }

    private func texts(_ text: String) -> [String] {
        // A choice that becomes text reads as its label; a text becomes the choice of that label.
        if let value = field.type.values.first(where: { $0.key == text }) {
            return wanted.type.values.isEmpty ? [value.label, text] : [text] + key(labelled: value.label)
        }
        let trimmed = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return [text] + key(labelled: text) + (trimmed == text ? [] : [trimmed])
    }

    private func key(labelled label: String) -> [String] {
        guard !wanted.type.values.isEmpty else { return [] }
        let folded = TextFolding.fold(label)
        return wanted.type.values.filter { TextFolding.fold($0.label) == folded }.prefix(1).map(\.key)
    }
}

/// A field's conversion under way, as writes need it.
package final class FieldConversion: Sendable {
    package let column: String
    package let emptiesUnfit: Bool
    package let values: ValueConversion

    init?(_ plan: ConversionPlan, of field: FieldDefinition) {
        guard let values = try? ValueConversion(field, to: plan.type) else { return nil }
        column = plan.column
        emptiesUnfit = plan.emptiesUnfit
        self.values = values
    }

    /// What the column to come holds beside this value.
    package func shadow(of value: StoredValue) -> StoredValue { values.convert(value) ?? .null }
}
