import Foundation

/// Files of a platform under test.
enum Files {
    static func contents(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    /// A file of the folder `Tests/Golden`, which lies beside these tests.
    static func golden(_ name: String) -> String { repository("Tests/Golden/EndToEnd/\(name)") }

    /// A file by its path in the repository.
    static func repository(_ path: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(path).path
    }
}
