import Foundation
import TestKit
import Testing

@testable import ModuleTemplate

@Suite("A new module's package")
struct ModuleTemplateTests {
    @Test(
        "a name is snake case, not too long, and nobody else's",
        arguments: [
            ("bikes", true), ("fleet_service", true), ("a", true), ("b2b", true),
            (String(repeating: "a", count: 40), true), (String(repeating: "a", count: 41), false),
            ("", false), ("Bikes", false), ("2bikes", false), ("_bikes", false), ("bikes_", false),
            ("fleet__service", false), ("bikes-and-more", false), ("bikes\n", false), ("vélo", false),
            ("sales", false), ("core", false), ("../etc", false),
        ])
    func names(_ text: String, _ isAccepted: Bool) {
        #expect(((try? ModuleName(text)) != nil) == isAccepted)
    }

    @Test("types, labels and files are named after the module")
    func naming() throws {
        let name = try ModuleName("fleet_service2")
        #expect(name.type == "FleetService2")
        #expect(name.label == "Fleet Service2")
        let files = try template("fleet_service2").files
        #expect(files.contains { $0.path == "Sources/FleetService2Module.swift" })
        let unfilled = files.filter { ($0.path + $0.text).contains("@N") || $0.text.contains("@SDK@") }
        #expect(unfilled.isEmpty)
    }

    @Test("a folder with something in it stays as it is")
    func occupied() throws {
        let folder = try TemporaryFolder()
        try folder.write("mine", to: "README.md")
        #expect(throws: ModuleTemplateError.self) { try template("bikes").write(to: folder.path("")) }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path(""))
        #expect(left == ["README.md"])
    }

    @Test("an SDK that is not there is named")
    func missingSDK() throws {
        let error = #expect(throws: ModuleTemplateError.self) {
            try ModuleTemplate(try ModuleName("bikes"), sdk: "/nowhere/CRMSDK")
        }
        #expect(error?.message == "there is no module SDK in \"/nowhere/CRMSDK\"")
    }

    @Test("a path with quotes and backslashes stays one string in Package.swift")
    func hostilePath() throws {
        let folder = try TemporaryFolder()
        let odd = folder.path("a \"b\" \\ c")
        try FileManager.default.createDirectory(atPath: odd, withIntermediateDirectories: true)
        for name in ["CRMSDK", "CRMSDKTesting"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(odd)/\(name)", withDestinationPath: "\(Self.sources)/\(name)")
        }
        let template = try ModuleTemplate(try ModuleName("bikes"), sdk: "\(odd)/CRMSDK")
        let package = try #require(template.files.first { $0.path == "Package.swift" }?.text)
        #expect(package.contains(#"a \"b\" \\ c/CRMSDK")"#))
    }

    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources").path

    private func template(_ name: String) throws -> ModuleTemplate {
        try ModuleTemplate(try ModuleName(name), sdk: Self.sources + "/CRMSDK")
    }
}
