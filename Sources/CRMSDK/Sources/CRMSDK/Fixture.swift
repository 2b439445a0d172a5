/// A record that a module ships, under a key that stays the same from version to version.
///
/// It is made when its module is enabled, or, where it is of another module's entity, as soon as both are. A newer
/// version of the module brings its values up to date, field by field, where nobody has changed them. One that was
/// deleted is never made again. Disabling the module keeps it; purging the module takes it along.
///
/// ```swift
/// manifest.fixtures = [Fixture("templates", "folder", ["folder_name": "Templates"])]
/// ```
public struct Fixture: Hashable, Sendable {
    /// Snake case, unique in the module; never used for another record.
    public let key: String
    public let entity: String
    /// By field name, read-only ones too. Lines and references have no place here.
    public var values: [String: Value]
    /// Other fixtures of the module that stand before this one, by the field that refers to them: their keys. A field
    /// whose fixture is not there stays empty.
    public var references: [String: String]

    public init(
        _ key: String, _ entity: String, _ values: [String: Value], references: [String: String] = [:]
    ) {
        self.key = key
        self.entity = entity
        self.values = values
        self.references = references
    }
}

extension ManifestCheck {
    static func fixtures(_ manifest: ModuleManifest) -> [String] {
        var known: Set<String> = []
        var problems: [String] = []
        for fixture in manifest.fixtures {
            let place = "fixture \"\(fixture.key)\""
            if !isName(fixture.key) { problems.append("\(place): the key is not snake case") }
            if !isName(fixture.entity) { problems.append("\(place) is of \"\(fixture.entity)\"") }
            if fixture.values.isEmpty { problems.append("\(place) has no values") }
            for (field, key) in fixture.references.sorted(by: { $0.key < $1.key }) where !known.contains(key)
            {
                problems.append("\(place): \"\(field)\" refers to \"\(key)\", which does not stand before it")
            }
            if !known.insert(fixture.key).inserted { problems.append("\(place) is declared twice") }
            guard let entity = manifest.entities.first(where: { $0.name == fixture.entity }) else { continue }
            let fields = Set(entity.fields.map(\.name))
            let named = Set(fixture.values.keys).union(fixture.references.keys)
            for name in named.subtracting(fields).sorted() {
                problems.append("\(place): \"\(fixture.entity)\" has no field \"\(name)\"")
            }
        }
        return problems
    }
}
