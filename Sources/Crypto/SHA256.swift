import COpenSSL
import Glibc

/// The 32 bytes of a SHA-256, stored inline: no allocation to keep, compare or hash one.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    package static let byteCount = 32

    /// The digest's bytes, eight to a word, first byte most significant.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// - Returns: nil unless there are exactly 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == SHA256Digest.byteCount else { return nil }
        var iterator = bytes.makeIterator()
        func word() -> UInt64 {
            var word: UInt64 = 0
            for _ in 0..<8 { word = word << 8 | UInt64(iterator.next() ?? 0) }
            return word
        }
        words = (word(), word(), word(), word())
    }

    /// - Returns: nil unless there are exactly 64 hexadecimal digits.
    package init?(hex: String) {
        guard let bytes = Hexadecimal.decode(hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// From OpenSSL's own memory.
    fileprivate init(_ raw: UnsafeRawBufferPointer) {
        words = (
            raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self).bigEndian,
            raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian,
            raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self).bigEndian,
            raw.loadUnaligned(fromByteOffset: 24, as: UInt64.self).bigEndian
        )
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(SHA256Digest.byteCount)
        append(to: &bytes)
        return bytes
    }

    package func append(to bytes: inout [UInt8]) {
        withUnsafeBytes(
            of: (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
        ) { bytes.append(contentsOf: $0) }
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { Hexadecimal.encode(bytes) }
    package var description: String { hex }

    package static func == (left: SHA256Digest, right: SHA256Digest) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

/// SHA-256 (FIPS 180-4), in one piece or piece by piece:
/// `var hash = SHA256(); hash.update(part); let digest = hash.finalize()`.
///
/// Each thread keeps one of the library's contexts for the calls in one piece, since making one costs more than
/// hashing the few hundred bytes of a log entry.
package struct SHA256: ~Copyable {
    private let context: OpaquePointer

    package init() {
        context = DigestContext.make()
        DigestContext.start(context)
    }

    deinit { EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: [UInt8]) { DigestContext.update(context, bytes.span.bytes) }
    package mutating func update(_ bytes: ArraySlice<UInt8>) {
        DigestContext.update(context, bytes.span.bytes)
    }

    /// The digest of everything given so far; the hash itself is used up.
    package consuming func finalize() -> SHA256Digest { DigestContext.finish(context) }

    /// The digest of `bytes`.
    package static func hash(_ bytes: [UInt8]) -> SHA256Digest {
        let context = DigestContext.ofThisThread
        DigestContext.start(context)
        DigestContext.update(context, bytes.span.bytes)
        return DigestContext.finish(context)
    }

    /// The digest of `first` followed by `second`, without joining them.
    package static func hash(_ first: [UInt8], _ second: [UInt8]) -> SHA256Digest {
        let context = DigestContext.ofThisThread
        DigestContext.start(context)
        DigestContext.update(context, first.span.bytes)
        DigestContext.update(context, second.span.bytes)
        return DigestContext.finish(context)
    }
}

/// OpenSSL's digest context. SHA-256 over memory cannot fail once the library has an algorithm and memory; where
/// it does, the process is beyond repair, and going on would store wrong hashes: hence the preconditions.
private enum DigestContext {
    // An EVP_MD is immutable after it was fetched and may be used by all threads (EVP_MD_fetch(3)).
    nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

    private final class Owner {
        let context = DigestContext.make()
        deinit { EVP_MD_CTX_free(context) }
    }

    /// The slot of each thread's own context; freed by the system when the thread ends.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let result = pthread_key_create(&key) { owner in
            guard let owner else { return }
            Unmanaged<Owner>.fromOpaque(owner).release()
        }
        precondition(result == 0, "the system has no thread-specific slot left")
        return key
    }()

    static var ofThisThread: OpaquePointer {
        if let owner = pthread_getspecific(key) {
            return Unmanaged<Owner>.fromOpaque(owner).takeUnretainedValue().context
        }
        let owner = Owner()
        pthread_setspecific(key, Unmanaged.passRetained(owner).toOpaque())
        return owner.context
    }

    static func make() -> OpaquePointer {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("no memory for a digest") }
        return context
    }

    static func start(_ context: OpaquePointer) {
        precondition(EVP_DigestInit_ex(context, algorithm, nil) == 1, "the library has no SHA-256")
    }

    static func update(_ context: OpaquePointer, _ bytes: RawSpan) {
        let result = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(result == 1, "SHA-256 could not be continued")
    }

    static func finish(_ context: OpaquePointer) -> SHA256Digest {
        withUnsafeTemporaryAllocation(byteCount: SHA256Digest.byteCount, alignment: 8) { buffer in
            let result = EVP_DigestFinal_ex(
                context, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
            precondition(result == 1, "SHA-256 could not be finished")
            return SHA256Digest(UnsafeRawBufferPointer(buffer))
        }
    }
}
