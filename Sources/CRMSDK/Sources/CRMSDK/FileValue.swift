/// A file in a field: what is known of it. Its bytes are the kernel's; they are sent and fetched beside the calls, by
/// `PUT` and `GET /files/{id of the record}`.
///
/// A module may read it, empty the field, and give the file of one record to another, which then has it too.
public struct FileValue: Hashable, Sendable {
    /// As its sender named it; 1 to 255 characters, no path.
    public let name: String
    /// Such as `application/pdf`; lower case, without parameters.
    public let mediaType: String
    public let byteCount: Int64
    /// Of the bytes, 64 hexadecimal digits in lower case.
    public let sha256: String

    /// - Returns: nil where a part is not what its description says.
    public init?(name: String, mediaType: String, byteCount: Int64, sha256: String) {
        let isName =
            (1...255).contains(name.unicodeScalars.count)
            && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "/" }
        let isHash = sha256.utf8.count == 64 && sha256.utf8.allSatisfy(Self.isHexadecimal)
        guard isName, isHash, byteCount >= 0, Self.isMediaType(mediaType) else { return nil }
        self.name = name
        self.mediaType = mediaType
        self.byteCount = byteCount
        self.sha256 = sha256
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// Type, slash and subtype, in the characters of RFC 6838 §4.2.
    private static func isMediaType(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: 0x2F, omittingEmptySubsequences: false)
        return parts.count == 2 && text.utf8.count <= 127
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.allSatisfy {
                        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0)
                            || "!#$&-^_.+".utf8.contains($0)
                    }
            }
    }
}

extension FileValue {
    /// As a column holds it: hash, size, media type and name, with spaces between. The name is last, since it alone may
    /// have spaces.
    public var encoded: String { "\(sha256) \(byteCount) \(mediaType) \(name)" }

    /// - Returns: nil for what `encoded` would not give.
    public init?(encoded text: String) {
        let parts = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let byteCount = Int64(parts[1]) else { return nil }
        self.init(
            name: String(parts[3]), mediaType: String(parts[2]), byteCount: byteCount,
            sha256: String(parts[0]))
    }
}

extension Value {
    public static func file(_ file: FileValue) -> Value {
        .other(ExtendedValue(kind: "file", encoded: Array(file.encoded.utf8)))
    }

    /// The file; nil if the value is none.
    public var file: FileValue? {
        guard case .other(let payload) = self, payload.kind == "file" else { return nil }
        return FileValue(encoded: String(decoding: payload.encoded, as: UTF8.self))
    }
}

extension FieldType {
    /// A file: sent and fetched beside the calls, kept by the kernel, in the record's rights and history.
    public static var file: Self { Self("file") }
}

extension FieldDefinition {
    /// A file, which cannot be mandatory: a record is there before its file is sent.
    public static func file(_ name: String, _ label: String) -> Self { Self(name, label, .file) }
}
