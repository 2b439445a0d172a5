import Foundation
import JSON
import TestKit
import Testing

/// What was promised to partners: a module that was compiled against an older SDK keeps running on today's kernel.
@Suite("End to end: a module of an older SDK")
struct ElderModuleTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    private static let baseline = "\(root)/Sources/CRMSDK/Baseline/1.0"

    @Test("nothing of the SDK's surface that older modules were compiled against has gone or changed")
    func surface() throws {
        let folder = try TemporaryFolder()
        let surfaces = [("then", Self.baseline), ("now", "\(BuildFolder.path)/Modules")]
        for (name, modules) in surfaces {
            let dump = try Self.tool(
                "swift-api-digester",
                [
                    "-dump-sdk", "-module", "CRMSDK", "-I", modules, "-sdk", "/", "-o",
                    folder.path("\(name).json"),
                ])
            try #require(dump.code == 0, "\(dump)")
        }
        let difference = try Self.tool(
            "swift-api-digester",
            [
                "-diagnose-sdk", "--input-paths", folder.path("then.json"), "--input-paths",
                folder.path("now.json"),
            ])
        let breaks = difference.output.split(separator: "\n").filter { !$0.hasPrefix("/*") }
        #expect(difference.code == 0 && breaks.isEmpty, "\(breaks.joined(separator: "\n"))")
        // A comparison that compares nothing would pass as well.
        let size = try Data(contentsOf: URL(fileURLWithPath: folder.path("then.json"))).count
        #expect(size > 100_000)
    }

    @Test("a module compiled against the first SDK loads, and its hooks, fields and actions work")
    func elder() throws {
        let folder = try TemporaryFolder()
        let library = folder.path("libElderModule.so")
        let compiled = try Self.tool(
            "swiftc",
            [
                "-swift-version", "6", "-emit-library", "-module-name", "ElderModule", "-o", library,
                "-enable-upcoming-feature", "InternalImportsByDefault",
                "-I", Self.baseline, "-I", "\(Self.baseline)/CModuleABI", "-Xcc", "-DCRM_MODULE_NAME=elder",
                "-module-cache-path", folder.path("cache"), "-L", BuildFolder.path, "-lCRMSDK",
                "\(Self.root)/Tests/Fixtures/Modules/Elder/ElderModule.swift",
            ])
        try #require(compiled.code == 0, "\(compiled)")

        let platform = try TestPlatform()
        try platform.enable(library)
        let admin = try platform.logIn()
        let acme = try admin.create(
            "account", #"{"account_name":"Acme","elder_weight_limit":"20"}"#)
        let light = try admin.create(
            "elder_parcel", #"{"parcel_name":"Bolts","weight":"3.50","account":\#(acme),"fee":"12.30"}"#)
        _ = try admin.create("elder_parcel", #"{"parcel_name":"Anvil","weight":"19.99"}"#)
        let heavy = try admin.refusal(
            of: "record.create",
            #"{"entity":"elder_parcel","values":{"parcel_name":"Safe","weight":"20.01","account":\#(acme)}}"#)
        #expect(heavy.code == -32004, "\(heavy)")
        let parcel = try admin.call("record.get", #"{"id":\#(light)}"#)
        #expect(parcel["size"]?.string == "small")
        #expect(parcel["parcel_no"]?.string == "PAR00001")
        let large = try admin.call("elder.count", #"{"size":"large"}"#)
        #expect(try large.integer("count") == 1)
    }

    /// A program of the Swift toolchain that the tests were built with.
    private static func tool(_ name: String, _ arguments: [String]) throws -> TestProcess.Finished {
        try TestProcess.run(
            "/usr/bin/env", [name] + arguments, environment: ProcessInfo.processInfo.environment)
    }
}
