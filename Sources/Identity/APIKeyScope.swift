package import CRMSDK

/// What an API key may be used for: pairs of module and verb, `sales:view`, `inventory:*`, or `*` for everything.
///
/// Scopes only narrow: whatever a key may be used for, its user's rights are asked as well. A key that is narrowed
/// at all never carries an administrator's rights.
package struct APIKeyScopes: Hashable, Sendable, CustomStringConvertible {
    package static let everything = APIKeyScopes(pairs: nil)

    /// The most pairs that a key may have.
    package static let pairLimit = 100

    /// Nil for everything.
    private let pairs: [String: Verbs]?

    private enum Verbs: Hashable {
        case all
        case these(Set<String>)
    }

    private init(pairs: [String: Verbs]?) { self.pairs = pairs }

    /// - Parameter texts: `*`, or pairs of names in snake case; at least one and at most `pairLimit`.
    /// - Throws: `invalidParameters` naming the scope that is none.
    package init(_ texts: [String]) throws(CRMError) {
        guard (1...Self.pairLimit).contains(texts.count) else {
            throw CRMError(
                .invalidParameters, "an API key needs 1 to \(Self.pairLimit) scopes",
                hint: "Give pairs such as \"sales:view\", or \"*\" for everything.")
        }
        var pairs: [String: Verbs] = [:]
        for text in texts where text != "*" {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, Self.isName(parts[0]), parts[1] == "*" || Self.isName(parts[1]) else {
                throw CRMError(
                    .invalidParameters, "\"\(text.prefix(80))\" is not a scope",
                    hint: "A scope is a module and a verb, such as \"sales:view\" or \"sales:*\".")
            }
            let module = String(parts[0])
            switch pairs[module] ?? .these([]) {
            case .all: break
            case _ where parts[1] == "*": pairs[module] = .all
            case .these(let verbs): pairs[module] = .these(verbs.union([String(parts[1])]))
            }
        }
        self.pairs = texts.contains("*") ? nil : pairs
    }

    package var isEverything: Bool { pairs == nil }

    /// Whether a key of these scopes may do what `verb` means with entities and actions of `module`.
    package func permits(_ verb: AccessVerb, in module: String) -> Bool {
        guard let pairs else { return true }
        switch pairs[module] ?? .these([]) {
        case .all: return true
        case .these(let verbs): return verbs.contains(verb.name)
        }
    }

    /// Sorted, without what another scope covers: what `init` reads again.
    package var texts: [String] {
        guard let pairs else { return ["*"] }
        return pairs.flatMap { module, verbs in
            switch verbs {
            case .all: ["\(module):*"]
            case .these(let names): names.map { "\(module):\($0)" }
            }
        }.sorted()
    }

    package var description: String { texts.joined(separator: " ") }

    private static func isName(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
            }
    }
}
