/// What was wrong, odd or left out in the files, counted: an import mends or drops nothing in silence.
package struct DefectLedger: Sendable {
    package enum Finding: Hashable, Sendable {
        /// Rows with nothing in a column.
        case empty(column: String)
        /// A value that the mapping corrects.
        case corrected(column: String, from: String, to: String, missingIn: String?)
        /// A value that the file which should have it does not.
        case unknown(column: String, value: String, file: String)
        /// A value that was not written, and why.
        case leftOut(field: String, reason: String)
        /// Records that have no row in the file of their lines.
        case noLines(file: String)
        /// Rows that were refused.
        case refused(reason: String)

        var sentence: String {
            switch self {
            case .empty(let column): "without \(column)"
            case .corrected(let column, let from, let to, let file):
                "\(column) \"\(from)\"\(file.map { " is not in \($0);" } ?? "") corrected to \"\(to)\""
            case .unknown(let column, let value, let file): "\(column) \"\(value)\" is not in \(file)"
            case .leftOut(let field, let reason): "\(field) left out: \(reason)"
            case .noLines(let file): "without lines in \(file)"
            case .refused(let reason): "refused: \(reason)"
            }
        }
    }

    package struct Entry: Equatable, Sendable {
        package let step: String
        package let count: Int
        package let sentence: String
    }

    /// Different findings of one step; more are counted together, so that a file of a million different mistakes needs
    /// no memory.
    private static let limit = 200

    private var order: [(step: String, finding: Finding)] = []
    private var counts: [String: [Finding: Int]] = [:]
    private var others: [String: Int] = [:]

    package init() {}

    package mutating func note(_ finding: Finding, in step: String, rows: Int = 1) {
        if let count = counts[step]?[finding] {
            counts[step]?[finding] = count + rows
        } else if counts[step]?.count ?? 0 < Self.limit {
            counts[step, default: [:]][finding] = rows
            order.append((step, finding))
        } else {
            others[step, default: 0] += rows
        }
    }

    package var entries: [Entry] {
        var entries = order.map { step, finding in
            Entry(step: step, count: counts[step]?[finding] ?? 0, sentence: finding.sentence)
        }
        for (step, count) in others.sorted(by: { $0.key < $1.key }) {
            entries.append(Entry(step: step, count: count, sentence: "further findings, each different"))
        }
        return entries
    }
}

/// What became of the rows of one step.
package struct StepCounts: Equatable, Sendable {
    package var rows = 0
    package var created = 0
    package var updated = 0
    package var unchanged = 0
    package var skipped = 0
    package var failed = 0
    /// Rows that the step is not for, or that repeat an earlier one.
    package var passedOver = 0

    package init() {}

    /// What the kernel calls that which can become of a row that it takes.
    static var outcomes: [String: WritableKeyPath<StepCounts, Int>] {
        ["created": \.created, "updated": \.updated, "unchanged": \.unchanged, "skipped": \.skipped]
    }
}
