import JSON

/// How files become records: the content of a mapping file, checked for its form alone.
///
/// One step by itself, or `steps` that are done in order and may refer to what earlier ones have made.
package struct ImportMapping: Sendable {
    /// A custom field that the import needs, made where it is missing.
    package struct FieldWish: Sendable {
        let entity: String
        let name: String
        let type: String
        /// Parameters of `field.create`: everything.
        let parameters: Parameters
        let place: String
    }

    /// Values that a picklist should have, added where they are missing.
    struct ValueWish: Sendable {
        let entity: String
        let field: String
        /// Labels by key.
        let values: [String: String]
        let place: String
    }

    package var wishes: [FieldWish] = []
    var valueWishes: [ValueWish] = []
    package var steps: [ImportStep] = []

    /// - Parameter path: for messages.
    static func read(_ node: MappingNode, path: String) throws(AdminError) -> ImportMapping {
        let root = try MappingObject(node, at: "mapping \"\(path)\"")
        var mapping = ImportMapping()
        for object in try root.objects("fields") { mapping.wishes.append(try FieldWish(object)) }
        for object in try root.objects("picklists") { mapping.valueWishes.append(try ValueWish(object)) }
        if root.node("steps") != nil {
            for (index, object) in try root.objects("steps").enumerated() {
                mapping.steps.append(try ImportStep(object, index: index))
                try object.finish()
            }
        } else {
            mapping.steps = [try ImportStep(root, index: 0)]
        }
        try root.finish()
        guard !mapping.steps.isEmpty else { throw AdminError("\(root.place) has no steps") }
        return mapping
    }
}

extension ImportMapping.FieldWish {
    init(_ object: MappingObject) throws(AdminError) {
        entity = try object.text("entity")
        name = try object.text("name")
        type = try object.text("type")
        place = object.place
        guard name.hasPrefix("x_") else {
            throw AdminError("\(place): the name of a field of your own begins with x_, unlike \"\(name)\"")
        }
        var parameters = Parameters()
        for key in ["entity", "name", "type", "label", "help", "section", "currency_field"] {
            if let text = try object.textIfGiven(key) { parameters.set(key, text) }
        }
        for key in ["mandatory", "unique", "indexed"] where object.node(key) != nil {
            parameters.set(key, try object.flag(key))
        }
        for key in ["maximum_length", "scale"] {
            guard let text = try object.textIfGiven(key) else { continue }
            guard let number = Int(text) else { throw AdminError("\(place).\(key) must be a whole number") }
            parameters.set(key, number)
        }
        let targets = try object.texts("targets")
        if !targets.isEmpty { parameters.set("targets", targets) }
        let values = try object.texts("values")
        if !values.isEmpty {
            parameters.set("values", json: FieldCommands.picklist(values.joined(separator: ",")))
        }
        self.parameters = parameters
        try object.finish()
    }
}

extension ImportMapping.ValueWish {
    init(_ object: MappingObject) throws(AdminError) {
        entity = try object.text("entity")
        field = try object.text("field")
        values = try object.table("values") ?? [:]
        place = object.place
        guard !values.isEmpty else { throw AdminError("\(place) lacks \"values\"") }
        try object.finish()
    }
}

/// One file into one entity.
package struct ImportStep: Sendable {
    package enum Mode: String, Sendable, CaseIterable { case create, update, upsert }
    package enum OnMatch: String, Sendable, CaseIterable {
        /// All fields that the step writes.
        case overwrite
        /// Those that the row has a value for.
        case merge
        /// Those that are empty in the record.
        case fill
        case skip, fail
    }
    package enum Empty: String, Sendable, CaseIterable {
        /// The field is not written.
        case skip
        /// The field is made empty.
        case null
    }

    /// The record that a value means.
    package struct Lookup: Hashable, Sendable {
        let entity: String
        let by: String
    }

    /// The same value in every record.
    struct Constant: Sendable {
        let field: String
        let value: String
        let lookup: Lookup?
        let place: String
    }

    /// A column of another file that has all values that there should be.
    struct KnownIn: Sendable {
        let file: String
        let column: String
        let place: String
    }

    /// A text made of several columns: `{product} {opportunity_id}`.
    struct Composition: Sendable {
        let field: String
        let template: ValueTemplate
        let place: String
    }

    let name: String
    let entity: String
    /// nil where the command names it.
    let file: String?
    let delimiter: UInt8
    let matchOn: [String]
    let mode: Mode
    let onMatch: OnMatch
    let empty: Empty
    /// What is misspelt in a column, by column; applied before everything else, and reported.
    let corrections: [String: [String: String]]
    /// Where a column's values should be found, by column; what is not is reported.
    let knownIn: [String: KnownIn]
    let rules: [ColumnRule]
    let constants: [Constant]
    let compositions: [Composition]
    /// Records with nothing in one of these columns are passed over.
    let onlyWith: [String]
    /// Records with this value in a column are passed over, too.
    let except: [String: String]
    /// Of the records that agree in all these columns only the first counts.
    let distinct: [String]
    /// Rows of further files that belong to a record.
    let lines: [ImportLines]
    let place: String

    init(_ object: MappingObject, index: Int) throws(AdminError) {
        place = object.place
        entity = try object.text("entity")
        name = try object.textIfGiven("name") ?? entity
        file = try object.textIfGiven("file")
        delimiter = try Self.delimiter(object)
        matchOn = try object.texts("match_on")
        mode = try object.choice("mode", Mode.self) ?? (matchOn.isEmpty ? .create : .upsert)
        let named = try object.choice("on_match", OnMatch.self)
        onMatch = named ?? .overwrite
        // Who says that matches are overwritten means the empty cells, too.
        empty = try object.choice("empty", Empty.self) ?? (named == .overwrite ? .null : .skip)
        onlyWith = try object.texts("only_with")
        except = try object.table("except") ?? [:]
        distinct = try object.texts("distinct")
        if let second = try object.object("lines") {
            lines = [try ImportLines(second, of: name)]
        } else {
            lines = []
        }
        guard mode == .create || !matchOn.isEmpty else {
            throw AdminError(
                "\(place): mode \(mode.rawValue) needs match_on",
                hint: "Name the fields by which a record is found.")
        }
        corrections = try Self.corrections(object)
        knownIn = try Self.knownIn(object)
        rules = try Self.rules(object, empty: empty)
        constants = try Self.constants(object)
        compositions = try Self.compositions(object)
        let fields = try checkFields()
        if let missing = matchOn.first(where: { !fields.contains($0) }) {
            throw AdminError("\(place).match_on names \"\(missing)\", which the step gives no value")
        }
    }

    /// What the rows of a file of lines become: lines are found by their places, so nothing says how to find them.
    init(_ object: MappingObject, linesNamed name: String) throws(AdminError) {
        place = object.place
        entity = name
        self.name = name
        file = try object.text("file")
        delimiter = try Self.delimiter(object)
        matchOn = []
        mode = .create
        onMatch = .overwrite
        empty = try object.choice("empty", Empty.self) ?? .skip
        onlyWith = []
        except = [:]
        distinct = []
        lines = []
        corrections = try Self.corrections(object)
        knownIn = try Self.knownIn(object)
        rules = try Self.rules(object, empty: empty)
        constants = try Self.constants(object)
        compositions = try Self.compositions(object)
        try checkFields()
    }

    private static func delimiter(_ object: MappingObject) throws(AdminError) -> UInt8 {
        let separator = try object.textIfGiven("delimiter") ?? ","
        guard separator.utf8.count == 1, let byte = separator.utf8.first, byte != UInt8(ascii: "\"") else {
            throw AdminError("\(object.place).delimiter must be one ASCII character, not \"\(separator)\"")
        }
        return byte
    }

    /// - Returns: the fields that are given a value, each once.
    @discardableResult
    private func checkFields() throws(AdminError) -> [String] {
        let fields = fieldsWritten.map(\.name)
        guard !fields.isEmpty else { throw AdminError("\(place) maps no columns") }
        if let twice = fields.first(where: { name in fields.filter { $0 == name }.count > 1 }) {
            throw AdminError("\(place) gives field \"\(twice)\" two values")
        }
        return fields
    }

    private static func corrections(_ object: MappingObject) throws(AdminError) -> [String: [String: String]]
    {
        guard let columns = try object.object("corrections") else { return [:] }
        var corrections: [String: [String: String]] = [:]
        for column in columns.names { corrections[column] = try columns.table(column) }
        return corrections
    }

    private static func knownIn(_ object: MappingObject) throws(AdminError) -> [String: KnownIn] {
        guard let columns = try object.object("known_in") else { return [:] }
        var known: [String: KnownIn] = [:]
        for column in columns.names {
            guard let source = try columns.object(column) else { continue }
            known[column] = KnownIn(
                file: try source.text("file"), column: try source.text("column"), place: source.place)
            try source.finish()
        }
        return known
    }

    private static func rules(_ object: MappingObject, empty: Empty) throws(AdminError) -> [ColumnRule] {
        guard let columns = try object.object("columns") else { return [] }
        var rules: [ColumnRule] = []
        for column in columns.names {
            let place = "\(columns.place).\(column)"
            switch columns.node(column) {
            case .list(let nodes)?:
                for (index, node) in nodes.enumerated() {
                    rules.append(try rule(column, node, empty: empty, at: "\(place)[\(index)]"))
                }
            case let node?: rules.append(try rule(column, node, empty: empty, at: place))
            case nil: break
            }
        }
        return rules
    }

    /// A field's name alone takes the value as it is.
    private static func rule(
        _ column: String, _ node: MappingNode, empty: Empty, at place: String
    ) throws(AdminError) -> ColumnRule {
        if case .text(let field) = node {
            return ColumnRule(column: column, field: field, empty: empty, place: place)
        }
        return try ColumnRule(column, try MappingObject(node, at: place), empty: empty)
    }

    private static func constants(_ object: MappingObject) throws(AdminError) -> [Constant] {
        guard let constants = try object.object("constants") else { return [] }
        var result: [Constant] = []
        for field in constants.names {
            let place = "\(constants.place).\(field)"
            if case .object? = constants.node(field), let whole = try constants.object(field),
                let lookup = try whole.object("lookup")
            {
                let target = Lookup(entity: try lookup.text("entity"), by: try lookup.text("by"))
                result.append(
                    Constant(field: field, value: try lookup.text("value"), lookup: target, place: place))
                try lookup.finish()
                try whole.finish()
            } else {
                result.append(
                    Constant(field: field, value: try constants.text(field), lookup: nil, place: place))
            }
        }
        return result
    }

    private static func compositions(_ object: MappingObject) throws(AdminError) -> [Composition] {
        guard let composed = try object.object("composed") else { return [] }
        var result: [Composition] = []
        for field in composed.names {
            let place = "\(composed.place).\(field)"
            let template = try ValueTemplate(try composed.text(field), at: place)
            result.append(Composition(field: field, template: template, place: place))
        }
        return result
    }

    /// Without columns and without a file the step is about one record, made of constants.
    var isOneRecord: Bool { rules.isEmpty && compositions.isEmpty && file == nil }

    /// All columns that the step reads, with the place that names each.
    var columnsNamed: [(name: String, place: String)] {
        rules.map { ($0.column, $0.place) } + onlyWith.map { ($0, "\(place).only_with") }
            + except.keys.sorted().map { ($0, "\(place).except") }
            + distinct.map { ($0, "\(place).distinct") }
            + corrections.keys.sorted().map { ($0, "\(place).corrections") }
            + knownIn.keys.sorted().map { ($0, "\(place).known_in") }
            + compositions.flatMap { composition in
                composition.template.columns.map { ($0, composition.place) }
            } + lines.flatMap(\.columnsNamed)
    }

    /// All records that the step refers to, its lines left out.
    var lookups: [(lookup: Lookup, place: String)] {
        rules.compactMap { rule in rule.lookup.map { ($0, rule.place) } }
            + constants.compactMap { constant in constant.lookup.map { ($0, constant.place) } }
    }

    /// All fields that the step writes.
    var fieldsWritten: [(name: String, place: String)] {
        rules.map { ($0.field, $0.place) } + constants.map { ($0.field, $0.place) }
            + compositions.map { ($0.field, $0.place) } + lines.map { ($0.field, $0.place) }
    }
}
