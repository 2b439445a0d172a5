/// Writes responses onto the end of a buffer of outgoing bytes.
///
/// What is the same on every answer is rendered once; the Date field once a second. Every answer says how long it is,
/// so that the connection can go on after it; one without keep-alive says `Connection: close`.
package struct HTTPResponseWriter: Sendable {
    /// What differs from answer to answer, besides status and body.
    package struct Options: Sendable {
        /// The media type of the body; nil where there is none.
        package var contentType: StaticString?
        package var requestID = ""
        /// Answer a HEAD request: the same fields, no body.
        package var omitsBody = false
        package var keepsAlive = true
        /// Seconds; zero for none.
        package var retryAfterSeconds: UInt16 = 0
        /// The Allow field of a 405.
        package var allow: StaticString?
        /// The Content-Security-Policy, where another than "nothing at all" holds.
        package var contentSecurityPolicy: StaticString?
        /// The same where it is known only when the answer is; must be fit for a head.
        package var policy: String?

        /// Fields that are known only when the answer is; names and values must be fit for a head.
        package var fields: [(name: String, value: String)] = []

        package init(contentType: StaticString? = nil) { self.contentType = contentType }
    }

    /// On every answer: nothing is stored, sniffed, framed or referred; the next visit is by TLS too.
    private static let fixedFields: StaticString = """
        Cache-Control: no-store\r
        X-Content-Type-Options: nosniff\r
        Strict-Transport-Security: max-age=63072000\r
        Referrer-Policy: no-referrer\r

        """
    private static let nothingAllowed: StaticString = "default-src 'none'; frame-ancestors 'none'"

    private var date: [UInt8] = []
    private var dateSecond = Int64.min

    package init() {}

    /// Appends one response.
    ///
    /// - Parameter now: seconds since 1970 by the wall clock, for the Date field.
    package mutating func write(
        status: UInt16, body: ArraySlice<UInt8>, options: Options, now: Int64, into buffer: inout [UInt8]
    ) {
        writeHead(status: status, length: body.count, options: options, now: now, into: &buffer)
        if !options.omitsBody, status != 204 { buffer.append(contentsOf: body) }
    }

    /// Appends a response up to its body, whose bytes the caller appends as they come.
    package mutating func writeHead(
        status: UInt16, length: Int, options: Options, now: Int64, into buffer: inout [UInt8]
    ) {
        buffer.append("HTTP/1.1 ")
        buffer.append(Self.statusText(status))
        buffer.append("\r\nDate: ")
        if now != dateSecond {
            date = HTTPDate.render(now)
            dateSecond = now
        }
        buffer.append(contentsOf: date)
        buffer.append("\r\n")
        if let type = options.contentType { buffer.append(field: "Content-Type: ", type) }
        buffer.append(Self.fixedFields)
        if let policy = options.policy {
            buffer.append(contentsOf: "Content-Security-Policy: \(policy)\r\n".utf8)
        } else {
            buffer.append(
                field: "Content-Security-Policy: ", options.contentSecurityPolicy ?? Self.nothingAllowed)
        }
        if !options.requestID.isEmpty {
            buffer.append("X-Request-Id: ")
            buffer.append(contentsOf: options.requestID.utf8)
            buffer.append("\r\n")
        }
        // RFC 9110 §15.5.2: a 401 names the scheme that would help.
        if status == 401 { buffer.append("WWW-Authenticate: Bearer\r\n") }
        if options.retryAfterSeconds > 0 {
            buffer.append("Retry-After: ")
            buffer.append(decimal: Int(options.retryAfterSeconds))
            buffer.append("\r\n")
        }
        if let allow = options.allow { buffer.append(field: "Allow: ", allow) }
        if status != 204 {
            buffer.append("Content-Length: ")
            buffer.append(decimal: length)
            buffer.append("\r\n")
        }
        for field in options.fields {
            buffer.append(contentsOf: "\(field.name): \(field.value)\r\n".utf8)
        }
        if !options.keepsAlive { buffer.append("Connection: close\r\n") }
        buffer.append("\r\n")
    }

    /// The interim answer to `Expect: 100-continue`.
    package static func writeContinue(into buffer: inout [UInt8]) {
        buffer.append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    /// Number and phrase of the statuses that we answer with; the number alone for any other.
    private static func statusText(_ status: UInt16) -> StaticString {
        switch status {
        case 200: "200 OK"
        case 204: "204 No Content"
        case 206: "206 Partial Content"
        case 303: "303 See Other"
        case 400: "400 Bad Request"
        case 401: "401 Unauthorized"
        case 403: "403 Forbidden"
        case 404: "404 Not Found"
        case 405: "405 Method Not Allowed"
        case 408: "408 Request Timeout"
        case 409: "409 Conflict"
        case 411: "411 Length Required"
        case 413: "413 Content Too Large"
        case 414: "414 URI Too Long"
        case 415: "415 Unsupported Media Type"
        case 416: "416 Range Not Satisfiable"
        case 417: "417 Expectation Failed"
        case 422: "422 Unprocessable Content"
        case 429: "429 Too Many Requests"
        case 431: "431 Request Header Fields Too Large"
        case 503: "503 Service Unavailable"
        case 505: "505 HTTP Version Not Supported"
        default: "500 Internal Server Error"
        }
    }
}

/// The one date format that is sent: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// - Parameter seconds: since 1970-01-01T00:00:00Z, without leap seconds.
    static func render(_ seconds: Int64) -> [UInt8] {
        let day = Int(seconds.flooredDivision(by: 86_400))
        let second = Int(seconds) - day * 86_400
        let (year, month, dayOfMonth) = civil(day)
        var text = Array("\(days[((day % 7) + 7) % 7]), ".utf8)
        text.append(decimal: dayOfMonth, digits: 2)
        text.append(contentsOf: " \(months[month - 1]) ".utf8)
        text.append(decimal: year, digits: 4)
        text.append(" ")
        text.append(decimal: second / 3_600, digits: 2)
        text.append(":")
        text.append(decimal: second / 60 % 60, digits: 2)
        text.append(":")
        text.append(decimal: second % 60, digits: 2)
        text.append(" GMT")
        return text
    }

    /// The date of a day since 1970, in eras of 400 years that begin on 1 March
    /// (howardhinnant.github.io/date_algorithms.html, civil_from_days).
    private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = Int(Int64(shifted).flooredDivision(by: 146_097))
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

extension [UInt8] {
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    fileprivate mutating func append(field name: StaticString, _ value: StaticString) {
        append(name)
        append(value)
        append("\r\n")
    }

    /// Appends a number that is not negative, with zeros before it up to `digits`.
    fileprivate mutating func append(decimal value: Int, digits: Int = 1) {
        var divisor = 1
        var count = 1
        while count < digits || value / divisor >= 10 {
            divisor *= 10
            count += 1
        }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}
