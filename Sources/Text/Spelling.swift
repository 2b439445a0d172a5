/// The known names that a wrong one was perhaps meant to be.
package enum Spelling {
    /// At most three, nearest first: within two slips of the finger (insert, delete, replace, swap neighbours) that
    /// leave more than half of the name, or of which the wrong name is the beginning, or the part behind a point or
    /// underscore.
    package static func nearest(to name: String, among known: some Sequence<String>) -> [String] {
        guard !name.isEmpty, name.utf8.count <= 80 else { return [] }
        let wanted = Array(name.utf8)
        var found: [(name: String, distance: Int)] = []
        for candidate in known {
            if candidate.hasPrefix(name) || candidate.hasSuffix("." + name) || candidate.hasSuffix("_" + name)
            {
                found.append((candidate, 1))
                continue
            }
            guard abs(candidate.utf8.count - wanted.count) <= 2 else { continue }
            let distance = distance(wanted, Array(candidate.utf8))
            if distance <= 2, distance * 2 < wanted.count { found.append((candidate, distance)) }
        }
        return found.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
    }

    /// `Did you mean "--data"?` for the nearest name; nil if none is near.
    package static func suggestion(for name: String, among known: some Sequence<String>) -> String? {
        nearest(to: name, among: known).first.map { "Did you mean \"\($0)\"?" }
    }

    /// Bytes to insert, delete, replace or swap with their neighbour (Damerau–Levenshtein, optimal string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let isSame = left[i] == right[j]
                var cost = min(last[j] + (isSame ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}
