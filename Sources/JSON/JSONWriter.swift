/// Appends JSON to one byte array: no tree, no intermediate strings.
///
/// `beginObject`, then `key` and a value for each member, `endObject`; arrays likewise. Commas are the writer's:
/// whether one is due before the next value or key depends only on what was written last, so one flag does where
/// a stack of levels seems needed. Pairing of begin and end, and of keys and values, is the caller's duty.
/// What leaves is always valid UTF-8, whatever `string(utf8:)` is given. A value half written can be taken back:
/// `let mark = writer.mark` … `writer.truncate(to: mark)`.
package struct JSONWriter: Sendable {
    @usableFromInline var buffer: [UInt8]
    @usableFromInline var needsComma = false

    /// What has been written so far.
    @inlinable package var bytes: [UInt8] { buffer }
    @inlinable package var count: Int { buffer.count }

    package init(reservingCapacity bytes: Int = 512) {
        buffer = []
        buffer.reserveCapacity(bytes)
    }

    /// Continues in an array that the caller gives up, after what it holds.
    package init(appendingTo bytes: consuming [UInt8]) {
        buffer = bytes
    }

    /// Gives the bytes up without a copy.
    package consuming func finish() -> [UInt8] { buffer }

    // MARK: Structure

    @inlinable package mutating func beginObject() { open(UInt8(ascii: "{")) }
    @inlinable package mutating func endObject() { close(UInt8(ascii: "}")) }
    @inlinable package mutating func beginArray() { open(UInt8(ascii: "[")) }
    @inlinable package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// A name known to be plain ASCII without quote or backslash.
    @inlinable package mutating func key(_ name: StaticString) {
        separate()
        buffer.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { buffer.append(contentsOf: $0) }
        buffer.append(UInt8(ascii: "\""))
        buffer.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func key(_ name: String) {
        string(name)
        buffer.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A name that was encoded beforehand: `"name":`, quotes and colon included.
    @inlinable package mutating func rawKey(_ encoded: [UInt8]) {
        separate()
        buffer.append(contentsOf: encoded)
        needsComma = false
    }

    /// The bytes that `rawKey` wants.
    package static func encodedKey(_ name: String) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: name.utf8.count + 3)
        writer.key(name)
        return writer.finish()
    }

    @inlinable mutating func separate() {
        if needsComma { buffer.append(UInt8(ascii: ",")) }
    }

    @inlinable mutating func open(_ bracket: UInt8) {
        separate()
        buffer.append(bracket)
        needsComma = false
    }

    @inlinable mutating func close(_ bracket: UInt8) {
        buffer.append(bracket)
        needsComma = true
    }

    // MARK: Taking back

    /// A place to return to; good only for the writer that gave it, and only while nothing before it was cut.
    package struct Mark: Sendable {
        fileprivate let count: Int
        fileprivate let needsComma: Bool
    }

    package var mark: Mark { Mark(count: buffer.count, needsComma: needsComma) }

    /// Forgets everything written since `mark`, as if it had never been.
    package mutating func truncate(to mark: Mark) {
        buffer.removeLast(buffer.count - mark.count)
        needsComma = mark.needsComma
    }

    /// Starts over, keeping the memory.
    package mutating func reset() {
        buffer.removeAll(keepingCapacity: true)
        needsComma = false
    }
}
