import CRMSDK

/// Why a text is no expression.
package struct ExpressionError: Error, Hashable, Sendable {
    /// Lower case, no full stop.
    package let message: String
    /// The character at which it is wrong, counted from 1.
    package let position: Int
}

extension Expression {
    package static let lengthLimit = 2000
    /// Brackets, signs and functions within each other.
    static let depthLimit = 40

    /// Reads an expression; see `Computed` for the language.
    package init(parsing text: String) throws(ExpressionError) {
        guard text.unicodeScalars.count <= Self.lengthLimit else {
            throw ExpressionError(
                message: "the expression is longer than \(Self.lengthLimit) characters",
                position: Self.lengthLimit + 1)
        }
        var parser = ExpressionParser(text)
        self = try parser.whole()
    }
}

/// Reads by descent, with the strengths of `Expression.Operator`; the depth is bounded.
private struct ExpressionParser {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func whole() throws(ExpressionError) -> Expression {
        let expression = try expression(atLeast: 1)
        skipSpace()
        guard index == scalars.count else { throw wrong("there is more after the end of the expression") }
        return expression
    }

    private mutating func expression(atLeast least: Int) throws(ExpressionError) -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Expression.depthLimit else {
            throw wrong("the expression lies more than \(Expression.depthLimit) deep")
        }
        var left = try operand(atLeast: least)
        while let (sign, length) = nextOperator(), sign.strength >= least {
            index += length
            let right = try expression(atLeast: sign.strength + 1)
            left = .binary(sign, left, right)
            if sign.isComparison, let (next, _) = nextOperator(), next.isComparison {
                throw wrong("comparisons do not follow each other; join them with and")
            }
        }
        return left
    }

    private mutating func operand(atLeast least: Int) throws(ExpressionError) -> Expression {
        skipSpace()
        guard index < scalars.count else { throw wrong("the expression ends where a value is needed") }
        switch scalars[index] {
        case "(":
            index += 1
            let inner = try expression(atLeast: 1)
            try take(")")
            return inner
        case "-":
            index += 1
            return .negated(try expression(atLeast: 8))
        case "\"": return .text(try text())
        case "0"..."9": return .number(try number())
        case "a"..."z", "A"..."Z", "_": return try word(atLeast: least)
        default: throw wrong("\"\(scalars[index])\" cannot stand here")
        }
    }

    private mutating func word(atLeast least: Int) throws(ExpressionError) -> Expression {
        let start = index
        let name = identifier()
        switch name {
        case "null": return .null
        case "true": return .flag(true)
        case "false": return .flag(false)
        case "not":
            guard least <= 3 else { throw wrong("not needs brackets here", at: start) }
            return .not(try expression(atLeast: 3))
        case "and", "or": throw wrong("\"\(name)\" cannot stand here", at: start)
        default: break
        }
        skipSpace()
        if index < scalars.count, scalars[index] == "(" { return try call(name, start) }
        var names = [name]
        while index < scalars.count, scalars[index] == "." {
            index += 1
            let next = identifier()
            guard !next.isEmpty else { throw wrong("a field's name is needed after the point") }
            names.append(next)
        }
        guard names.count <= 2 else { throw wrong("a path goes over one reference", at: start) }
        return .path(names)
    }

    private mutating func call(_ name: String, _ start: Int) throws(ExpressionError) -> Expression {
        guard let function = Expression.Function(rawValue: name) else {
            let known = Expression.Function.allCases.map(\.rawValue).joined(separator: ", ")
            throw wrong("there is no function \"\(name.prefix(40))\"; there are \(known)", at: start)
        }
        try take("(")
        var arguments: [Expression] = []
        skipSpace()
        if index < scalars.count, scalars[index] != ")" {
            arguments.append(try expression(atLeast: 1))
            skipSpace()
            while index < scalars.count, scalars[index] == "," {
                index += 1
                arguments.append(try expression(atLeast: 1))
                skipSpace()
            }
        }
        try take(")")
        guard function.arity.contains(arguments.count) else {
            let few = function.arity.lowerBound
            let much = function.arity.upperBound
            throw wrong(
                "\(name) takes \(few == much ? "\(few)" : "\(few) to \(much)") arguments, not \(arguments.count)",
                at: start)
        }
        return .call(function, arguments)
    }

    // MARK: Words and signs

    private mutating func identifier() -> String {
        let start = index
        while index < scalars.count, Self.isName(scalars[index]) { index += 1 }
        return String(String.UnicodeScalarView(scalars[start..<index]))
    }

    private static func isName(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_": true
        default: false
        }
    }

    private mutating func number() throws(ExpressionError) -> FixedDecimal {
        let start = index
        while index < scalars.count, ("0"..."9").contains(scalars[index]) { index += 1 }
        var decimals = 0
        if index + 1 < scalars.count, scalars[index] == ".", ("0"..."9").contains(scalars[index + 1]) {
            index += 1
            while index < scalars.count, ("0"..."9").contains(scalars[index]) {
                index += 1
                decimals += 1
            }
        }
        if index < scalars.count, Self.isName(scalars[index]) {
            throw wrong("a number cannot end in \"\(scalars[index])\"")
        }
        var text = String(String.UnicodeScalarView(scalars[start..<index]))
        while decimals > 0, text.hasSuffix("0") {
            text.removeLast()
            decimals -= 1
        }
        if text.hasSuffix(".") { text.removeLast() }
        guard decimals <= 6, let number = try? FixedDecimal(parsing: text, scale: decimals) else {
            throw wrong("a number has at most 6 decimals and 64 bits", at: start)
        }
        return number
    }

    private mutating func text() throws(ExpressionError) -> String {
        let start = index
        index += 1
        var content = String.UnicodeScalarView()
        while index < scalars.count, scalars[index] != "\"" {
            if scalars[index] == "\\" {
                index += 1
                guard index < scalars.count, scalars[index] == "\"" || scalars[index] == "\\" else {
                    throw wrong("behind \\ stands \" or \\")
                }
            }
            content.append(scalars[index])
            index += 1
        }
        guard index < scalars.count else { throw wrong("the text has no end", at: start) }
        index += 1
        return String(content)
    }

    /// The operator that comes next, and its length; nothing is taken.
    private mutating func nextOperator() -> (Expression.Operator, Int)? {
        skipSpace()
        guard index < scalars.count else { return nil }
        if Self.isName(scalars[index]) {
            let start = index
            let name = identifier()
            defer { index = start }
            return ["and", "or"].contains(name)
                ? Expression.Operator(rawValue: name).map { ($0, index - start) } : nil
        }
        for length in [2, 1] where index + length <= scalars.count {
            let sign = String(String.UnicodeScalarView(scalars[index..<(index + length)]))
            if let found = Expression.Operator(rawValue: sign) { return (found, length) }
        }
        return nil
    }

    private mutating func take(_ scalar: Unicode.Scalar) throws(ExpressionError) {
        skipSpace()
        guard index < scalars.count, scalars[index] == scalar else { throw wrong("\"\(scalar)\" is missing") }
        index += 1
    }

    private mutating func skipSpace() {
        while index < scalars.count, [" ", "\t", "\n", "\r"].contains(scalars[index]) { index += 1 }
    }

    private func wrong(_ message: String, at place: Int? = nil) -> ExpressionError {
        ExpressionError(message: message, position: (place ?? index) + 1)
    }
}
