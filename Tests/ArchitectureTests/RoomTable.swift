import Foundation

/// The table of `Sources/README.md`, read from the page itself: the map that people read is the rule that is tested.
struct RoomTable {
    struct Room: Sendable, Equatable {
        let name: String
        let mayImport: Set<String>
        let mayHoldPointers: Bool
    }

    /// The table's rows, by name.
    let rooms: [String: Room]
    /// Names that stand in more than one row.
    let duplicates: [String]

    /// The toolchain's own libraries, open to every room.
    static let toolchain: Set<String> = ["Swift", "Glibc", "Synchronization", "Dispatch", "Foundation"]

    init(markdown: String) {
        var rooms: [String: Room] = [:]
        var duplicates: [String] = []
        for line in markdown.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 4, let name = Self.names(in: cells[0]).first else { continue }
            if rooms[name] != nil { duplicates.append(name) }
            rooms[name] = Room(
                name: name, mayImport: Set(Self.names(in: cells[2])), mayHoldPointers: cells[3] != "–")
        }
        self.rooms = rooms
        self.duplicates = duplicates
    }

    /// What stands between backticks.
    private static func names(in cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
