/// What is wrong with a manifest, found without an installation: the kernel asks before it registers anything, and
/// a module's tests ask through the conformance checks of `CRMSDKTesting`.
///
/// What needs to know the other modules (whether a referenced entity is there, whether two modules use one name) is
/// the registry's question.
public enum ManifestCheck {
    /// One line per problem, in the manifest's order; empty for a sound one.
    public static func problems(_ manifest: ModuleManifest) -> [String] {
        var problems: [String] = []
        if !isName(manifest.name) { problems.append("module name \"\(manifest.name)\" is not snake case") }
        if manifest.name == "custom" {
            problems.append("the name \"custom\" is for administrators' entities")
        }
        if manifest.label.isEmpty { problems.append("the module has no label") }
        if manifest.summary.isEmpty { problems.append("the module has no summary") }
        problems += dependencies(manifest)
        problems += repeated(manifest.entities.map(\.name)).map { "entity \"\($0)\" is defined twice" }
        problems += manifest.entities.flatMap { entity($0, of: manifest) }
        problems += LineCheck.problems(manifest)
        problems += manifest.extensions.flatMap { extensionProblems($0, of: manifest) }
        problems += relations(manifest)
        problems += hooks(manifest)
        problems += actions(manifest)
        problems += GateCheck.problems(manifest)
        problems += jobs(manifest)
        problems += migrations(manifest)
        problems += fixtures(manifest)
        return problems
    }

    /// Lowercase letters, digits and single underscores, beginning with a letter; at most 47 characters, as many
    /// as the stamp holds.
    public static func isName(_ name: String) -> Bool {
        isKey(name) && isLetter(name.utf8.first ?? 0)
    }

    /// A picklist value's key: like a name, but it may begin with a digit, as `300_sales_software` does.
    public static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard let first = bytes.first, first != underscore, bytes.count <= 47, bytes.last != underscore else {
            return false
        }
        return zip(bytes, bytes.dropFirst()).allSatisfy { $0 != underscore || $1 != underscore }
            && bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == underscore }
    }

    /// The fields that every business entity has without naming them.
    public static let systemFields = [
        "id", "owner", "created_at", "created_by", "modified_at", "modified_by", "version", "deleted_at",
        "origin",
    ]

    /// The fields that every line has without naming them.
    public static let lineFields = ["id", "parent", "position"]

    private static let underscore = UInt8(ascii: "_")

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// Names that come more than once, each once.
    private static func repeated(_ names: [String]) -> [String] {
        Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
    }

    private static func dependencies(_ manifest: ModuleManifest) -> [String] {
        let names = manifest.dependencies.map(\.name)
        return names.filter { !isName($0) }.map { "dependency \"\($0)\" is not snake case" }
            + names.filter { $0 == manifest.name }.map { _ in "the module depends on itself" }
            + repeated(names).map { "dependency \"\($0)\" is named twice" }
    }
}

// MARK: - Entities

extension ManifestCheck {
    private static func entity(_ entity: EntityDefinition, of manifest: ModuleManifest) -> [String] {
        let place = "entity \"\(entity.name)\""
        var problems: [String] = []
        if !isName(entity.name) { problems.append("\(place): the name is not snake case") }
        if entity.name.hasPrefix("x_") {
            problems.append("\(place): the name begins with x_, which is for administrators' entities")
        }
        if entity.label.isEmpty || entity.pluralLabel.isEmpty {
            problems.append("\(place): a label is empty")
        }
        if entity.fields.isEmpty { problems.append("\(place): there are no fields") }
        problems += fields(entity.fields, place)
        let system = entity.lineOf == nil ? systemFields : systemFields + lineFields
        problems += entity.fields.map(\.name).filter(system.contains).map {
            "\(place): \"\($0)\" is a system field"
        }
        let known = Set(entity.fields.map(\.name) + (entity.lineOf == nil ? systemFields : lineFields))
        let lists =
            [
                ("label", entity.labelFields), ("list", entity.listFields),
                ("default sort", entity.defaultSort),
            ] + entity.indexes.map { ("index", $0) }
        if entity.labelFields.isEmpty, entity.lineOf == nil {
            problems.append("\(place): no field labels its records")
        }
        for (use, names) in lists {
            problems += names.map(withoutDirection).filter { !known.contains($0) }.map {
                "\(place): \(use) names the unknown field \"\($0)\""
            }
            problems += repeated(names).map { "\(place): \(use) names \"\($0)\" twice" }
        }
        let record = manifest.entities.first { $0.name == entity.lineOf } ?? entity
        problems += entity.fields.compactMap { currencyProblem($0, in: record) }
        return problems
    }

    private static func withoutDirection(_ name: String) -> String {
        name.hasPrefix("-") ? String(name.dropFirst()) : name
    }

    private static func currencyProblem(_ field: FieldDefinition, in entity: EntityDefinition) -> String? {
        guard let name = field.type.currencyField else { return nil }
        let currency = entity.fields.first { $0.name == name }
        return currency?.type.name == "reference" && currency?.type.targets == ["currency"]
            ? nil
            : "entity \"\(entity.name)\": currency of \"\(field.name)\" is not a reference to currency: \"\(name)\""
    }

    private static func fields(_ fields: [FieldDefinition], _ place: String) -> [String] {
        repeated(fields.map(\.name)).map { "\(place): field \"\($0)\" is defined twice" }
            + fields.flatMap { field in
                fieldProblems(field).map { "\(place): field \"\(field.name)\" \($0)" }
            }
    }

    private static func fieldProblems(_ field: FieldDefinition) -> [String] {
        let type = field.type
        var problems: [String] = []
        if !isName(field.name) { problems.append("is not snake case") }
        if field.name.hasPrefix("x_") {
            problems.append("begins with x_, which is for administrators' fields")
        }
        if field.name == "link" { problems.append("is called link, as the values of a link are") }
        if field.label.isEmpty { problems.append("has no label") }
        if let scale = type.scale, !(0...6).contains(scale) { problems.append("has a scale beyond 0–6") }
        if let length = type.maximumLength, length < 1 { problems.append("has no room for text") }
        if type.name.hasSuffix("picklist") {
            if type.values.isEmpty { problems.append("has no values") }
            problems += type.values.filter { !isKey($0.key) }.map { "has the value key \"\($0.key)\"" }
            problems += repeated(type.values.map(\.key)).map { "has the value \"\($0)\" twice" }
        }
        problems += type.targets.filter { !isName($0) }.map { "refers to \"\($0)\"" }
        if type.name == "autonumber", !isPattern(type.pattern ?? "") {
            problems.append("has no pattern with one run of zeros")
        }
        if let text = field.defaultText, !isDefault(text, of: type) {
            problems.append("has the default \"\(text)\"")
        }
        return problems
    }

    private static func isPattern(_ pattern: String) -> Bool {
        pattern.split(separator: "0", omittingEmptySubsequences: false).filter { !$0.isEmpty }.count <= 2
            && pattern.contains("0") && pattern.split(whereSeparator: { $0 != "0" }).count == 1
    }

    /// Checked for the kinds whose notation is settled here; the registry knows the others.
    private static func isDefault(_ text: String, of type: FieldType) -> Bool {
        switch type.name {
        case "boolean": ["true", "false"].contains(text)
        case "picklist": type.values.contains { $0.key == text && !$0.retired }
        case "integer": Int64(text) != nil
        case "date": CalendarDate(text) != nil
        case "decimal", "percent": (try? FixedDecimal(parsing: text, scale: type.scale ?? 0)) != nil
        default: true
        }
    }
}

// MARK: - Everything else

extension ManifestCheck {
    private static func extensionProblems(_ addition: EntityExtension, of manifest: ModuleManifest)
        -> [String]
    {
        let place = "extension of \"\(addition.entity)\""
        var problems = fields(addition.fields, place)
        if addition.fields.contains(where: { $0.type.name == "lines" }) {
            problems.append("\(place): lines are fields of an entity of the module's own")
        }
        if manifest.entities.contains(where: { $0.name == addition.entity }) {
            problems.append("\(place): the entity is the module's own")
        }
        problems += addition.fields.filter { !$0.name.hasPrefix(manifest.name + "_") }.map {
            "\(place): field \"\($0.name)\" does not begin with \"\(manifest.name)_\""
        }
        return problems
    }

    private static func relations(_ manifest: ModuleManifest) -> [String] {
        repeated(manifest.relations.map(\.name)).map { "relation \"\($0)\" is defined twice" }
            + manifest.relations.flatMap(relation)
    }

    private static func relation(_ relation: RelationDefinition) -> [String] {
        let place = "relation \"\(relation.name)\""
        let names = [relation.name, relation.from, relation.to, relation.inverseName].compactMap(\.self)
        var problems = names.filter { !isName($0) }.map { "\(place): \"\($0)\" is not snake case" }
        if relation.label.isEmpty || relation.inverseLabel?.isEmpty == true {
            problems.append("\(place): a label is empty")
        }
        if relation.from == relation.to, relation.inverseName ?? relation.name == relation.name {
            problems.append("\(place): both sides are \"\(relation.from)\", so each needs a name of its own")
        }
        problems += fields(relation.fields, place)
        for field in relation.fields {
            let name = "\(place): field \"\(field.name)\""
            if RelationDefinition.reservedFields.contains(field.name) {
                problems.append("\(name) has a name that every link uses")
            }
            if RelationDefinition.refusedFieldTypes.contains(field.type.name)
                || field.type.currencyField != nil
            {
                problems.append("\(name) is no plain value; make an entity of the link")
            }
            if field.isUnique { problems.append("\(name) cannot be unique") }
        }
        return problems
    }

    /// A hook stands on an entity or a relation of the module, or on one of another module or the kernel; the registry
    /// knows those.
    private static func hooks(_ manifest: ModuleManifest) -> [String] {
        let places =
            manifest.hooks.map { (name: $0.name, place: $0.entity, moments: $0.moments.map(\.name)) }
            + manifest.linkHooks.map { (name: $0.name, place: $0.relation, moments: $0.moments.map(\.name)) }
        return repeated(places.map(\.name)).map { "hook \"\($0)\" is defined twice" }
            + places.flatMap { name, place, moments in
                var problems: [String] = []
                if !isName(name) { problems.append("hook \"\(name)\" is not snake case") }
                if !isName(place) { problems.append("hook \"\(name)\" is on \"\(place)\"") }
                if moments.isEmpty { problems.append("hook \"\(name)\" never runs") }
                if Set(moments).count < moments.count {
                    problems.append("hook \"\(name)\" names a moment twice")
                }
                return problems
            }
    }

    private static func actions(_ manifest: ModuleManifest) -> [String] {
        repeated(manifest.actions.map(\.name)).map { "action \"\($0)\" is defined twice" }
            + manifest.actions.flatMap { action in
                var problems: [String] = []
                if !isName(action.name) { problems.append("action \"\(action.name)\" is not snake case") }
                if action.summary.isEmpty { problems.append("action \"\(action.name)\" has no summary") }
                problems += repeated(action.parameters.map(\.name)).map {
                    "action \"\(action.name)\" has the parameter \"\($0)\" twice"
                }
                problems += action.parameters.filter { !isName($0.name) || $0.summary.isEmpty }.map {
                    "action \"\(action.name)\": parameter \"\($0.name)\" needs a snake case name and a summary"
                }
                return problems
            }
    }

    private static func jobs(_ manifest: ModuleManifest) -> [String] {
        repeated(manifest.jobs.map(\.name)).map { "job \"\($0)\" is defined twice" }
            + manifest.jobs.filter { !isName($0.name) }.map { "job \"\($0.name)\" is not snake case" }
            + manifest.jobs.filter { $0.everySeconds < 1 }.map {
                "job \"\($0.name)\" has no time between runs"
            }
    }

    private static func migrations(_ manifest: ModuleManifest) -> [String] {
        var problems: [String] = []
        let numbers = manifest.migrations.map(\.number)
        if numbers != Array(0..<numbers.count).map({ $0 + 1 }) {
            problems.append("migrations are not numbered 1, 2, 3 … in order")
        }
        let versions = manifest.migrations.map(\.version)
        if versions != versions.sorted() {
            problems.append("migrations are not in the order of their versions")
        }
        problems += versions.filter { $0 > manifest.version }.map {
            "a migration came with version \($0), which is later than the module's \(manifest.version)"
        }
        return problems
    }
}
