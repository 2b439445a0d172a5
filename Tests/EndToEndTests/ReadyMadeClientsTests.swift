import Foundation
import TestKit
import Testing

/// Clients that were written by others, for any JSON-RPC server, work as they are.
@Suite("End to end: ready-made clients")
struct ReadyMadeClientsTests {
    private static let packages = ["requests", "jsonrpcclient", "jsonrpclib-pelix", "jsonschema"]

    @Test("requests, two JSON-RPC libraries from PyPI work unchanged, and the discovery document is valid")
    func python() throws {
        let platform = try TestPlatform()
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/Clients/clients.py").standardized.path
        // Not the test's own environment: one that names other authorities would override the certificate.
        let environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "PYTHONPATH": try Self.library(), "PYTHONDONTWRITEBYTECODE": "1",
        ]
        let run = try TestProcess.run(
            "/usr/bin/env",
            [
                "python3", script, platform.address, platform.certificatePath,
                TestPlatform.administratorPassword,
            ], environment: environment)
        #expect(run.code == 0, "\(run)")
        #expect(run.output.hasSuffix(" methods\n"), "\(run)")
    }

    /// The folder of the packages, beside the programs; installed once.
    private static func library() throws -> String {
        let folder = "\(BuildFolder.path)/python-clients"
        let manager = FileManager.default
        guard !manager.fileExists(atPath: folder) else { return folder }
        let fresh = "\(folder)-\(ProcessInfo.processInfo.processIdentifier)"
        let installed = try TestProcess.run(
            "/usr/bin/env",
            ["python3", "-m", "pip", "install", "--quiet", "--target", fresh] + packages,
            environment: ProcessInfo.processInfo.environment)
        try #require(installed.code == 0, "\(installed)")
        try manager.moveItem(atPath: fresh, toPath: folder)
        return folder
    }
}
