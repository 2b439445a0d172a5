/// Finds sections of a 64-bit little-endian ELF file from its bytes alone. The bytes are hostile: every offset is
/// checked before it is followed, nothing is allocated by a size that the file states, and all work is bounded by
/// the number of section headers (at most 65,279).
///
/// Source: System V ABI, "Object Files" (gabi 4.1), ELF-64 Object File Format 1.5.
struct ELFImage {
    enum Problem: Error, Equatable {
        case notELF
        /// Another word size, byte order, processor, or no shared library.
        case foreign
        /// An offset or a size points out of the file.
        case truncated
        case noSection
        case severalSections
    }

    private let bytes: [UInt8]
    private let headersOffset: Int
    private let headerCount: Int
    private let names: Range<Int>

    /// Checks the file header and the section headers' place.
    init(_ bytes: [UInt8]) throws(Problem) {
        guard bytes.count >= 4, bytes[0..<4] == [0x7F, 0x45, 0x4C, 0x46] else { throw .notELF }
        guard bytes.count >= Layout.headerSize else { throw .truncated }
        guard bytes[4] == Layout.class64, bytes[5] == Layout.littleEndian,
            bytes.integer(at: 16, as: UInt16.self) == Layout.sharedObject,
            bytes.integer(at: 18, as: UInt16.self) == Layout.machine
        else { throw .foreign }
        guard bytes.integer(at: 58, as: UInt16.self) == UInt16(Layout.sectionHeaderSize),
            let offset = bytes.integer(at: 40, as: UInt64.self).flatMap({ Int(exactly: $0) }),
            let count = bytes.integer(at: 60, as: UInt16.self).map(Int.init), count > 0,
            let nameIndex = bytes.integer(at: 62, as: UInt16.self).map(Int.init), nameIndex < count,
            offset <= bytes.count, count * Layout.sectionHeaderSize <= bytes.count - offset
        else { throw .truncated }
        self.bytes = bytes
        headersOffset = offset
        headerCount = count
        guard let names = Self.contents(at: offset + nameIndex * Layout.sectionHeaderSize, in: bytes) else {
            throw .truncated
        }
        self.names = names
    }

    /// The bytes of the one section of that name.
    func section(named name: String) throws(Problem) -> ArraySlice<UInt8> {
        let wanted = Array(name.utf8) + [0]
        var found: Range<Int>?
        for index in 0..<headerCount {
            let header = headersOffset + index * Layout.sectionHeaderSize
            guard let nameOffset = bytes.integer(at: header, as: UInt32.self).map(Int.init),
                nameOffset <= names.count, wanted.count <= names.count - nameOffset,
                bytes[names.lowerBound + nameOffset..<names.lowerBound + nameOffset + wanted.count]
                    .elementsEqual(wanted)
            else { continue }
            guard found == nil else { throw .severalSections }
            guard let contents = Self.contents(at: header, in: bytes) else { throw .truncated }
            found = contents
        }
        guard let found else { throw .noSection }
        return bytes[found]
    }

    /// Where the contents of the section with that header lie; nil when they are not all in the file.
    private static func contents(at header: Int, in bytes: [UInt8]) -> Range<Int>? {
        guard bytes.integer(at: header + 4, as: UInt32.self) != Layout.withoutContents,
            let offset = bytes.integer(at: header + 24, as: UInt64.self).flatMap({ Int(exactly: $0) }),
            let size = bytes.integer(at: header + 32, as: UInt64.self).flatMap({ Int(exactly: $0) }),
            offset <= bytes.count, size <= bytes.count - offset
        else { return nil }
        return offset..<offset + size
    }

    private enum Layout {
        static let headerSize = 64
        static let sectionHeaderSize = 64
        /// ELFCLASS64, ELFDATA2LSB, ET_DYN, SHT_NOBITS.
        static let class64: UInt8 = 2
        static let littleEndian: UInt8 = 1
        static let sharedObject: UInt16 = 3
        static let withoutContents: UInt32 = 8
        /// EM_X86_64 or EM_AARCH64: the processor that this kernel was built for.
        #if arch(x86_64)
            static let machine: UInt16 = 62
        #elseif arch(arm64)
            static let machine: UInt16 = 183
        #endif
    }
}

extension RandomAccessCollection where Element == UInt8, Index == Int {
    /// The little-endian integer `offset` bytes from the start; nil when it is not all there.
    func integer<Integer: FixedWidthInteger>(at offset: Int, as type: Integer.Type) -> Integer? {
        let width = Integer.bitWidth / 8
        guard offset >= 0, count >= width, offset <= count - width else { return nil }
        var result: Integer = 0
        for index in (0..<width).reversed() {
            result = result << 8 | Integer(truncatingIfNeeded: self[startIndex + offset + index])
        }
        return result
    }
}
