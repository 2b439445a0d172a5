import Glibc

/// The rows that were refused, as CSV: the original columns exactly as they were, then `line` and `reason`.
///
/// Made with the first row that is refused; a file that is there already is replaced then. After mending, it can be
/// imported by the same mapping: the two columns at the end are not mapped. Used by one thread.
final class RejectsFile {
    let path: String
    private let header: [String]
    private let delimiter: Character
    private var file: UnsafeMutablePointer<FILE>?
    private(set) var count = 0

    init(path: String, header: [String], delimiter: UInt8) {
        self.path = path
        self.header = header
        self.delimiter = Character(Unicode.Scalar(delimiter))
    }

    deinit { if let file { fclose(file) } }

    func append(_ record: CSVReader.Record, reason: String) throws(AdminError) {
        if file == nil {
            file = fopen(path, "we")
            guard file != nil else {
                throw AdminError("\"\(path)\" could not be written: \(String(cString: strerror(errno)))")
            }
            try write(DelimitedText.exactRecord(header + ["line", "reason"], delimiter: delimiter))
        }
        // A record with too few fields keeps its reason in the right column.
        let padding = [String](repeating: "", count: max(header.count - record.fields.count, 0))
        let cells = record.fields.prefix(header.count) + padding + [String(record.line), reason]
        try write(DelimitedText.exactRecord(Array(cells), delimiter: delimiter))
        count += 1
    }

    private func write(_ text: String) throws(AdminError) {
        guard let file, fputs(text, file) >= 0 else {
            throw AdminError("\"\(path)\" could not be written: \(String(cString: strerror(errno)))")
        }
    }

    func close() throws(AdminError) {
        guard let open = file else { return }
        file = nil
        guard fclose(open) == 0 else {
            throw AdminError("\"\(path)\" could not be written: \(String(cString: strerror(errno)))")
        }
    }
}
