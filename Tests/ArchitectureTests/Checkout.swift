import Foundation

/// The files of the checkout that these tests lie in.
enum Checkout {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A file of Swift under `Sources`, `Modules` or `Tests`.
    struct SwiftFile: Sendable, CustomStringConvertible {
        /// From the root.
        let path: String
        let text: String
        /// The room that it belongs to; nil for tests.
        let room: String?

        var description: String { path }
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Paths from the root, sorted, of the files under a folder; what builds leave behind is passed over.
    static func files(under folder: String) -> [String] {
        let base = root.appendingPathComponent(folder)
        guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
        var found: [String] = []
        while let path = walk.nextObject() as? String {
            if path.hasSuffix(".build") {
                walk.skipDescendants()
            } else {
                found.append("\(folder)/\(path)")
            }
        }
        return found.sorted()
    }

    /// A source in which the lines of multi-line string literals are empty: what stands in them is no code of ours.
    static func withoutLongLiterals(_ text: String) -> String {
        var isInside = false
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let marks = line.ranges(of: "\"\"\"").count
            defer { if !marks.isMultiple(of: 2) { isInside.toggle() } }
            return isInside && marks == 0 ? "" : line
        }
        return lines.joined(separator: "\n")
    }

    /// What tests share with each other; tests themselves are no rooms.
    private static let testRooms: Set<String> = ["SecurityCases", "TestKit", "TestRandom"]

    /// Every Swift file of every room.
    static func sources() throws -> [SwiftFile] {
        try swiftFiles(["Sources", "Modules"] + testRooms.sorted().map { "Tests/" + $0 })
    }

    static func swiftFiles(_ folders: [String]) throws -> [SwiftFile] {
        try folders.flatMap { files(under: $0) }.filter {
            $0.hasSuffix(".swift") && !$0.hasSuffix("Package.swift")
        }
        .map { SwiftFile(path: $0, text: withoutLongLiterals(try text($0)), room: room(of: $0)) }
    }

    static func manifests() -> [String] {
        ["Package.swift"]
            + ["Sources", "Modules"].flatMap { files(under: $0) }
            .filter { $0.hasSuffix("/Package.swift") }
    }

    /// `Sources/X/…` is room X; the SDK's package has its own `Sources` within; `Modules/X/Sources` is XModule.
    private static func room(of path: String) -> String? {
        let parts = path.split(separator: "/").map(String.init)
        switch parts[0] {
        case "Modules": return parts[1] + "Module"
        case "Sources" where parts.count > 4 && parts[2] == "Sources": return parts[3]
        case "Sources": return parts[1]
        case "Tests" where testRooms.contains(parts[1]): return parts[1]
        default: return nil
        }
    }
}
