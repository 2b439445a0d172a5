import COpenSSL
import Crypto
import Glibc

/// Makes a key and a certificate that vouches for itself, so that TLS works before anybody has bought or issued one.
///
/// Meant for loopback: clients must be given the certificate to trust it.
package enum SelfSignedCertificate {
    /// Makes a P-256 key and a certificate signed with it, and writes both, replacing what is there.
    ///
    /// The key is written first, mode 0600; the certificate 0644.
    /// - Parameters:
    ///   - dnsNames: host names without "*" rules of their own; letters, digits, ".", "-" and "*" only.
    ///   - ipAddresses: as text, such as "127.0.0.1" or "::1".
    package static func make(
        commonName: String = "localhost", dnsNames: [String] = ["localhost"],
        ipAddresses: [String] = ["127.0.0.1", "::1"], days: Int = 365, certificatePath: String,
        keyPath: String
    ) throws(TLSError) {
        ErrorQueue.clear()
        guard let key = copenssl_generate_p256() else { throw failure("generate a key") }
        defer { EVP_PKEY_free(key) }
        guard let raw = X509_new() else { throw failure("make a certificate") }
        let certificate = Certificate(owning: raw)
        let names = try alternativeNames(dnsNames, ipAddresses)
        try fill(certificate, commonName: commonName, names: names, days: days, key: key)
        guard X509_sign(raw, key, EVP_sha256()) > 0 else { throw failure("sign a certificate") }
        let keyText = OpaquePointer.writtenBytes { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
        let certificateText = OpaquePointer.writtenBytes { PEM_write_bio_X509($0, raw) }
        guard let keyText, let certificateText else { throw failure("write a certificate") }
        try PEMFile.write(keyText, to: keyPath, mode: 0o600)
        try PEMFile.write(certificateText, to: certificatePath, mode: 0o644)
    }

    private static func fill(
        _ certificate: Certificate, commonName: String, names: String, days: Int, key: OpaquePointer
    ) throws(TLSError) {
        let raw = certificate.raw
        let subject = X509_get_subject_name(raw)
        var serial = SecureRandom.bytes(16)
        serial[0] &= 0x7F
        let number = BN_bin2bn(serial, Int32(serial.count), nil)
        defer { BN_free(number) }
        let extensions: [(Int32, String)] = [
            (NID_basic_constraints, "critical,CA:FALSE"),
            (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, "serverAuth"),
            (NID_subject_key_identifier, "hash"),
            (NID_subject_alt_name, names),
        ]
        guard X509_set_version(raw, 2) == 1,
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(raw)) != nil,
            // A clock that is a little behind ours must not find the certificate too young.
            X509_gmtime_adj(X509_getm_notBefore(raw), -3_600) != nil,
            X509_time_adj_ex(X509_getm_notAfter(raw), Int32(days), 0, nil) != nil,
            X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, commonName, -1, -1, 0) == 1,
            X509_set_issuer_name(raw, subject) == 1,
            X509_set_pubkey(raw, key) == 1,
            extensions.allSatisfy({ copenssl_add_extension(raw, $0.0, $0.1) == 1 })
        else { throw failure("make a certificate") }
    }

    /// The text that OpenSSL makes the extension of; names are checked, since a comma would begin another entry.
    private static func alternativeNames(
        _ dnsNames: [String], _ ipAddresses: [String]
    ) throws(TLSError) -> String {
        let isName = { (name: String) in
            !name.isEmpty
                && name.utf8.allSatisfy {
                    $0 < 0x80 && ($0 == 0x2E || $0 == 0x2D || $0 == 0x2A || isalnum(Int32($0)) != 0)
                }
        }
        let isAddress = { (address: String) in
            !address.isEmpty
                && address.utf8.allSatisfy { $0 == 0x2E || $0 == 0x3A || isxdigit(Int32($0)) != 0 }
        }
        guard dnsNames.allSatisfy(isName), ipAddresses.allSatisfy(isAddress),
            !(dnsNames + ipAddresses).isEmpty
        else {
            throw TLSError(.file, "a certificate needs host names or addresses")
        }
        return (dnsNames.map { "DNS:\($0)" } + ipAddresses.map { "IP:\($0)" }).joined(separator: ",")
    }

    private static func failure(_ operation: String) -> TLSError {
        TLSError(.file, "could not \(operation): \(ErrorQueue.drain() ?? "no reason given")")
    }
}
