package import CRMSDK
import Text

/// An entity as the running kernel knows it.
package final class Entity: Sendable {
    /// Unique in the installation, never used again.
    package let number: Int
    package let definition: EntityDefinition
    /// The module that brought it; `core` for the kernel's own.
    package let module: String
    /// The table with its records.
    package let table: String
    package let adjustments: Adjustments
    /// All fields: those of the system first, then in the order of their making. Deleted ones are not here.
    package let fields: [Field]
    /// The definition's default sort; always ends in the id.
    package let defaultSort: [SortKey]
    package let labelFields: [Field]
    /// The fields of a list that names none.
    package let listFields: [Field]

    // What every write walks over, each in the order of `fields`.

    /// References that people set: the owner, and all that are not the system's.
    package let references: [Field]
    package let amounts: [Field]
    /// Amounts in the base currency that follow others of the record.
    package let baseAmounts: [BaseAmount]
    package let mandatory: [Field]
    package let unique: [Field]
    package let numbers: [Field]
    /// Those that search looks into, numbers last; none in what only administrators write: rights, currencies, users.
    package let searchable: [Field]
    /// Fields that hold lines.
    package let lines: [Field]
    package let files: [Field]
    /// Those that are filled where nothing is given.
    package let defaulted: [Field]

    private let byName: [String: Field]

    package var name: String { definition.name }
    package var label: String { definition.label }
    /// Whether its rows are lines of records: with `id`, `parent` and `position` in place of all other system fields.
    package var isLine: Bool { definition.lineOf != nil }

    /// - Throws: `invalidParameters` with the first problem of the definition.
    package init(
        number: Int, definition: EntityDefinition, module: String, fields stored: [FieldPlacement],
        adjustments: Adjustments = Adjustments()
    ) throws(CRMError) {
        self.number = number
        self.definition = definition
        self.module = module
        self.adjustments = adjustments
        self.table = Self.table(of: definition.name)
        var fields: [Field] = []
        let system = definition.lineOf.map(SystemField.definitions(ofLinesOf:)) ?? SystemField.definitions
        for (index, system) in system.enumerated() {
            guard let kind = FieldKindList.kind(named: system.type.name) else {
                preconditionFailure(system.name)
            }
            fields.append(
                Field(
                    number: -1 - index, definition: system, kind: kind, source: .system, column: system.name,
                    hasKeyColumn: false, position: fields.count))
        }
        let keyed = Self.namesWithKeyColumn(definition)
        for placement in stored {
            guard let kind = FieldKindList.kind(named: placement.definition.type.name) else {
                throw CRMError(
                    .invalidParameters,
                    "field \"\(placement.definition.name)\" of \"\(definition.name)\" has the type "
                        + "\"\(placement.definition.type.name)\", which this kernel does not know")
            }
            let isKeyed =
                placement.definition.isIndexed || placement.definition.isUnique
                || keyed.contains(placement.definition.name)
            fields.append(
                Field(
                    number: placement.number, definition: placement.definition, kind: kind,
                    source: placement.source,
                    column: placement.column, hasKeyColumn: isKeyed, position: fields.count,
                    parentTable: definition.lineOf.map(Self.table(of:)),
                    adjustments: placement.adjustments, conversion: placement.conversion))
        }
        let byName = Dictionary(fields.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.fields = fields
        self.byName = byName
        self.references = fields.filter { $0.isReference && (!$0.isSystem || $0.name == "owner") }
        self.amounts = fields.filter { $0.wire == .money }
        self.baseAmounts = fields.compactMap { BaseAmount($0) { byName[$0] } }
        self.mandatory = fields.filter(\.definition.isMandatory)
        self.unique = fields.filter(\.definition.isUnique)
        self.numbers = fields.filter(\.isNumber)
        let searchable =
            definition.isAdministrative || definition.lineOf != nil
            ? [] : fields.filter { !$0.isSystem && $0.searchForm != nil }
        self.searchable = searchable.filter { !$0.isNumber } + searchable.filter(\.isNumber)
        self.lines = fields.filter { $0.wire == .lines }
        self.files = fields.filter { $0.wire == .file }
        self.defaulted = fields.filter { !$0.defaultValue.isNull }
        self.labelFields = definition.labelFields.compactMap { byName[$0] }
        self.listFields = definition.listFields.compactMap { byName[$0] }
        var sort: [SortKey] = definition.defaultSort.compactMap { text in
            let descending = text.hasPrefix("-")
            return byName[descending ? String(text.dropFirst()) : text].map {
                SortKey(field: $0, descending: descending)
            }
        }
        if let id = byName["id"], !sort.contains(where: { $0.field.name == "id" }) {
            sort.append(SortKey(field: id, descending: sort.last?.descending ?? false))
        }
        self.defaultSort = sort
    }

    package subscript(name: String) -> Field? { byName[name] }

    /// Whether the index of the default sort also finds this field's values and walks along them, so that it needs none
    /// of its own. A number is looked for among deleted records too, a list's values are sorted by their place in it.
    package func isServedByDefaultSort(_ field: Field) -> Bool {
        !isLine && defaultSort.count > 1 && defaultSort[0].field === field && !field.isNumber
            && field.kind.ordering != .listPosition && field.wire != .place
    }

    /// The definition with all fields as they are now: modules' extensions and custom fields among them.
    package var completeDefinition: EntityDefinition {
        var complete = definition
        complete.fields = fields.filter { !$0.isSystem }.map(\.definition)
        return complete
    }

    package func field(inColumn column: String) -> Field? { fields.first { $0.column == column } }

    /// Whose values an entry of the change log has in a column: a field's, or those that it had when it was of another
    /// type.
    package func fieldOfLog(inColumn column: String) -> Field? {
        if let field = field(inColumn: column) { return field }
        for field in fields where !field.former.isEmpty {
            if let former = field.former.first(where: { $0.column == column }) { return former }
        }
        return nil
    }

    /// The fields that a wrong name was perhaps meant to be, nearest first: one that had that name before, then those
    /// of names like it.
    package func near(_ name: String, where isVisible: (String) -> Bool) -> [String] {
        let visible = fields.filter { isVisible($0.name) }
        let renamed = visible.filter { $0.adjustments.formerNames.contains(name) }.map(\.name)
        return renamed
            + Spelling.nearest(to: name, among: visible.map(\.name)).filter { !renamed.contains($0) }
    }

    /// What is said of a name that no field has, or none that the caller may see.
    package func lacks(_ name: String) -> String { "\(self.name) has no field \"\(name.prefix(60))\"" }

    /// The system field of that name.
    package func system(_ name: String) -> Field {
        guard let field = byName[name] else { preconditionFailure("no system field \(name)") }
        return field
    }

    package static func table(of entity: String) -> String { "e_" + entity }

    /// Text fields whose folded key is stored, beside those that are indexed or unique themselves.
    package static func namesWithKeyColumn(_ definition: EntityDefinition) -> Set<String> {
        Set(definition.labelFields + definition.indexes.flatMap { $0 })
            .union(definition.defaultSort.map { $0.hasPrefix("-") ? String($0.dropFirst()) : $0 })
    }
}

/// One field of a sort.
package struct SortKey: Sendable {
    package let field: Field
    package let descending: Bool

    package init(field: Field, descending: Bool) {
        self.field = field
        self.descending = descending
    }
}

/// A field's definition with the place that storage has given it.
package struct FieldPlacement: Hashable, Sendable {
    package let number: Int
    package var definition: FieldDefinition
    package let source: Field.Source
    package var column: String
    package var adjustments = Adjustments()
    /// Where the field is on its way to another type.
    package var conversion: ConversionPlan?

    package init(number: Int, definition: FieldDefinition, source: Field.Source, column: String) {
        self.number = number
        self.definition = definition
        self.source = source
        self.column = column
    }
}
