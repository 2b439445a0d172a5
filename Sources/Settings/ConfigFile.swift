import Foundation
import Text

/// The configuration file: JSON5, read by Foundation, flattened to key paths. Lines come from a scan of our own,
/// since Foundation does not tell them.
struct ConfigFile {
    private let path: String
    private let texts: [String: String]
    private let lines: ConfigLines

    /// - Parameter mustExist: otherwise a file that is not there is an empty one.
    init(path: String, mustExist: Bool) throws(SettingsError) {
        self.path = path
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            guard mustExist || FileManager.default.fileExists(atPath: path) else {
                texts = [:]
                lines = ConfigLines("")
                return
            }
            throw SettingsError(message: "configuration file \"\(path)\" could not be read")
        }
        lines = ConfigLines(String(decoding: data, as: UTF8.self))
        if let key = lines.duplicates.first {
            let line = lines.line(of: key).map { ":\($0)" } ?? ""
            throw SettingsError(message: "key \"\(key)\" is given twice (\(path)\(line))")
        }
        texts = try ConfigFile.decode(data, path).flattened()
    }

    private static func decode(_ data: Data, _ path: String) throws(SettingsError) -> ConfigValue {
        let value: ConfigValue
        do throws(JSON5.Refusal) {
            value = try JSON5.decode(data)
        } catch {
            throw SettingsError(
                message: "configuration file \"\(path)\" is not JSON5: \(error.reason)", hint: error.hint)
        }
        guard case .object = value else {
            throw SettingsError(message: "configuration file \"\(path)\" is not one object in braces")
        }
        return value
    }

    /// What the file sets, in the table's order.
    ///
    /// - Throws: for a key that the table does not know.
    func given(by table: SettingsTable) throws(SettingsError) -> [GivenSetting] {
        var known: [String: (option: SettingsTable.Option, isFile: Bool)] = [:]
        for option in table.options {
            known[option.key] = (option, false)
            if option.kind.isSecret { known[option.fileKey] = (option, true) }
        }
        var given: [GivenSetting] = []
        for (key, text) in texts.sorted(by: { $0.key < $1.key }) where !isForeign(key, table) {
            let origin = SettingsOrigin.file(path: path, line: lines.line(of: key))
            guard let match = known[key] else {
                throw SettingsError(
                    message: "unknown key \"\(key)\" (\(origin))",
                    hint: Spelling.suggestion(for: key, among: Array(known.keys))
                        ?? "Known are \(known.keys.sorted().joined(separator: ", ")).")
            }
            let value = match.isFile ? try SecretFile.read(text, origin: origin) : text
            given.append(GivenSetting(match.option, value, origin))
        }
        return given
    }

    /// Whether the key, or an object around it, is another program's.
    private func isForeign(_ key: String, _ table: SettingsTable) -> Bool {
        table.foreignKeys.contains { key == $0 || key.hasPrefix("\($0).") }
    }
}

/// A value of the file.
private indirect enum ConfigValue: Decodable {
    case null
    case text(String)
    case list([ConfigValue])
    case object([String: ConfigValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // One kind of value refuses to be read as another, so the attempts below are the question of its kind.
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .text(String(value))
        } else if let value = try? container.decode(Int.self) {
            self = .text(String(value))
        } else if let value = try? container.decode(Double.self) {
            self = .text(String(value))
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let values = try? container.decode([ConfigValue].self) {
            self = .list(values)
        } else {
            self = .object(try container.decode([String: ConfigValue].self))
        }
    }

    /// Text by key path; null sets nothing, a list is joined by commas.
    func flattened(under prefix: String = "") -> [String: String] {
        switch self {
        case .null: [:]
        case .text(let text): [prefix: text]
        case .list(let values):
            [prefix: values.map { $0.flattened()[""] ?? "" }.joined(separator: ",")]
        case .object(let members):
            members.reduce(into: [:]) { texts, member in
                let key = prefix.isEmpty ? member.key : "\(prefix).\(member.key)"
                texts.merge(member.value.flattened(under: key)) { $1 }
            }
        }
    }
}
