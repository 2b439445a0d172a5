import CRMSDK
import Text

/// What stands behind `/files/`: the id of a record, and perhaps `?field=NAME&name=FILE NAME`, percent-encoded.
struct FileTarget: Equatable {
    let record: RecordID
    /// Nil means the record's only field for a file.
    private(set) var field: String?
    /// How the file is called, when it is sent.
    private(set) var name: String?

    private static let parameters = ["field", "name"]

    /// - Throws: `notFound` where there is no id, `invalidParameters`.
    init(_ target: String) throws(CRMError) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts[0].utf8
        guard (1...16).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(parts[0]), number > 0, number <= RecordID.maximum.rawValue
        else {
            throw CRMError(
                .notFound, "there is no file at this path", hint: "It is /files/ and the id of a record.")
        }
        record = RecordID(number)
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = Self.decoded(sides[0]), let value = sides.count == 2 ? Self.decoded(sides[1]) : ""
            else { throw CRMError(.invalidParameters, "the query of the path is not percent-encoded UTF-8") }
            try take(key, value)
        }
    }

    private mutating func take(_ key: String, _ value: String) throws(CRMError) {
        switch key {
        case "field" where field == nil: field = value
        case "name" where name == nil: name = try Self.checked(name: value)
        case "field", "name": throw CRMError(.invalidParameters, "\"\(key)\" is in the query twice")
        default:
            var error = CRMError(.invalidParameters, "there is no parameter \"\(key.prefix(40))\" of a file")
            error.candidates = Spelling.nearest(to: key, among: Self.parameters)
            throw error
        }
    }

    /// A name is shown to people: nothing in it may turn the direction of writing, or be taken for a path.
    private static func checked(name: String) throws(CRMError) -> String {
        let isFit = name.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: false
            default: scalar != "/" && scalar != "\\"
            }
        }
        guard isFit, (1...255).contains(name.unicodeScalars.count), name != ".", name != ".." else {
            throw CRMError(
                .invalidParameters, "the name of the file cannot be used",
                hint: "Give 1 to 255 characters without slashes and control characters.")
        }
        return name
    }

    private static func decoded(_ text: Substring) -> String? {
        PercentCoding.decode(text.utf8, plus: .itself)
    }
}

/// The part of a file that is asked for (RFC 9110 §14). Several ranges, and what is no range at all, mean the whole
/// file.
struct FileRange: Equatable {
    let start: Int64
    let count: Int64

    /// Names the refusal of a range; its status is 416.
    static let rule = "file_range"

    enum Reading: Equatable {
        case whole
        case part(FileRange)
        /// Nothing of it is in the file.
        case outside
    }

    static func read(_ text: String, of length: Int64) -> Reading {
        guard text.lowercased().hasPrefix("bytes=") else { return .whole }
        let sides = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2,
            !sides.contains(where: { $0.utf8.contains(where: { !(0x30...0x39).contains($0) }) })
        else { return .whole }
        switch (Int64(sides[0]), Int64(sides[1])) {
        case (nil, nil): return .whole
        case (nil, let last?) where sides[0].isEmpty:
            let count = min(last, length)
            return count > 0 ? .part(FileRange(start: length - count, count: count)) : .outside
        case (let first?, let last?) where last < first: return .whole
        case (let first?, let last):
            guard last != nil || sides[1].isEmpty else { return .whole }
            guard first < length else { return .outside }
            return .part(FileRange(start: first, count: min(last ?? .max, length - 1) - first + 1))
        default: return .whole
        }
    }
}
