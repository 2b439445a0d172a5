import Foundation
import Settings
import Text

/// A value of a mapping file: JSON5, read by Foundation.
indirect enum MappingNode: Decodable, Sendable {
    case null
    case bool(Bool)
    /// As digits.
    case number(String)
    case text(String)
    case list([MappingNode])
    case object([String: MappingNode])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // One kind of value refuses to be read as another, so the attempts below are the question of its kind.
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .number(String(value))
        } else if let value = try? container.decode(Double.self) {
            self = .number(String(value))
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([MappingNode].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: MappingNode].self))
        }
    }

    /// - Throws: that the file cannot be read, or is not JSON5, with the place that Foundation names.
    static func read(path: String) throws(AdminError) -> MappingNode {
        guard let data = FileManager.default.contents(atPath: path) else {
            let isThere = FileManager.default.fileExists(atPath: path)
            throw AdminError(
                isThere
                    ? "mapping \"\(path)\" could not be read" : "mapping \"\(path)\" does not exist",
                hint: isThere ? "It must be a file that you may read." : nil)
        }
        return try parse(data, path)
    }

    static func parse(_ data: Data, _ path: String) throws(AdminError) -> MappingNode {
        do throws(JSON5.Refusal) {
            return try JSON5.decode(data)
        } catch {
            throw AdminError("mapping \"\(path)\" is not JSON5: \(error.reason)", hint: error.hint)
        }
    }

    /// What it is, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .object: "an object"
        }
    }
}

/// An object of a mapping file while it is read: every member must be asked for, so that a misspelt one is found.
final class MappingObject {
    /// `steps[2].columns.account`, for messages.
    let place: String
    private let members: [String: MappingNode]
    private var known: Set<String> = []

    init(_ node: MappingNode, at place: String) throws(AdminError) {
        guard case .object(let members) = node else {
            throw AdminError("\(place) must be an object in braces, not \(node.kind)")
        }
        self.place = place
        self.members = members
    }

    var names: [String] { members.keys.sorted() }

    func node(_ name: String) -> MappingNode? {
        known.insert(name)
        return members[name]
    }

    func textIfGiven(_ name: String) throws(AdminError) -> String? {
        switch node(name) {
        case nil: return nil
        case .text(let text), .number(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case let other?: throw AdminError("\(place).\(name) must be a text, not \(other.kind)")
        }
    }

    func text(_ name: String) throws(AdminError) -> String {
        guard let text = try textIfGiven(name) else { throw AdminError("\(place) lacks \"\(name)\"") }
        return text
    }

    func flag(_ name: String) throws(AdminError) -> Bool {
        switch node(name) {
        case nil: return false
        case .bool(let flag): return flag
        case let other?: throw AdminError("\(place).\(name) must be true or false, not \(other.kind)")
        }
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Choice.Type
    ) throws(AdminError) -> Choice? {
        guard let text = try textIfGiven(name) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let all = Choice.allCases.map(\.rawValue)
        throw AdminError(
            "\(place).\(name) cannot be \"\(text)\"",
            hint: Spelling.suggestion(for: text, among: all) ?? "Give one of \(all.joined(separator: ", ")).")
    }

    /// Elements of a list; one text alone stands for a list of it.
    func texts(_ name: String) throws(AdminError) -> [String] {
        switch node(name) {
        case nil: return []
        case .text(let text): return [text]
        case .list(let nodes):
            var texts: [String] = []
            for node in nodes {
                guard case .text(let text) = node else {
                    throw AdminError("\(place).\(name) must be a list of texts; it has \(node.kind)")
                }
                texts.append(text)
            }
            return texts
        case let other?: throw AdminError("\(place).\(name) must be a list of texts, not \(other.kind)")
        }
    }

    /// A dictionary of texts; nil where it is not given.
    func table(_ name: String) throws(AdminError) -> [String: String]? {
        guard let node = node(name) else { return nil }
        let object = try MappingObject(node, at: "\(place).\(name)")
        var table: [String: String] = [:]
        for key in object.names { table[key] = try object.text(key) }
        return table
    }

    func object(_ name: String) throws(AdminError) -> MappingObject? {
        guard let node = node(name) else { return nil }
        return try MappingObject(node, at: "\(place).\(name)")
    }

    func objects(_ name: String) throws(AdminError) -> [MappingObject] {
        guard let node = node(name) else { return [] }
        guard case .list(let nodes) = node else {
            throw AdminError("\(place).\(name) must be a list, not \(node.kind)")
        }
        var objects: [MappingObject] = []
        for (index, node) in nodes.enumerated() {
            objects.append(try MappingObject(node, at: "\(place).\(name)[\(index)]"))
        }
        return objects
    }

    /// Refuses members that nobody has asked for.
    func finish() throws(AdminError) {
        guard let unknown = members.keys.filter({ !known.contains($0) }).min() else { return }
        throw AdminError(
            "\(place) has no member \"\(unknown)\"",
            hint: Spelling.suggestion(for: unknown, among: known)
                ?? "Members are \(known.sorted().joined(separator: ", ")).")
    }
}
