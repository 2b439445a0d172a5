import COpenSSL

/// Random bytes nobody can predict, from OpenSSL's generator, which the kernel of the system seeds.
package enum SecureRandom {
    /// A generator that cannot give bytes must not be worked around: the process ends.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = bytes.withUnsafeMutableBufferPointer { RAND_bytes($0.baseAddress, Int32($0.count)) }
        precondition(count == 0 || result == 1, "the system gives no random bytes")
        return bytes
    }

    /// A password of `length` characters out of 32 that are not mistaken for each other when read aloud: five
    /// bits of chance each.
    package static func password(length: Int) -> String {
        let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")
        return String(bytes(length).map { alphabet[Int($0) % alphabet.count] })
    }
}
