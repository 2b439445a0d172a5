package import CRMSDK

/// An expression of a computed field, as a tree. `description` writes it in one form, which reads back as the same
/// tree.
package indirect enum Expression: Hashable, Sendable {
    case null
    case flag(Bool)
    /// Not negative, with no zeros at its end.
    case number(FixedDecimal)
    case text(String)
    /// A field of the record, or over one reference.
    case path([String])
    case negated(Expression)
    case not(Expression)
    case binary(Operator, Expression, Expression)
    case call(Function, [Expression])

    package enum Operator: String, CaseIterable, Sendable {
        case or, and
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case plus = "+"
        case minus = "-"
        case times = "*"
        case divided = "/"

        /// Binds the stronger, the larger.
        var strength: Int {
            switch self {
            case .or: 1
            case .and: 2
            case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: 4
            case .plus, .minus: 5
            case .times, .divided: 6
            }
        }

        package var isComparison: Bool { strength == 4 }
    }

    package enum Function: String, CaseIterable, Sendable {
        case `if`, coalesce, round, min, max, abs, concat, days, date, empty

        /// How many arguments it takes.
        var arity: ClosedRange<Int> {
            switch self {
            case .if: 3...3
            case .round, .days: 2...2
            case .abs, .date, .empty: 1...1
            case .coalesce, .min, .max, .concat: 1...20
            }
        }
    }

    /// All fields that are read.
    package var paths: Set<[String]> {
        switch self {
        case .null, .flag, .number, .text: []
        case .path(let names): [names]
        case .negated(let inner), .not(let inner): inner.paths
        case .binary(_, let left, let right): left.paths.union(right.paths)
        case .call(_, let arguments): arguments.reduce(into: []) { $0.formUnion($1.paths) }
        }
    }
}

extension Expression: CustomStringConvertible {
    package var description: String { text(within: 0) }

    private var strength: Int {
        switch self {
        case .binary(let sign, _, _): sign.strength
        case .not: 3
        case .negated: 7
        default: 8
        }
    }

    /// In brackets where it binds less than its surroundings ask for.
    private func text(within least: Int) -> String {
        strength < least ? "(\(bare))" : bare
    }

    private var bare: String {
        switch self {
        case .null: return "null"
        case .flag(let value): return value ? "true" : "false"
        case .number(let number): return number.text(minimumDecimals: 0)
        case .text(let text): return Self.quoted(text)
        case .path(let names): return names.joined(separator: ".")
        case .negated(let inner): return "-" + inner.text(within: 8)
        case .not(let inner): return "not " + inner.text(within: 3)
        case .binary(let sign, let left, let right):
            // From the left; a comparison stands alone.
            let own = sign.strength + (sign.isComparison ? 1 : 0)
            return "\(left.text(within: own)) \(sign.rawValue) \(right.text(within: sign.strength + 1))"
        case .call(let function, let arguments):
            return "\(function.rawValue)(\(arguments.map(\.description).joined(separator: ", ")))"
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
