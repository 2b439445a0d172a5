import Foundation

/// The digest of a file as an HTTP field (RFC 9530).
enum FileDigest {
    static func field(_ sha256: [UInt8]) -> String {
        "sha-256=:\(Data(sha256).base64EncodedString()):"
    }
}
