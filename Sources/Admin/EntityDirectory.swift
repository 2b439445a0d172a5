import JSON

/// What a field takes, as much of it as this program needs to write a value.
package struct FieldFacts: Sendable {
    package let name: String
    package let label: String
    package let type: String
    /// Entities that a reference may point to.
    package let targets: [String]
    /// Keys of a picklist.
    package let values: [String]
    package let isMandatory: Bool
    /// What the lines of a field of lines take; nil for other fields.
    let lines: [String: FieldFacts]?

    package init(
        name: String, label: String, type: String, targets: [String] = [], values: [String] = [],
        isMandatory: Bool = false
    ) {
        lines = nil
        self.name = name
        self.label = label
        self.type = type
        self.targets = targets
        self.values = values
        self.isMandatory = isMandatory
    }

    init(_ node: JSONNode) {
        let type = node["type"]
        name = node["name"]?.string ?? ""
        label = node["label"]?.string ?? name
        self.type = type?.string ?? type?["name"]?.string ?? ""
        let details = type?.kind == .object ? type : node
        targets = details?["targets"]?.elements.compactMap(\.string) ?? []
        values =
            (details?["values"] ?? node["values"])?.elements.compactMap { $0["key"]?.string ?? $0.string }
            ?? []
        lines = node["lines"].map { lines in
            Dictionary(
                (lines["fields"]?.elements ?? JSONNode.noElements).map(FieldFacts.init).map { ($0.name, $0) },
                uniquingKeysWith: { first, _ in first })
        }
        isMandatory = node["mandatory"]?.bool ?? false
    }

    package var isReference: Bool { type == "reference" || type == "owner" }
}

/// Entities as the kernel describes them, each asked for once. Used by one thread.
package final class EntityDirectory {
    private let client: any RPCClient
    private var known: [String: [String: FieldFacts]] = [:]
    private var lists: [String: [String]] = [:]
    private var names: [String]?

    package init(_ client: any RPCClient) { self.client = client }

    /// The fields of an entity by name.
    package func fields(of entity: String) throws(AdminError) -> [String: FieldFacts] {
        if let fields = known[entity] { return fields }
        var parameters = Parameters()
        parameters.set("name", entity)
        let description = try client.call("entity.describe", parameters)
        var fields: [String: FieldFacts] = [:]
        for node in description["fields"]?.elements ?? JSONNode.noElements {
            let field = FieldFacts(node)
            fields[field.name] = field
        }
        known[entity] = fields
        lists[entity] = description["list_fields"]?.elements.compactMap(\.string) ?? []
        return fields
    }

    /// The fields that a list of the entity shows.
    package func listFields(of entity: String) throws(AdminError) -> [String] {
        _ = try fields(of: entity)
        return lists[entity] ?? []
    }

    /// The field at the end of a path over references; nil where the path leaves what is known.
    package func field(_ path: String, of entity: String) throws(AdminError) -> FieldFacts? {
        var place = entity
        let parts = path.split(separator: ".").map(String.init)
        for (index, part) in parts.enumerated() {
            guard let field = try fields(of: place)[part] else { return nil }
            if index == parts.count - 1 { return field }
            guard let target = field.type == "owner" ? "user" : field.targets.first else { return nil }
            place = target
        }
        return nil
    }

    package func entityNames() throws(AdminError) -> [String] {
        if let names { return names }
        let list = try client.call("entity.list")
        let found = list["entities"]?.elements.compactMap { $0["name"]?.string } ?? []
        names = found
        return found
    }
}
