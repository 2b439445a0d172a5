/// The versions that are served.
enum Version: Sendable {
    case http10, http11

    /// - Throws: 400 for what is no version at all, 505 for another major version. A later minor version is served as
    ///   1.1 (RFC 9110 §2.5).
    init(_ bytes: ArraySlice<UInt8>) throws(HTTPRefusal) {
        guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), bytes[bytes.startIndex + 6] == 0x2E,
            let major = bytes[bytes.startIndex + 5].digit, let minor = bytes[bytes.startIndex + 7].digit
        else { throw .malformed("the request line does not end with a version of HTTP") }
        guard major == 1 else { throw HTTPRefusal(505, "only HTTP/1.1 and HTTP/1.0 are spoken here") }
        self = minor == 0 ? .http10 : .http11
    }
}

extension UInt8 {
    fileprivate var digit: UInt8? { (0x30...0x39).contains(self) ? self - 0x30 : nil }
}

/// What the fields of one head say about where its message ends and what comes after.
struct Framing: Sendable {
    enum Length: Sendable {
        case counted(Int)
        case chunked
    }

    var version = Version.http11
    private(set) var closes = false
    private(set) var expectsContinue = false
    private var hosts = 0
    private var contentLength: Int?
    private var isChunked = false
    private var isExpectationKnown = true

    /// Takes one field into account.
    mutating func note(_ field: HTTPFields.Field, in bytes: [UInt8]) throws(HTTPRefusal) {
        switch field.name.count {
        case 4 where ASCII.equal(bytes, in: field.name, "host"): try noteHost(bytes, field.value)
        case 6 where ASCII.equal(bytes, in: field.name, "expect"): noteExpectation(bytes, field.value)
        case 10 where ASCII.equal(bytes, in: field.name, "connection"): noteConnection(bytes, field.value)
        case 14 where ASCII.equal(bytes, in: field.name, "content-length"): try noteLength(bytes, field.value)
        case 17 where ASCII.equal(bytes, in: field.name, "transfer-encoding"):
            try noteCoding(bytes, field.value)
        default: break
        }
    }

    private mutating func noteHost(_ bytes: [UInt8], _ value: Range<Int>) throws(HTTPRefusal) {
        hosts += 1
        guard hosts == 1 else { throw .malformed("there is more than one Host field") }
        guard ASCII.all(bytes, in: value, are: .host) else {
            throw .malformed("the Host field is not a host")
        }
    }

    private mutating func noteExpectation(_ bytes: [UInt8], _ value: Range<Int>) {
        if ASCII.equal(bytes, in: value, "100-continue") {
            expectsContinue = true
        } else {
            isExpectationKnown = false
        }
    }

    private mutating func noteConnection(_ bytes: [UInt8], _ value: Range<Int>) {
        var start = value.lowerBound
        for index in value.lowerBound...value.upperBound
        where index == value.upperBound || bytes[index] == ASCII.comma {
            if ASCII.equal(bytes, in: ASCII.trimmed(bytes, start..<index), "close") { closes = true }
            start = index + 1
        }
    }

    /// Digits only; a number beyond any limit stays `Int.max`, so that it is too large and not malformed.
    private mutating func noteLength(_ bytes: [UInt8], _ value: Range<Int>) throws(HTTPRefusal) {
        guard contentLength == nil else { throw .malformed("there is more than one Content-Length field") }
        guard !value.isEmpty, ASCII.all(bytes, in: value, are: .digit) else {
            throw .malformed("the Content-Length field is not a number")
        }
        var length = 0
        for byte in bytes[value] {
            let (tens, tooMany) = length.multipliedReportingOverflow(by: 10)
            let (sum, tooMuch) = tens.addingReportingOverflow(Int(byte - 0x30))
            length = tooMany || tooMuch ? .max : sum
            if length == .max { break }
        }
        contentLength = length
    }

    private mutating func noteCoding(_ bytes: [UInt8], _ value: Range<Int>) throws(HTTPRefusal) {
        guard !isChunked, ASCII.equal(bytes, in: value, "chunked") else {
            throw .malformed("the Transfer-Encoding field is not exactly \"chunked\"")
        }
        isChunked = true
    }

    /// How long the body of a request is, once all its fields are known.
    func bodyLength(method: HTTPMethod, limits: HTTPLimits) throws(HTTPRefusal) -> Length {
        guard hosts == 1 || version == .http10 else { throw .malformed("there is no Host field") }
        guard !isChunked || contentLength == nil else {
            throw .malformed("there are both a Content-Length and a Transfer-Encoding field")
        }
        guard !isChunked || version == .http11 else { throw .malformed("HTTP/1.0 has no Transfer-Encoding") }
        guard isExpectationKnown else { throw HTTPRefusal(417, "only the expectation 100-continue is known") }
        if isChunked { return .chunked }
        guard let contentLength else {
            guard !method.needsLength else { throw HTTPRefusal(411, "there is no Content-Length field") }
            return .counted(0)
        }
        guard contentLength <= limits.bodyBytes else { throw HTTPRefusal(413, "the body is too large") }
        return .counted(contentLength)
    }

    /// How the body of a response is framed: nil means that it ends with the connection.
    func responseLength(limits: HTTPLimits) throws(HTTPRefusal) -> Length? {
        guard !isChunked || contentLength == nil else {
            throw .malformed("there are both a Content-Length and a Transfer-Encoding field")
        }
        if isChunked { return .chunked }
        guard let contentLength else { return nil }
        guard contentLength <= limits.bodyBytes else { throw HTTPRefusal(413, "the body is too large") }
        return .counted(contentLength)
    }
}

/// The four forms of a request target (RFC 9112 §3.2), reduced to path and query.
enum RequestTarget {
    static func path(
        of bytes: [UInt8], _ target: Range<Int>, method: HTTPMethod
    ) throws(HTTPRefusal) -> Range<Int> {
        guard !target.isEmpty else { throw .malformed("the request target is empty") }
        if method == .connect {
            guard ASCII.all(bytes, in: target, are: .host) else {
                throw .malformed("the request target is not a host")
            }
            return target
        }
        if method == .options, target.count == 1, bytes[target.lowerBound] == UInt8(ascii: "*") {
            return target
        }
        var path = target
        if bytes[target.lowerBound] != ASCII.slash { path = try afterAuthority(bytes, target) }
        guard ASCII.all(bytes, in: path, are: .target), escapesAreWhole(bytes, path) else {
            throw .malformed("the request target has a character that it must escape")
        }
        return path
    }

    /// Absolute form, which a server must accept (§3.2.2): what follows "https://host".
    private static func afterAuthority(_ bytes: [UInt8], _ target: Range<Int>) throws(HTTPRefusal) -> Range<
        Int
    > {
        for scheme: StaticString in ["https://", "http://"] {
            let end = target.lowerBound + scheme.utf8CodeUnitCount
            guard end <= target.upperBound, ASCII.equal(bytes, in: target.lowerBound..<end, scheme) else {
                continue
            }
            guard let slash = bytes[end..<target.upperBound].firstIndex(of: ASCII.slash), slash > end,
                ASCII.all(bytes, in: end..<slash, are: .host)
            else { break }
            return slash..<target.upperBound
        }
        throw .malformed("the request target is not a path")
    }

    private static func escapesAreWhole(_ bytes: [UInt8], _ path: Range<Int>) -> Bool {
        for index in path where bytes[index] == ASCII.percent {
            guard index + 2 < path.upperBound, ASCII.hexadecimal(bytes[index + 1]) != nil,
                ASCII.hexadecimal(bytes[index + 2]) != nil
            else { return false }
        }
        return true
    }
}
