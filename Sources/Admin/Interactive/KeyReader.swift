/// Turns the bytes of a terminal into keys. Pure; a key may come in pieces.
///
/// Escape sequences of xterm and its kin (ECMA-48 CSI, and SS3 for the keypad); one that is not known is passed over
/// whole. An escape alone is known as such only when nothing follows: the caller says so with `flush`.
package struct KeyReader: Sendable {
    private var pending: [UInt8] = []

    package init() {}

    /// Whether an escape sequence or a character has begun.
    package var isWithinKey: Bool { !pending.isEmpty }

    package mutating func append(_ byte: UInt8) -> LineEditor.Key? {
        pending.append(byte)
        guard let key = recognise() else { return nil }
        pending = []
        return key
    }

    /// Nothing came behind an escape: it was the key.
    package mutating func flush() -> LineEditor.Key? {
        defer { pending = [] }
        return pending == [0x1B] ? .escape : nil
    }

    /// - Returns: nil while more bytes are needed.
    private mutating func recognise() -> LineEditor.Key? {
        let first = pending[0]
        switch first {
        case 0x1B: return sequence()
        case 0x0D, 0x0A: return .enter
        case 0x09: return .tab
        case 0x7F: return .backspace
        case 0x01...0x1F: return .control(Character(Unicode.Scalar(first + 0x60)))
        case 0x00:
            pending = []
            return nil
        default: return character()
        }
    }

    private mutating func character() -> LineEditor.Key? {
        let length =
            switch pending[0] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        guard pending.count >= length else { return nil }
        // What is not UTF-8 is passed over.
        guard let text = String(validating: pending, as: UTF8.self), let character = text.first else {
            pending = []
            return nil
        }
        return .character(character)
    }

    private mutating func sequence() -> LineEditor.Key? {
        guard pending.count >= 2 else { return nil }
        guard pending[1] == UInt8(ascii: "[") || pending[1] == UInt8(ascii: "O") else {
            pending = []
            return nil
        }
        guard pending.count >= 3, let last = pending.last, (0x40...0x7E).contains(last) else {
            if pending.count > 16 { pending = [] }
            return nil
        }
        let key = Self.keys[String(decoding: pending.dropFirst(2), as: UTF8.self)]
        pending = []
        return key
    }

    private static let keys: [String: LineEditor.Key] = [
        "A": .up, "B": .down, "C": .right, "D": .left, "H": .home, "F": .end,
        "1~": .home, "7~": .home, "4~": .end, "8~": .end, "3~": .delete,
    ]
}
