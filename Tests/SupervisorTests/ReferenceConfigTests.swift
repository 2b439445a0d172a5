import Foundation
import Settings
import TestKit
import Testing

@Suite("Configuration: the reference file config/crm.json5")
struct ReferenceConfigTests {
    private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("config/crm.json5").path
    private static let table = SettingsTable.platform(
        program: "test", summary: "", options: SettingsTable.Option.inFile + [.config])

    private func read(_ path: String) throws -> SettingsValues {
        try Self.table.read(arguments: ["--config", path], environment: [:])
    }

    /// The file with its settings put into force.
    private func withSettings() throws -> (text: String, keys: [String]) {
        var keys: [String] = []
        let lines = try String(contentsOfFile: Self.path, encoding: .utf8).split(separator: "\n").map {
            line -> String in
            guard let match = line.wholeMatch(of: /\s+\/\/ ((\w+): .*,)/) else { return String(line) }
            keys.append(String(match.output.2))
            return String(match.output.1)
        }
        return (lines.joined(separator: "\n"), keys)
    }

    @Test("as it is delivered it sets nothing")
    func delivered() throws {
        let values = try read(Self.path)
        for option in SettingsTable.Option.inFile {
            #expect(values.origin(option.name) == (option.defaultText == nil ? nil : .defaultValue))
        }
    }

    @Test("it names every setting that exists, and no other")
    func complete() throws {
        #expect(try withSettings().keys.sorted() == SettingsTable.Option.inFile.map(\.key).sorted())
    }

    @Test("what it shows is accepted, and the defaults that it shows are the defaults")
    func accepted() throws {
        let folder = try TemporaryFolder()
        try folder.write(try withSettings().text, to: "crm.json5")
        let values = try read(folder.path("crm.json5"))
        for shown in values.shown {
            guard let option = SettingsTable.Option.inFile.first(where: { $0.name == shown.name }) else {
                continue
            }
            #expect(values.isSet(option.name))
            if let text = option.defaultText { #expect(shown.value == text) }
        }
    }

    @Test("a program leaves the others' keys alone, and refuses unknown ones")
    func foreign() throws {
        let folder = try TemporaryFolder()
        let table = SettingsTable.platform(program: "test", summary: "", options: [.data, .config])
        try folder.write("{ data: \"/srv\", listen: \"127.0.0.1:1\", connections: 3 }", to: "crm.json5")
        let arguments = ["--config", folder.path("crm.json5")]
        #expect(try table.read(arguments: arguments, environment: [:]).path("data") == "/srv")
        try folder.write("{ lissen: 1 }", to: "crm.json5")
        #expect(throws: SettingsError.self) { try table.read(arguments: arguments, environment: [:]) }
    }
}
