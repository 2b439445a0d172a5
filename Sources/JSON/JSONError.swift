/// Why a text is not JSON that we accept, and where.
package struct JSONError: Error, Equatable, Sendable {
    /// One line, lower case, no full stop: `duplicate name "id"`. Quotes at most 40 characters of the source.
    package let message: String
    /// Byte offset of the first byte that could not be accepted.
    package let offset: Int

    package init(message: String, offset: Int) {
        self.message = message
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    package var description: String { "\(message) at byte \(offset)" }
}
