import Glibc

/// The records of a CSV file behind its header, read as they are asked for. Used by one thread.
final class CSVFile {
    /// As it was given, for messages.
    let path: String
    private(set) var header: [String] = []
    private let descriptor: Int32
    private var reader: CSVReader
    private var room = [UInt8](repeating: 0, count: 64 << 10)

    /// Opens the file and reads its header.
    ///
    /// - Throws: where it cannot be read, or the header is none.
    init(path: String, delimiter: UInt8) throws(AdminError) {
        self.path = path
        reader = CSVReader(delimiter: delimiter)
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw AdminError("\"\(path)\" could not be opened: \(String(cString: strerror(errno)))")
        }
        guard let first = try next() else { throw AdminError("\"\(path)\" is empty: it has no header") }
        header = try check(first)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The next record; nil at the end.
    ///
    /// - Throws: where the rest of the file cannot be read.
    func next() throws(AdminError) -> CSVReader.Record? {
        do throws(CSVError) {
            while true {
                if let record = try reader.next() { return record }
                guard fill() else { return try reader.next() }
            }
        } catch {
            throw AdminError("\(path):\(error.line): \(error.message)")
        }
    }

    /// - Returns: false at the end of the file.
    private func fill() -> Bool {
        var count: Int
        repeat {
            count = room.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        } while count < 0 && errno == EINTR
        guard count > 0 else {
            reader.end()
            return false
        }
        reader.append(room[..<count])
        return true
    }

    private func check(_ record: CSVReader.Record) throws(AdminError) -> [String] {
        if let problem = record.problem { throw AdminError("\(path):\(record.line): the header \(problem)") }
        let names = record.fields.map(\.trimmingSpaces)
        var seen: Set<String> = []
        for (index, name) in names.enumerated() {
            guard !name.isEmpty else { throw AdminError("\(path): column \(index + 1) has no name") }
            guard seen.insert(name).inserted else {
                throw AdminError("\(path): column \"\(name)\" is there twice")
            }
        }
        return names
    }
}

extension String {
    /// Without white space at either end.
    var trimmingSpaces: String {
        var text = drop(while: \.isWhitespace)
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
