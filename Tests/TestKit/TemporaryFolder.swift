package import Foundation

/// A fresh folder of mode 0700 for one test; gone with the last reference to it.
///
/// It lies in the system's folder for such, under a short name: sockets in it must fit 107 bytes.
package final class TemporaryFolder: Sendable {
    package let url: URL

    package var path: String { url.path }

    package init() throws {
        let name = "crm-" + String(UInt64.random(in: .min ... .max), radix: 36)
        url = FileManager.default.temporaryDirectory.appendingPathComponent(name, isDirectory: true)
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        // Nobody is left to tell, and the system clears the folder in time.
        try? FileManager.default.removeItem(at: url)
    }

    package func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Writes a file and sets its mode.
    ///
    /// - Returns: The file's path.
    @discardableResult
    package func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        let file = url.appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
        return file.path
    }

    package func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: url.appendingPathComponent(name)), as: UTF8.self)
    }
}

/// Where `swift build` put the programs and libraries that the tests are part of.
package enum BuildFolder {
    /// `CRM_TEST_PROGRAMS`, for tests of programs that were built in another way, such as for release; else the folder
    /// of the running test program.
    package static let path =
        ProcessInfo.processInfo.environment["CRM_TEST_PROGRAMS"]
        ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
}
