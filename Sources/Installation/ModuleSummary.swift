import CRMSDK
import JSON

/// What the database keeps of a module's manifest, for the time in which the module is not loaded.
struct ModuleSummary {
    var summary = ""
    var entities: [String] = []
    var relations: [String] = []
    var dependencies: [String] = []

    init(_ manifest: ModuleManifest) {
        summary = manifest.summary
        entities = manifest.entities.map(\.name)
        relations = manifest.relations.map(\.name)
        dependencies = manifest.dependencies.map(\.name)
    }

    /// - Parameter text: As `text` has it; what cannot be read says nothing.
    init(_ text: String) {
        guard let root = try? JSONDocument(parsing: Array(text.utf8)).root else { return }
        func names(_ key: String) -> [String] { root[key]?.elements.compactMap(\.string) ?? [] }
        summary = root["summary"]?.string ?? ""
        entities = names("entities")
        relations = names("relations")
        dependencies = names("dependencies")
    }

    var text: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("summary")
        writer.string(summary)
        for (key, names) in [
            ("entities", entities), ("relations", relations), ("dependencies", dependencies),
        ] {
            writer.key(key)
            writer.beginArray()
            for name in names { writer.string(name) }
            writer.endArray()
        }
        writer.endObject()
        return String(decoding: writer.finish(), as: UTF8.self)
    }
}
