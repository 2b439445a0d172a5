package import CRMSDK

/// The implementation of one field type: how its values are stored, written on the wire, checked, read and printed.
///
/// Pure: a kind is given the field's definition and a value. To add a type, write one file in `FieldKinds` and add one
/// line to `FieldKindList`.
package protocol FieldKind: Sendable {
    /// `FieldType.name`.
    var name: String { get }
    var storage: StorageClass { get }
    /// The comparisons that make sense.
    var comparisons: [FilterOperator] { get }
    /// How its values are put in order; nil when they cannot be sorted.
    var ordering: Ordering? { get }

    /// How search cuts its values into words; nil when they are not searched.
    var searchForm: SearchForm? { get }

    /// How a value stands in JSON.
    func wire(_ type: FieldType) -> WireForm

    /// What is wrong with the parameters of a type, one sentence each; empty when nothing is.
    func problems(in type: FieldType) -> [String]

    /// Checks a value that is not null and brings it into the one form in which it is stored.
    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value

    /// Reads the field's own notation, as defaults, CSV files and the console write it.
    ///
    /// A reference to a record by anything but its id is looked up by the caller.
    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value
}

/// How values are put in order, and which column serves it.
package enum Ordering: Sendable {
    /// By the stored value itself.
    case stored
    /// By the folded key of the text.
    case textKey
    /// By the position in the picklist.
    case listPosition
}

/// How search cuts a value into words.
package enum SearchForm: Sendable {
    case words
    /// Words, and all digits as one number, with and without what may be a country's prefix.
    case phone
}

/// How a value stands in JSON; the complete list, so that a reader and a writer of JSON know every type.
package enum WireForm: Hashable, Sendable {
    case string
    case boolean
    case integer
    /// A string with exactly this many decimals.
    case decimal(scale: Int)
    /// `{"amount": "12.50", "currency": "EUR"}`, or the amount alone when written.
    case money
    case date
    case time
    case instant
    /// Read as `{"id", "entity", "label"}`, written as the id.
    case reference
    /// An array of keys, in the order of their list.
    case keys
    /// Read as an array of objects; written whole or as `{"set", "remove"}`.
    case lines
    /// A string, `52.5200066,13.404954`.
    case place
    /// Read as `{"name", "media_type", "size", "sha256"}`, written as null only: bytes come by `PUT /files/{id}`.
    case file
}

/// Why a value does not fit its field. Becomes a `FieldProblem` once the field's path is known.
package struct FieldRefusal: Error, Equatable, Sendable {
    /// As in `FieldProblem.code`.
    package let code: String
    package let message: String

    package init(_ code: String, _ message: String) {
        self.code = code
        self.message = message
    }

    static func type(_ field: FieldDefinition, wants: String) -> Self {
        Self("type", "\(field.label) must be \(wants)")
    }
}

extension FieldKind {
    package func problems(in type: FieldType) -> [String] { [] }

    package var searchForm: SearchForm? { nil }

    /// The column's value for a value that `accept` has let through.
    package func stored(_ value: Value) -> StoredValue {
        switch value {
        case .null: .null
        case .bool(let payload): .integer(payload ? 1 : 0)
        case .integer(let payload): .integer(payload)
        case .decimal(let payload): .integer(payload.units)
        case .money(let payload): .integer(payload.tenThousandths)
        case .text(let payload) where storage == .integer:
            GeoPoint(payload).map { .integer(ZOrder.code(of: $0)) } ?? .null
        case .text(let payload): .text(payload)
        case .bytes(let payload): .blob(payload)
        case .date(let payload): .integer(payload.daysSince1970)
        case .time(let payload): .integer(payload.milliseconds)
        case .instant(let payload): .integer(payload.millisecondsSince1970)
        case .reference(let payload): .integer(payload.rawValue)
        case .other(let payload):
            if let file = value.file {
                .text(file.encoded)
            } else {
                payload.lines.map { .integer(Int64($0.count)) } ?? .blob(payload.encoded)
            }
        case .list(let payload): .text(KeyList.text(payload.compactMap(\.text)))
        }
    }

    /// The value that a column holds. `currency` is the record's, for money.
    package func value(_ stored: StoredValue, _ type: FieldType, currency: CurrencyCode) -> Value {
        switch (stored, wire(type)) {
        case (.null, _): .null
        case (.integer(let number), .boolean): .bool(number != 0)
        case (.integer(let number), .integer): .integer(number)
        case (.integer(let number), .decimal(let scale)): .decimal(FixedDecimal(units: number, scale: scale))
        case (.integer(let number), .money): .money(Money(tenThousandths: number, currency: currency))
        case (.integer(let number), .date): .date(CalendarDate(daysSince1970: number))
        case (.integer(let number), .time): .time(TimeOfDay(milliseconds: number))
        case (.integer(let number), .instant): .instant(Instant(millisecondsSince1970: number))
        case (.integer(let number), .reference): .reference(RecordID(number))
        case (.integer(let number), .place): ZOrder.point(number).map { .text($0.description) } ?? .null
        case (.integer(let number), .string): .text(String(number))
        case (.integer, .keys), (.integer, .lines), (.integer, .file): .null
        case (.text(let text), .keys): .list(KeyList.keys(in: text).map { .text($0) })
        case (.text(let text), .file): FileValue(encoded: text).map { .file($0) } ?? .null
        case (.text(let text), _): .text(text)
        case (.blob(let bytes), _): .bytes(bytes)
        }
    }
}

/// The value as the field prints it: what `parse` reads back.
package func printed(_ value: Value) -> String {
    switch value {
    case .null: ""
    case .bool(let payload): payload ? "true" : "false"
    case .integer(let payload): String(payload)
    case .decimal(let payload): payload.description
    case .money(let payload): payload.description
    case .text(let payload): payload
    case .bytes(let payload): payload.map { String($0, radix: 16) }.joined()
    case .date(let payload): payload.description
    case .time(let payload): payload.description
    case .instant(let payload): payload.description
    case .reference(let payload): payload.description
    case .list(let payload): payload.map(printed).joined(separator: ", ")
    case .other(let payload): payload.lines.map { "\($0.count) lines" } ?? value.file?.name ?? payload.kind
    }
}
