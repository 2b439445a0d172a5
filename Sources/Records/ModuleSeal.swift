import Crypto

/// Texts that modules give out and know again: the text, a point, and a MAC over the module's name and the text.
struct ModuleSeal: Sendable {
    private static let macLength = 20
    private let key: [UInt8]

    /// - Parameter key: the installation's secret, which other things are sealed with too: this one is derived from it.
    init(key: [UInt8]) {
        self.key = HMACSHA256.authenticate(message: Array("seals of modules".utf8), key: key).bytes
    }

    func seal(_ text: String, for module: String) -> String {
        "\(text).\(Base64URL.encode(mac(text, module)))"
    }

    /// Nil for what `seal` has not given to this module.
    func open(_ sealed: String, for module: String) -> String? {
        guard let point = sealed.lastIndex(of: "."),
            let mac = Base64URL.decode(String(sealed[sealed.index(after: point)...])),
            mac.count == Self.macLength
        else { return nil }
        let text = String(sealed[..<point])
        return constantTimeEquals(mac, self.mac(text, module)) ? text : nil
    }

    /// A module's name has no zero byte in it, so that names and texts cannot run into each other.
    private func mac(_ text: String, _ module: String) -> [UInt8] {
        let message = Array(module.utf8) + [0] + Array(text.utf8)
        return Array(HMACSHA256.authenticate(message: message, key: key).bytes.prefix(Self.macLength))
    }
}
