package import JSON

/// Whoever answers JSON-RPC calls: the kernel's socket, an endpoint over TLS, or a fake in a test.
///
/// A call is sent, and its answer fetched by the ticket, so that several may be under way; a client that cannot do
/// that answers while it sends. Used by one thread.
package protocol RPCClient: AnyObject {
    /// Where calls go, as the prompt shows it.
    var place: String { get }

    /// - Parameter params: a JSON object.
    func send(_ method: String, _ params: [UInt8]) throws(AdminError) -> CallTicket

    /// The call's `result`.
    ///
    /// - Throws: what the kernel answered instead, or why there is no answer.
    func answer(to ticket: CallTicket) throws(AdminError) -> JSONNode
}

/// Names one call that was sent.
package struct CallTicket: Hashable, Sendable {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }
}

extension RPCClient {
    /// Sends a call and waits for its answer.
    package func call(_ method: String, _ params: Parameters = Parameters()) throws(AdminError) -> JSONNode {
        try answer(to: try send(method, params.bytes))
    }
}
