import JSON
import Text

/// Records that people call by name: users, roles, profiles, groups, currencies. A name is taken wherever an id is.
enum NamedRecords {
    /// The field that has the name, by entity.
    static let nameFields = [
        "user": "username", "role": "role_name", "profile": "profile_name", "group": "group_name",
        "currency": "code",
    ]

    /// The one record that a text means: an id, or its name.
    ///
    /// - Throws: `notFound`, with the nearest name.
    static func id(of entity: String, _ text: String, _ session: Session) throws(AdminError) -> Int64 {
        if let id = Int64(text) { return id }
        guard let field = nameFields[entity] else {
            throw .usage("\"\(text)\" is not the id of a \(entity)")
        }
        do throws(AdminError) {
            return try RecordFinding.id(of: entity, by: field, value: text, session)
        } catch  where error.exit == .notFound {
            throw AdminError(
                "\(entity) \"\(text)\" does not exist",
                hint: Spelling.suggestion(for: text, among: try names(of: entity, session))
                    ?? "Run crm-admin \(entity) list.", exit: .notFound)
        }
    }

    /// An owner: a user, else a group.
    static func ownerID(_ text: String, _ session: Session) throws(AdminError) -> Int64 {
        if let id = Int64(text) { return id }
        do throws(AdminError) {
            return try id(of: "user", text, session)
        } catch  where error.exit == .notFound {
            // The group's own words would hide the user that was meant.
            guard let group = try? RecordFinding.id(of: "group", by: "group_name", value: text, session)
            else { throw error }
            return group
        }
    }

    /// All names of an entity's records, at most a thousand.
    static func names(of entity: String, _ session: Session) throws(AdminError) -> [String] {
        guard let field = nameFields[entity] else { return [] }
        var parameters = Parameters()
        parameters.set("entity", entity)
        parameters.set("fields", [field])
        parameters.set("limit", 1000)
        return try session.client().call("record.list", parameters)["records"]?.elements
            .compactMap { $0[field]?.string } ?? []
    }
}

/// Somebody who takes part in groups and sharing, as it is typed: `role:Sales`, `role_and_subordinates:Sales`,
/// `group:North`, and as a member of a group `user:anna`.
struct PartyWord {
    static let parties = ["role", "role_and_subordinates", "group"]
    static let members = ["user"] + parties

    let kind: String
    let id: Int64

    init(_ word: String, among kinds: [String], _ session: Session) throws(AdminError) {
        let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
        let known = kinds.map { "\($0):NAME" }.joined(separator: ", ")
        guard parts.count == 2 else {
            throw .usage("\"\(word)\" does not say what it names", hint: "Give one of \(known).")
        }
        guard kinds.contains(parts[0]) else {
            throw .usage(
                "\"\(parts[0])\" cannot stand before \"\(parts[1])\"",
                hint: Spelling.suggestion(for: parts[0], among: kinds) ?? "Give one of \(known).")
        }
        kind = parts[0]
        id = try NamedRecords.id(
            of: kind == "role_and_subordinates" ? "role" : kind, parts[1], session)
    }

    var parameters: Parameters {
        var parameters = Parameters()
        parameters.set("kind", kind)
        parameters.set("id", Int(id))
        return parameters
    }
}

extension Parameters {
    /// A record's id, given as such or by its name.
    mutating func set(
        _ name: String, _ entity: String, named text: String, _ session: Session
    ) throws(AdminError) {
        set(name, Int(try NamedRecords.id(of: entity, text, session)))
    }

    /// An array of objects.
    mutating func set(_ name: String, _ objects: [Parameters]) {
        var writer = JSONWriter()
        writer.beginArray()
        for object in objects { writer.raw(object.bytes) }
        writer.endArray()
        set(name, json: writer.finish())
    }
}
