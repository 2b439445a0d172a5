/// Why a file cannot be read any further, and in which line.
package struct CSVError: Error, Equatable, Sendable {
    package let line: Int
    /// One line, lower case, no full stop.
    package let message: String

    package init(line: Int, message: String) {
        self.line = line
        self.message = message
    }
}

/// Reads CSV as it comes (RFC 4180): quotes, line breaks within quotes, CR LF, LF or CR, a byte order mark.
///
/// Pure: bytes are put in, records taken out, at any split. A record that is broken by itself (not UTF-8, a quote where
/// none may stand) comes out with its problem, and reading goes on; what makes the rest of the file doubtful (a field
/// over the limit, a quote that is never closed) is thrown. Blank lines are passed over. Cost: one step a byte.
package struct CSVReader: Sendable {
    package struct Limits: Sendable {
        /// Bytes of one field.
        package var fieldBytes = 1 << 20
        /// Bytes of one record.
        package var recordBytes = 4 << 20
        /// Fields of one record.
        package var fields = 2_000

        package init() {}
    }

    package struct Record: Equatable, Sendable {
        /// Of its first character; the first line of the file is 1.
        package let line: Int
        package let fields: [String]
        /// Why the record cannot be trusted; nil where it can.
        package let problem: String?
    }

    private enum State: Sendable {
        /// Nothing of the record has come.
        case start
        /// Behind a delimiter.
        case fieldStart
        case unquoted
        case quoted
        /// Behind a quote within quotes: the end of the field, or the first of two.
        case quote
    }

    private let delimiter: UInt8
    private let limits: Limits
    private var input: [UInt8] = []
    private var position = 0
    private var hasEnded = false
    /// Bytes of the byte order mark that have come; nil when it is behind us.
    private var markBytes: Int? = 0

    private var state = State.start
    private var line = 1
    private var recordLine = 1
    private var quoteLine = 1
    private var isBehindReturn = false
    private var field: [UInt8] = []
    private var fields: [String] = []
    private var recordBytes = 0
    private var problem: String?

    package init(delimiter: UInt8 = UInt8(ascii: ","), limits: Limits = Limits()) {
        self.delimiter = delimiter
        self.limits = limits
    }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        if position == input.count {
            input.removeAll(keepingCapacity: true)
            position = 0
        }
        input.append(contentsOf: bytes)
    }

    /// No more bytes will come.
    package mutating func end() { hasEnded = true }

    /// The next record; nil when more bytes are needed, or, after `end`, when there is none.
    package mutating func next() throws(CSVError) -> Record? {
        while position < input.count {
            let byte = input[position]
            position += 1
            if let record = try take(byte) { return record }
        }
        return hasEnded ? try finish() : nil
    }

    private mutating func take(_ byte: UInt8) throws(CSVError) -> Record? {
        if let matched = markBytes {
            if byte == Self.mark[matched] {
                markBytes = matched + 1 == Self.mark.count ? nil : matched + 1
                return nil
            }
            markBytes = nil
            guard matched == 0 else { throw CSVError(line: 1, message: "the file is not UTF-8 text") }
            guard byte != 0xFE, byte != 0xFF else {
                throw CSVError(line: 1, message: "the file is UTF-16; save it as UTF-8")
            }
        }
        if isBehindReturn {
            isBehindReturn = false
            if byte == Self.lineFeed { return nil }
        }
        return try step(byte)
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let quoteMark = UInt8(ascii: "\"")

    private mutating func step(_ byte: UInt8) throws(CSVError) -> Record? {
        let isLineEnd = byte == Self.lineFeed || byte == Self.carriageReturn
        switch state {
        case .quoted:
            if byte == Self.quoteMark {
                state = .quote
            } else {
                // CR LF counts once, by its LF.
                if byte == Self.lineFeed { line += 1 }
                try keep(byte)
            }
            return nil
        case .quote where byte == Self.quoteMark:
            state = .quoted
            try keep(byte)
            return nil
        case .start, .fieldStart:
            if state == .start { recordLine = line }
            if byte == Self.quoteMark {
                state = .quoted
                quoteLine = line
                return nil
            }
        case .unquoted, .quote: break
        }
        if isLineEnd { return try endRecord(byte) }
        if byte == delimiter {
            try endField()
            state = .fieldStart
            return nil
        }
        if state == .quote { note("has text behind the closing quote of field \(fields.count + 1)") }
        if state == .unquoted, byte == Self.quoteMark {
            note("has a quote within field \(fields.count + 1), which is not quoted")
        }
        state = .unquoted
        try keep(byte)
        return nil
    }

    private mutating func keep(_ byte: UInt8) throws(CSVError) {
        guard field.count < limits.fieldBytes else {
            let hint = state == .quoted ? "; is the quote in line \(quoteLine) not closed?" : ""
            throw CSVError(
                line: recordLine,
                message: "field \(fields.count + 1) is longer than \(limits.fieldBytes) bytes\(hint)")
        }
        recordBytes += 1
        guard recordBytes <= limits.recordBytes else {
            throw CSVError(line: recordLine, message: "the record is longer than \(limits.recordBytes) bytes")
        }
        field.append(byte)
    }

    private mutating func note(_ what: String) { problem = problem ?? what }

    private mutating func endField() throws(CSVError) {
        guard fields.count < limits.fields else {
            throw CSVError(line: recordLine, message: "the record has more than \(limits.fields) fields")
        }
        if field.contains(0) { note("has a zero byte in field \(fields.count + 1)") }
        if let text = String(validating: field, as: UTF8.self) {
            fields.append(text)
        } else {
            note("is not UTF-8 in field \(fields.count + 1)")
            fields.append(String(decoding: field, as: UTF8.self))
        }
        field.removeAll(keepingCapacity: true)
    }

    private mutating func endRecord(_ byte: UInt8) throws(CSVError) -> Record? {
        isBehindReturn = byte == Self.carriageReturn
        defer { line += 1 }
        guard state != .start else { return nil }
        return try closeRecord()
    }

    private mutating func closeRecord() throws(CSVError) -> Record {
        try endField()
        defer {
            fields = []
            problem = nil
            recordBytes = 0
            state = .start
        }
        return Record(line: recordLine, fields: fields, problem: problem)
    }

    private mutating func finish() throws(CSVError) -> Record? {
        if let matched = markBytes, matched > 0 {
            throw CSVError(line: 1, message: "the file is not UTF-8 text")
        }
        switch state {
        case .start: return nil
        case .quoted: throw CSVError(line: quoteLine, message: "a quote is opened here and never closed")
        case .fieldStart, .unquoted, .quote: return try closeRecord()
        }
    }
}
