import Foundation

/// Sends and fetches files of records, beside the calls. What both ways of reaching the kernel can do.
package protocol FileClient: RPCClient {
    /// Sends the bytes that `next` gives, piece by piece until an empty one.
    ///
    /// - Parameters:
    ///   - target: the record's id and perhaps a query, percent-encoded.
    ///   - sha256: of all the bytes, so that the kernel can tell whether they came whole.
    /// - Returns: the kernel's answer, JSON.
    func putFile(
        _ target: String, length: Int64, mediaType: String, sha256: [UInt8],
        next: () throws(AdminError) -> [UInt8]
    ) throws(AdminError) -> [UInt8]

    /// Fetches a file; `take` is given its head first, then its pieces.
    func getFile(
        _ target: String, begin: (FileFacts) throws(AdminError) -> Void,
        take: ([UInt8]) throws(AdminError) -> Void
    ) throws(AdminError)
}

/// What is known of a file before its bytes come.
package struct FileFacts: Equatable {
    /// As its sender named it; not to be taken for a path.
    package let name: String
    package let length: Int64
    /// Of its bytes, in hexadecimal digits; nil where the answer does not say.
    package let sha256: String?

    /// - Parameter field: looks up a field of the answer, by its name in lower case.
    init(length: Int64, field: (String) -> String?) {
        self.length = length
        sha256 = field("etag").map { $0.filter { $0 != "\"" } }
        name = Self.name(in: field("content-disposition") ?? "")
    }

    /// The extended file name (RFC 6266), which alone has all characters.
    private static func name(in disposition: String) -> String {
        guard let mark = disposition.range(of: "filename*=UTF-8''") else { return "file" }
        let encoded = disposition[mark.upperBound...].prefix { $0 != ";" }
        return encoded.removingPercentEncoding ?? "file"
    }
}

extension Conversation {
    /// The error in the answer to a file that was refused.
    static func refusal(of body: [UInt8], status: UInt16) -> AdminError {
        do throws(AdminError) {
            _ = try result(of: body)
        } catch {
            return error
        }
        return AdminError("the answer has status \(status) and no reason")
    }
}
