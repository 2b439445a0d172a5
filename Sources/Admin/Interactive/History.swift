import Foundation
import Glibc

/// What was typed in earlier sessions: `$XDG_STATE_HOME/crm/history`, readable by its owner alone, oldest first.
///
/// A line that may hold a secret is not kept. A file that cannot be read or written costs the history, nothing else.
package struct History {
    private static let limit = 1000

    package private(set) var lines: [String] = []
    private let path: String?

    package init(environment: [String: String]) {
        let folder =
            environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? environment["HOME"].map { "\($0)/.local/state" }
        path = folder.map { "\($0)/crm/history" }
        guard let path, let data = FileManager.default.contents(atPath: path) else { return }
        lines = Array(
            String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init).suffix(Self.limit))
    }

    /// Keeps a line, unless it repeats the last one or may hold a secret.
    package mutating func append(_ line: String) {
        guard Self.isWorthKeeping(line), lines.last != line else { return }
        lines.append(line)
        if lines.count > Self.limit { lines.removeFirst(lines.count - Self.limit) }
    }

    package static func isWorthKeeping(_ line: String) -> Bool {
        let lowered = line.lowercased()
        let isBlank = lowered.allSatisfy(\.isWhitespace)
        // A space in front is the shells' way to keep a line to oneself.
        return !isBlank && !line.hasPrefix(" ") && !secretWords.contains { lowered.contains($0) }
    }

    private static let secretWords = ["password", "token", "secret", "api_key"]

    package func save() {
        guard let path else { return }
        let folder = (path as NSString).deletingLastPathComponent
        // Without a folder the file cannot be made either, and there the session ends the same way.
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        fchmod(descriptor, 0o600)
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
