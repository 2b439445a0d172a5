/// One line being built. Holds the rule that nothing in it can end the line or act on a terminal.
struct LogLine {
    private var text: String

    init(_ millisecondsSince1970: Int64, _ level: Log.Level, room: String, message: String) {
        text = UTCClock.format(millisecondsSince1970: millisecondsSince1970)
        text.reserveCapacity(160)
        text += " \(level.name) \(room) "
        LogLine.append(message, to: &text, escapingQuotes: false)
    }

    mutating func add(_ key: StaticString, _ value: String) {
        text += " \(key)="
        let isBare = !value.isEmpty && value.utf8.allSatisfy { LogLine.isBare($0) }
        guard !isBare else {
            text += value
            return
        }
        text += "\""
        LogLine.append(value, to: &text, escapingQuotes: true)
        text += "\""
    }

    consuming func finish() -> String { text + "\n" }

    /// Printable ASCII that needs no quotes: neither space, `"`, `=` nor `\`.
    private static func isBare(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
            && byte != UInt8(ascii: "\\")
    }

    private static func append(_ value: String, to text: inout String, escapingQuotes: Bool) {
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\\" where escapingQuotes: text += "\\\\"
            case "\"" where escapingQuotes: text += "\\\""
            case _ where isUnsafe(scalar): text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Controls, and what makes a terminal or viewer break or reorder the line.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x20 else { return true }
        guard scalar.value >= 0x7F else { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            return true
        default: return false
        }
    }
}
