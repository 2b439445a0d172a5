import Foundation

/// A file name in a folder of its own, which goes with it.
final class TemporaryFile {
    let folder: String
    var path: String { folder + "/test.sqlite" }

    init() throws {
        folder = NSTemporaryDirectory() + "sqlite-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}
