import CRMSDK
import Crypto
import Foundation
import Synchronization

/// Printed pages that a browser may fetch by an address alone, for ten minutes.
///
/// A link stands for a call that its maker could make: the page is printed when it is fetched, with the rights that the
/// maker has then, and not at all once the session or key has ended. Links live in memory; a restart ends them.
package final class PrintLinks: Sendable {
    /// What a link prints, and for whom.
    struct Link: Sendable {
        let parameters: StructuredValue
        /// How its maker is known.
        let token: [UInt8]?
        let door: RequestFacts.Door
        let peerUserID: UInt32
        let end: ContinuousClock.Instant
    }

    static let life = Duration.seconds(600)
    /// Live links, all together; beyond them the oldest goes.
    static let limit = 4_096

    private let links = Mutex<[SHA256Digest: Link]>([:])

    package init() {}

    /// - Returns: what stands behind `/print/`: 256 bits of chance, of which only a hash is kept.
    func make(_ parameters: StructuredValue, for request: RequestFacts) -> String {
        let name = Base64URL.encode(SecureRandom.bytes(32))
        let now = ContinuousClock.now
        let link = Link(
            parameters: parameters, token: request.token, door: request.door, peerUserID: request.peerUserID,
            end: now + Self.life)
        links.withLock { links in
            links = links.filter { $0.value.end > now }
            if links.count >= Self.limit, let oldest = links.min(by: { $0.value.end < $1.value.end }) {
                links[oldest.key] = nil
            }
            links[Self.digest(name)] = link
        }
        return name
    }

    /// Nil when there is none, or no more.
    func link(named name: [UInt8]) -> Link? {
        links.withLock { $0[SHA256.hash(name)] }.flatMap { $0.end > .now ? $0 : nil }
    }

    private static func digest(_ name: String) -> SHA256Digest { SHA256.hash(Array(name.utf8)) }
}
