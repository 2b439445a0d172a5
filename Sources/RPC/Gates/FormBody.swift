import CRMSDK

/// What a browser sends of a form: `application/x-www-form-urlencoded` (url.spec.whatwg.org §5.1), read strictly.
///
/// A name that comes several times, as a group of check boxes does, has all its texts, a line each. Texts are UTF-8 and
/// have no control characters but line ends and tabs; line ends are `\n`.
enum FormBody {
    static let pairLimit = 200
    private static let nameLimitBytes = 100

    /// - Returns: in the order in which they came first; nil for what no browser sends.
    static func read(_ bytes: some Collection<UInt8>) -> [(name: String, text: String)]? {
        var pairs: [(name: String, text: String)] = []
        var places: [String: Int] = [:]
        var count = 0
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            count += 1
            let equals = pair.firstIndex(of: UInt8(ascii: "="))
            let nameBytes = pair[..<(equals ?? pair.endIndex)]
            let textBytes = equals.map { pair[pair.index(after: $0)...] } ?? pair[pair.endIndex...]
            guard count <= pairLimit, let name = decode(nameBytes), let text = decode(textBytes),
                !name.isEmpty, name.utf8.count <= nameLimitBytes
            else { return nil }
            if let place = places[name] {
                pairs[place].text += "\n" + text
            } else {
                places[name] = pairs.count
                pairs.append((name, text))
            }
        }
        return pairs
    }

    private static func decode(_ bytes: some Collection<UInt8>) -> String? {
        PercentCoding.decode(bytes, plus: .space).flatMap(settled)
    }

    /// With one kind of line end; nil where a control character stands in it.
    private static func settled(_ text: String) -> String? {
        var result = String.UnicodeScalarView()
        var isAfterReturn = false
        for scalar in text.unicodeScalars {
            defer { isAfterReturn = scalar == "\r" }
            switch scalar {
            case "\r": result.append("\n")
            case "\n": if !isAfterReturn { result.append("\n") }
            case "\t": result.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: return nil
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    static func value(_ pairs: [(name: String, text: String)]) -> StructuredValue {
        .object(pairs.map { .init($0.name, .value(.text($0.text))) })
    }
}
