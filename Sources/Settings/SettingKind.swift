/// What an option accepts. Every value is text until here, wherever it came from; one table of rules reads all.
package enum SettingKind: Sendable {
    case string
    /// Never shown; may also be given as the name of a file that holds it.
    case secret
    /// Relative paths are relative to the working directory.
    case path
    case integer(ClosedRange<Int>)
    /// Whole number and unit: `250ms`, `30s`, `5m`, `12h`, `7d`.
    case duration(ClosedRange<Duration>)
    case boolean
    /// `127.0.0.1:8443`, `[::1]:8443`, `localhost:0`.
    case addressAndPort
    case choice([String])
    /// Separated by commas; in the file also an array; as flag also repeated.
    case list

    /// Stands for the value in the help text.
    var placeholder: String {
        switch self {
        case .string: "TEXT"
        case .secret: "SECRET"
        case .path: "PATH"
        case .integer: "NUMBER"
        case .duration: "DURATION"
        case .boolean: ""
        case .addressAndPort: "ADDRESS:PORT"
        case .choice(let names): names.joined(separator: "|")
        case .list: "NAME,…"
        }
    }

    /// One sentence on what is accepted.
    var acceptance: String {
        switch self {
        case .string, .secret: "Give a text that is not empty."
        case .path: "Give the path of a file or folder."
        case .integer(let range): "Give a whole number from \(range.lowerBound) to \(range.upperBound)."
        case .duration(let range):
            "Give a number and a unit (ms, s, m, h, d), from \(SettingDuration.format(range.lowerBound)) "
                + "to \(SettingDuration.format(range.upperBound))."
        case .boolean: "Give true or false."
        case .addressAndPort: "Give ADDRESS:PORT, for example 127.0.0.1:8443 or [::1]:8443."
        case .choice(let names): "Give one of \(names.joined(separator: ", "))."
        case .list: "Give names separated by commas."
        }
    }

    var isSecret: Bool {
        if case .secret = self { true } else { false }
    }

    var isBoolean: Bool {
        if case .boolean = self { true } else { false }
    }

    var isList: Bool {
        if case .list = self { true } else { false }
    }

    /// The value of `text`; nil if it is none of this kind.
    func read(_ text: String) -> SettingValue? {
        switch self {
        case .string, .secret, .path: text.isEmpty ? nil : .text(text)
        case .integer(let range): Int(text).flatMap { range.contains($0) ? .integer($0) : nil }
        case .duration(let range):
            SettingDuration.read(text).flatMap { range.contains($0) ? .duration($0) : nil }
        case .boolean: SettingKind.booleans[text.lowercased()].map { .boolean($0) }
        case .addressAndPort: AddressAndPort(text).map { .addressAndPort($0) }
        case .choice(let names): names.contains(text) ? .text(text) : nil
        case .list:
            .list(
                text.split(separator: ",").map { $0.trimming(while: \.isWhitespace) }.filter { !$0.isEmpty })
        }
    }

    private static let booleans = [
        "true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "off": false,
        "0": false,
    ]
}

/// A value that was read by its kind.
enum SettingValue: Equatable, Sendable {
    case text(String)
    case integer(Int)
    case duration(Duration)
    case boolean(Bool)
    case addressAndPort(AddressAndPort)
    case list([String])
}

/// Where a server listens or a client connects.
package struct AddressAndPort: Hashable, Sendable, CustomStringConvertible {
    /// A numeric address or a name, without the brackets of IPv6.
    package let address: String
    /// 0 lets the system choose.
    package let port: UInt16

    package init(address: String, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// - Returns: nil unless the text is `ADDRESS:PORT`, an IPv6 address in brackets.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(digits)
        else { return nil }
        var address = text[..<colon]
        let hasBrackets = address.hasPrefix("[") && address.hasSuffix("]") && address.count > 2
        if hasBrackets { address = address.dropFirst().dropLast() }
        guard !address.isEmpty, address.contains(":") == hasBrackets,
            !address.contains(where: { $0.isWhitespace || $0 == "[" || $0 == "]" })
        else { return nil }
        self.init(address: String(address), port: port)
    }

    package var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

/// Durations as people write them in settings.
enum SettingDuration {
    /// Largest unit first, in milliseconds.
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    static func read(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits),
            let unit = units.first(where: { $0.name == text.dropFirst(digits.count) })
        else { return nil }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
        return overflow ? nil : .milliseconds(milliseconds)
    }

    /// In the largest unit that needs no fraction; what is finer than a millisecond is cut.
    static func format(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        guard milliseconds != 0, let unit = units.first(where: { milliseconds % $0.milliseconds == 0 }) else {
            return "\(milliseconds)ms"
        }
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
}

extension Substring {
    fileprivate func trimming(while isTrimmed: (Character) -> Bool) -> String {
        var rest = drop(while: isTrimmed)
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return String(rest)
    }
}
