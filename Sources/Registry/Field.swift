package import CRMSDK
import Text

/// A field as the running kernel knows it: the definition, its implementation, and where its values lie.
package final class Field: Sendable {
    /// Where the field comes from.
    package enum Source: Hashable, Sendable {
        case system
        /// The module's name; `core` for the kernel's own.
        case module(String)
        /// Made by an administrator; named `x_…`.
        case custom
    }

    /// Unique in the installation, never used again; negative for system fields.
    package let number: Int
    package let definition: FieldDefinition
    package let kind: any FieldKind
    package let source: Source
    /// The column's name; of identifier characters only, so it can stand in a statement.
    package let column: String
    /// The column with the folded key of a text, for equality, prefix and order; nil where the key is computed as
    /// needed.
    package let keyColumn: String?
    /// The place in `Entity.fields`.
    package let position: Int
    package let wire: WireForm
    /// `"name":` in UTF-8, as it stands in an answer.
    package let jsonKey: [UInt8]
    /// For a field of lines' entity: the table of the records that the lines belong to, where their currency is.
    package let parentTable: String?
    /// The definition's default; null where there is none.
    package let defaultValue: Value
    package let adjustments: Adjustments
    /// The field as it was before its type changed, the latest last: by its former columns and types, the change log is
    /// read.
    package let former: [Field]
    /// Where the field is on its way to another type: what is written into the column to come.
    package let conversion: FieldConversion?

    package let isSystem: Bool
    /// Whether its values are numbers that the kernel gives.
    package let isNumber: Bool
    package let isComputed: Bool
    package let isReadOnly: Bool

    /// How search cuts its values into words; nil where it does not look into them.
    package let searchForm: SearchForm?

    private let listPositions: [String: Int]

    package var name: String { definition.name }
    package var label: String { definition.label }
    package var type: FieldType { definition.type }

    init(
        number: Int, definition: FieldDefinition, kind: any FieldKind, source: Source, column: String,
        hasKeyColumn: Bool, position: Int, parentTable: String? = nil,
        adjustments: Adjustments = Adjustments(), conversion: ConversionPlan? = nil
    ) {
        self.number = number
        self.definition = definition
        self.kind = kind
        self.source = source
        self.column = column
        self.keyColumn = hasKeyColumn && kind.ordering == .textKey ? column + "__k" : nil
        self.position = position
        self.searchForm = definition.isSearchable ?? true ? kind.searchForm : nil
        self.parentTable = parentTable
        self.isSystem = source == .system
        self.isNumber = kind.name == "autonumber"
        self.isComputed = definition.computed != nil
        self.isReadOnly = definition.isReadOnly
        self.wire = kind.wire(definition.type)
        self.jsonKey = Array("\"\(definition.name)\":".utf8)
        self.defaultValue = definition.defaultText.flatMap { try? kind.parse($0, for: definition) } ?? .null
        self.adjustments = adjustments
        self.former = adjustments.formerColumns.compactMap { former in
            guard let kind = FieldKindList.kind(named: former.type.name) else { return nil }
            var before = FieldDefinition(definition.name, definition.label, former.type)
            before.section = definition.section
            return Field(
                number: number, definition: before, kind: kind, source: source, column: former.column,
                hasKeyColumn: false, position: position, parentTable: parentTable)
        }
        self.conversion = conversion.flatMap { FieldConversion($0, of: definition) }
        self.listPositions = Dictionary(
            definition.type.values.enumerated().map { ($0.element.key, $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The place of a picklist's value in its list; nil for a value that the list does not have.
    package func listPosition(of key: String) -> Int? { listPositions[key] }

    /// The folded key of a text, as `keyColumn` holds it.
    ///
    /// A unique field keeps the equality key, on which its index refuses a second one; every other the sort key. Both
    /// begin with the folded text and hold at most a tie breaker after a zero byte, so ranges serve both.
    package func key(of text: String) -> [UInt8] {
        definition.isUnique ? TextFolding.equalityKey(text) : TextFolding.sortKey(text)
    }

    /// Whether values are references to records.
    package var isReference: Bool { wire == .reference }
}
