/// What a misspelt name was probably meant to be.
enum Spelling {
    /// `Did you mean "--data"?` for the nearest name within two slips of the finger; nil if none is near.
    static func suggestion(for name: String, among known: [String]) -> String? {
        let near = known.map { (name: $0, distance: distance(name, $0)) }
            .filter { $0.distance <= 2 && $0.distance < name.count }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        return near.map { "Did you mean \"\($0.name)\"?" }
    }

    /// Characters to insert, delete, replace or swap with their neighbour (Damerau–Levenshtein, optimal string
    /// alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
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
