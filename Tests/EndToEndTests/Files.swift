import Foundation

/// Files of a platform under test.
enum Files {
    static func contents(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    /// A file of the folder `Tests/Golden`, which lies beside these tests.
    static func golden(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/EndToEnd/\(name)").path
    }
}
