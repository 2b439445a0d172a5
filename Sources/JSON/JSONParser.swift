/// Turns bytes into the tape of a document: one pass, a state per step instead of recursion.
///
/// Everything that is refused is refused here; the readers of the tape rely on it and check nothing again.
struct JSONParser {
    private enum Expectation { case value, valueOrEnd, name, nameOrEnd, separatorOrEnd, endOfText }

    private(set) var tape: [JSONToken] = []
    private var position = 0
    /// Tape indexes of the containers that are open, outermost first.
    private var open: [Int] = []

    init(capacity bytes: Int) {
        tape.reserveCapacity(bytes / 12 + 4)
    }

    mutating func parse(_ source: Span<UInt8>) throws(JSONError) {
        var expectation = Expectation.value
        while true {
            skipSpace(source)
            if expectation == .endOfText {
                guard position == source.count else { throw unexpected(source, "after the value") }
                return
            }
            guard position < source.count else { throw refusal("text ends too early") }
            let byte = source[position]
            switch expectation {
            case .valueOrEnd where byte == UInt8(ascii: "]"),
                .nameOrEnd where byte == UInt8(ascii: "}"):
                expectation = try closeContainer(source)
            case .value, .valueOrEnd:
                expectation = try value(source, byte)
            case .name, .nameOrEnd:
                try name(source, byte)
                expectation = .value
            case .separatorOrEnd:
                expectation = try separatorOrEnd(source, byte)
            case .endOfText: return
            }
        }
    }

    private mutating func value(_ source: Span<UInt8>, _ byte: UInt8) throws(JSONError) -> Expectation {
        switch byte {
        case UInt8(ascii: "{"):
            try openContainer(.object)
            return .nameOrEnd
        case UInt8(ascii: "["):
            try openContainer(.array)
            return .valueOrEnd
        case UInt8(ascii: "\""): try string(source)
        case UInt8(ascii: "-"), 0x30...0x39: try number(source)
        case UInt8(ascii: "t"): try literal(source, "true", .yes)
        case UInt8(ascii: "f"): try literal(source, "false", .no)
        case UInt8(ascii: "n"): try literal(source, "null", .null)
        default: throw unexpected(source, "where a value should begin")
        }
        return endOfValue()
    }

    private mutating func name(_ source: Span<UInt8>, _ byte: UInt8) throws(JSONError) {
        guard byte == UInt8(ascii: "\"") else {
            throw unexpected(source, "where a member name should begin")
        }
        try string(source)
        skipSpace(source)
        guard position < source.count else { throw refusal("text ends too early") }
        guard source[position] == UInt8(ascii: ":") else { throw unexpected(source, "instead of \":\"") }
        position += 1
    }

    private mutating func separatorOrEnd(
        _ source: Span<UInt8>, _ byte: UInt8
    ) throws(JSONError) -> Expectation {
        let isObject = open.last.map { tape[$0].kind == .object } ?? false
        switch byte {
        case UInt8(ascii: ","):
            position += 1
            return isObject ? .name : .value
        case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
            return try closeContainer(source)
        default:
            throw unexpected(source, "instead of \",\" or \"\(isObject ? "}" : "]")\"")
        }
    }

    /// Counts the value in its container and says what may follow.
    private mutating func endOfValue() -> Expectation {
        guard let container = open.last else { return .endOfText }
        tape[container].addChild()
        return .separatorOrEnd
    }
}

// MARK: Containers

extension JSONParser {
    private mutating func openContainer(_ kind: JSONToken.Kind) throws(JSONError) {
        guard open.count < JSONDocument.depthLimit else {
            throw refusal("nested deeper than \(JSONDocument.depthLimit) levels")
        }
        open.append(tape.count)
        tape.append(JSONToken(kind, start: position, end: position, next: 0))
        position += 1
    }

    private mutating func closeContainer(_ source: Span<UInt8>) throws(JSONError) -> Expectation {
        position += 1
        if let index = open.popLast() {
            tape[index].end = UInt32(position)
            tape[index].next = UInt32(tape.count)
            if tape[index].kind == .object {
                try JSONNames.refuseDuplicates(source, tape.span, object: index)
            }
        }
        return endOfValue()
    }
}

// MARK: Scalars

extension JSONParser {
    private mutating func string(_ source: Span<UInt8>) throws(JSONError) {
        let start = position
        var index = start + 1
        var hasEscapes = false
        while index < source.count {
            switch source[index] {
            case UInt8(ascii: "\""):
                position = index + 1
                tape.append(
                    JSONToken(
                        .string, start: start, end: position, next: tape.count + 1, hasEscapes: hasEscapes))
                return
            case UInt8(ascii: "\\"):
                index += try JSONEscapes.length(source, at: index)
                hasEscapes = true
            case 0x00...0x1F:
                throw JSONError(message: "control character in string must be escaped", offset: index)
            case 0x20...0x7F:
                index += 1
            default:
                guard let length = UTF8Sequence.length(source, at: index) else {
                    throw JSONError(message: "string is not valid UTF-8", offset: index)
                }
                index += length
            }
        }
        throw JSONError(message: "string is not closed", offset: source.count)
    }

    private mutating func number(_ source: Span<UInt8>) throws(JSONError) {
        let start = position
        if source[position] == UInt8(ascii: "-") { position += 1 }
        if position < source.count, source[position] == UInt8(ascii: "0") {
            position += 1
            if position < source.count, (0x30...0x39).contains(source[position]) {
                throw JSONError(message: "number begins with a superfluous zero", offset: start)
            }
        } else {
            try digits(source)
        }
        if position < source.count, source[position] == UInt8(ascii: ".") {
            position += 1
            try digits(source)
        }
        if position < source.count, source[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < source.count,
                source[position] == UInt8(ascii: "+") || source[position] == UInt8(ascii: "-")
            {
                position += 1
            }
            try digits(source)
        }
        guard position - start <= JSONDocument.numberLimitCharacters else {
            throw JSONError(
                message: "number is longer than \(JSONDocument.numberLimitCharacters) characters",
                offset: start)
        }
        tape.append(JSONToken(.number, start: start, end: position, next: tape.count + 1))
    }

    /// One digit or more.
    private mutating func digits(_ source: Span<UInt8>) throws(JSONError) {
        let start = position
        while position < source.count, (0x30...0x39).contains(source[position]) { position += 1 }
        guard position > start else { throw refusal("number lacks a digit") }
    }

    private mutating func literal(
        _ source: Span<UInt8>, _ text: StaticString, _ kind: JSONToken.Kind
    ) throws(JSONError) {
        let end = position + text.utf8CodeUnitCount
        let matches =
            end <= source.count && text.withUTF8Buffer { bytesEqual(source, position..<end, $0.span) }
        guard matches else { throw unexpected(source, "where a value should begin") }
        tape.append(JSONToken(kind, start: position, end: end, next: tape.count + 1))
        position = end
    }
}

// MARK: White space and refusals

extension JSONParser {
    private mutating func skipSpace(_ source: Span<UInt8>) {
        while position < source.count {
            switch source[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private func refusal(_ message: String) -> JSONError {
        JSONError(message: message, offset: position)
    }

    private func unexpected(_ source: Span<UInt8>, _ place: String) -> JSONError {
        let byte = source[position]
        let shown =
            (0x20...0x7E).contains(byte)
            ? "character \"\(Character(Unicode.Scalar(byte)))\"" : "byte 0x\(String(byte, radix: 16))"
        return refusal("unexpected \(shown) \(place)")
    }
}
