import COpenSSL
import Crypto
import Glibc

/// An X.509 certificate, to be looked at.
package final class Certificate {
    let raw: OpaquePointer

    /// Takes over one reference.
    init(owning raw: OpaquePointer) { self.raw = raw }

    deinit { X509_free(raw) }

    /// The first certificate of a PEM file.
    package convenience init(path: String) throws(TLSError) {
        let bytes = try PEMFile.read(path, secrecy: .anyone)
        ErrorQueue.clear()
        let raw = try OpaquePointer.withReader(of: bytes) { reader throws(TLSError) in
            guard let raw = PEM_read_bio_X509_AUX(reader, nil, nil, nil) else {
                ErrorQueue.clear()
                throw TLSError(.file, "\"\(path)\" has no certificate in PEM form")
            }
            return raw
        }
        self.init(owning: raw)
    }

    /// SHA-256 of the certificate, as people compare it: "9F:86:D0:…".
    package var fingerprint: String {
        var buffer: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509(raw, &buffer)
        guard count > 0, let buffer else { return "" }
        defer { CRYPTO_free(buffer, nil, 0) }
        let digest = SHA256.hash(Array(UnsafeBufferPointer(start: buffer, count: Int(count))))
        return digest.bytes.map { Hexadecimal.encode([$0]).uppercased() }.joined(separator: ":")
    }

    /// The last second of its validity, in seconds since 1970.
    package var notAfterSeconds: Int64 {
        var time = tm()
        guard ASN1_TIME_to_tm(X509_get0_notAfter(raw), &time) == 1 else { return 0 }
        return Int64(timegm(&time))
    }

    /// Whether its subject signed it itself.
    package var isSelfSigned: Bool { X509_self_signed(raw, 0) == 1 }

    /// Whether it is good for this host name or address.
    package func matches(host: String) -> Bool {
        X509_check_ip_asc(raw, host, 0) == 1 || X509_check_host(raw, host, host.utf8.count, 0, nil) == 1
    }
}
