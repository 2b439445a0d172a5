package import CRMSDK

/// What an expression answers.
package enum ExpressionType: String, Sendable {
    case number
    case amount
    case text
    case date
    case flag = "true or false"
    /// Null, which is of every type.
    case nothing
    /// A value that can only be asked whether it is there.
    case opaque = "a value that can only be tested with empty()"

    /// What a field's values are in an expression.
    package init(of type: FieldType) {
        switch type.name {
        case "integer", "decimal", "percent": self = .number
        case "money": self = .amount
        case "text", "longtext", "email", "phone", "url", "picklist", "autonumber": self = .text
        case "date": self = .date
        case "boolean": self = .flag
        default: self = .opaque
        }
    }

    /// The type of either; nil where they do not go together. A number stands for an amount of any currency.
    func united(with other: ExpressionType) -> ExpressionType? {
        switch (self, other) {
        case (.opaque, _), (_, .opaque): nil
        case (.nothing, _): other
        case (_, .nothing): self
        case (.number, .amount), (.amount, .number): .amount
        default: self == other ? self : nil
        }
    }

    /// The kinds of fields that can hold a result of this type.
    func fits(_ type: FieldType) -> Bool {
        switch type.name {
        case "integer", "decimal", "percent": self == .number || self == .nothing
        case "money": self == .amount || self == .number || self == .nothing
        case "text": self == .text || self == .nothing
        case "date": self == .date || self == .nothing
        case "boolean": self == .flag || self == .nothing
        default: false
        }
    }
}

/// A rule of types that an expression breaks; one sentence, lower case.
struct TypeMistake: Error {
    let message: String

    init(_ message: String) { self.message = message }
}

extension Expression {
    /// The type of the expression, where every path has the type that `path` answers.
    func type(_ path: ([String]) throws(TypeMistake) -> ExpressionType) throws(TypeMistake) -> ExpressionType
    {
        switch self {
        case .null: return .nothing
        case .flag: return .flag
        case .number: return .number
        case .text: return .text
        case .path(let names): return try path(names)
        case .negated(let inner):
            let type = try inner.type(path)
            guard [.number, .amount, .nothing].contains(type) else {
                throw mistake("negates \(type.rawValue)")
            }
            return type
        case .not(let inner):
            try inner.demand(.flag, path, in: self)
            return .flag
        case .binary(let sign, let left, let right): return try binary(sign, left, right, path)
        case .call(let function, let arguments): return try call(function, arguments, path)
        }
    }

    private func mistake(_ what: String) -> TypeMistake {
        TypeMistake("\"\(description.prefix(200))\" \(what)")
    }

    private func demand(
        _ wanted: ExpressionType, _ path: ([String]) throws(TypeMistake) -> ExpressionType,
        in whole: Expression
    ) throws(TypeMistake) {
        let type = try self.type(path)
        guard type == wanted || type == .nothing else {
            throw whole.mistake(
                "needs \(wanted.rawValue), but \"\(description.prefix(100))\" is \(type.rawValue)")
        }
    }

    private func binary(
        _ sign: Operator, _ left: Expression, _ right: Expression,
        _ path: ([String]) throws(TypeMistake) -> ExpressionType
    ) throws(TypeMistake) -> ExpressionType {
        if sign == .and || sign == .or {
            try left.demand(.flag, path, in: self)
            try right.demand(.flag, path, in: self)
            return .flag
        }
        let types = (try left.type(path), try right.type(path))
        let advice = sign == .plus && (types.0 == .text || types.1 == .text) ? "; concat joins texts" : ""
        let refusal = mistake("joins \(types.0.rawValue) and \(types.1.rawValue)\(advice)")
        if sign.isComparison {
            guard let type = types.0.united(with: types.1) else { throw refusal }
            guard type != .flag || sign == .equal || sign == .notEqual else { throw refusal }
            return .flag
        }
        switch (sign, types.0, types.1) {
        case (_, .nothing, let other), (_, let other, .nothing):
            guard [.number, .amount, .date, .nothing].contains(other) else { throw refusal }
            return other
        case (.plus, .date, .number), (.minus, .date, .number): return .date
        case (_, .number, .number): return .number
        case (.plus, .amount, .amount), (.minus, .amount, .amount): return .amount
        case (.plus, .amount, .number), (.plus, .number, .amount), (.minus, .amount, .number),
            (.minus, .number, .amount), (.times, .amount, .number), (.times, .number, .amount),
            (.divided, .amount, .number):
            return .amount
        case (.divided, .amount, .amount): return .number
        default: throw refusal
        }
    }

    private func call(
        _ function: Function, _ arguments: [Expression],
        _ path: ([String]) throws(TypeMistake) -> ExpressionType
    ) throws(TypeMistake) -> ExpressionType {
        switch function {
        case .if:
            try arguments[0].demand(.flag, path, in: self)
            return try united(Array(arguments.dropFirst()), path)
        case .coalesce, .min, .max: return try united(arguments, path)
        case .round:
            guard case .number(let places) = arguments[1], places.scale == 0, (0...6).contains(places.units)
            else {
                throw mistake("rounds to 0 to 6 decimals, written as a number")
            }
            return try numeric(arguments[0], path)
        case .abs: return try numeric(arguments[0], path)
        case .concat:
            for argument in arguments { try argument.demand(.text, path, in: self) }
            return .text
        case .days:
            for argument in arguments { try argument.demand(.date, path, in: self) }
            return .number
        case .date:
            guard case .text(let text) = arguments[0], CalendarDate(text) != nil else {
                throw mistake("is no date: write date(\"2026-11-22\")")
            }
            return .date
        case .empty:
            guard case .path(let names) = arguments[0] else { throw mistake("asks for a field to be tested") }
            _ = try path(names)
            return .flag
        }
    }

    private func numeric(
        _ argument: Expression, _ path: ([String]) throws(TypeMistake) -> ExpressionType
    ) throws(TypeMistake) -> ExpressionType {
        let type = try argument.type(path)
        guard [.number, .amount, .nothing].contains(type) else { throw mistake("needs a number") }
        return type
    }

    private func united(
        _ arguments: [Expression], _ path: ([String]) throws(TypeMistake) -> ExpressionType
    ) throws(TypeMistake) -> ExpressionType {
        var result = ExpressionType.nothing
        for argument in arguments {
            let type = try argument.type(path)
            guard let both = result.united(with: type) else {
                throw mistake("joins \(result.rawValue) and \(type.rawValue)")
            }
            result = both
        }
        return result
    }
}
