import CRMSDK
import Query
import Storage

/// Rights and rules that a change of the schema leaves without anything to hold for. They stay, and hold again when it
/// is restored; an administrator should know.
enum RightsInVain {
    /// A sentence for each change that leaves some.
    static func notes(_ changes: [SchemaChange], _ source: some RowSource) throws(CRMError) -> [String] {
        var notes: [String] = []
        for change in changes {
            switch change {
            case .deleteField(let name):
                let count = try self.count(
                    "field_access", "entity = ?1 AND field = ?2", [name.entity, name.field], source)
                if count > 0 {
                    notes.append(
                        "\(count == 1 ? "a right" : "\(count) rights") to field \"\(name.field)\" of \(name.entity) will be without effect"
                    )
                }
            case .deleteEntity(let name):
                let counts = [
                    (
                        "right of profiles", "rights of profiles",
                        try count("profile_right", "entity = ?1", [name], source)
                    ),
                    (
                        "right to fields", "rights to fields",
                        try count("field_access", "entity = ?1", [name], source)
                    ),
                    (
                        "sharing rule", "sharing rules",
                        try count("sharing_rule", "entity = ?1", [name], source)
                    ),
                    (
                        "related permission of a sharing rule", "related permissions of sharing rules",
                        try count("sharing_related", "entity = ?1", [name], source)
                    ),
                ].filter { $0.2 > 0 }
                if !counts.isEmpty {
                    let list = counts.map { "\($0.2) \($0.2 == 1 ? $0.0 : $0.1)" }.joined(separator: ", ")
                    notes.append("without effect on \"\(name)\" from then on: \(list)")
                }
            default: break
            }
        }
        return notes
    }

    private static func count(
        _ entity: String, _ condition: String, _ names: [String], _ source: some RowSource
    ) throws(CRMError) -> Int64 {
        var count: Int64 = 0
        try source.rows(RightsStatements.count(entity, where: condition, names)) { row in
            count = row.int64(0)
            return .stop
        }
        return count
    }
}
