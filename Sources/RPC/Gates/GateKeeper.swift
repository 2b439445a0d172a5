package import CRMSDK
import Identity
import Synchronization

/// Holds calls of people without an account to their limits, before anything else is done for them: by address, by
/// gate, and by address at a gate. In memory, of bounded size.
package final class GateKeeper: Sendable {
    /// An address at one gate.
    private struct Visit: Hashable {
        let address: UInt128
        let gate: RecordID
    }

    private struct State {
        var looks = GateBudget<UInt128>(limit: 4_096)
        var calls = GateBudget<UInt128>(limit: 4_096)
        var visits = GateBudget<Visit>(limit: 8_192)
        var gates = GateBudget<RecordID>(limit: 4_096)
        var refused = 0
    }

    /// Pages that one address may look at.
    static let looks = GateBudget<UInt128>.Allowance(atOnce: 120, refillMilliseconds: 1_000, backsOff: false)
    /// Calls that one address may make, whatever they name.
    static let calls = GateBudget<UInt128>.Allowance(atOnce: 60, refillMilliseconds: 10_000, backsOff: true)

    private let state = Mutex(State())
    private let clock: @Sendable () -> Instant

    package init(clock: @escaping @Sendable () -> Instant) { self.clock = clock }

    /// How many calls were refused for their number since the start.
    var refused: Int { state.withLock { $0.refused } }

    /// - Throws: `tooManyRequests`.
    func admitLook(from peer: String) throws(CRMError) {
        let (address, now) = (Self.address(peer), clock())
        try admit { $0.looks.take(address, Self.looks, at: now) }
    }

    /// A call, before it is known what it names.
    ///
    /// - Throws: `tooManyRequests`.
    func admitCall(from peer: String) throws(CRMError) {
        let (address, now) = (Self.address(peer), clock())
        try admit { $0.calls.take(address, Self.calls, at: now) }
    }

    /// The same call, at the gate that it names. What one address has too many of is not counted against the gate.
    ///
    /// - Throws: `tooManyRequests`.
    func admit(from peer: String, to gate: PublicGate, _ record: Record) throws(CRMError) {
        let (visit, now) = (Visit(address: Self.address(peer), gate: record.id), clock())
        let ofAddress = record[gate.addressLimitField].integer ?? PublicGate.defaultAddressLimit
        let ofAll = record[gate.limitField].integer ?? PublicGate.defaultHourlyLimit
        try admit { state in
            state.visits.take(visit, .hourly(ofAddress, backsOff: true), at: now)
                ?? state.gates.take(record.id, .hourly(ofAll, backsOff: false), at: now)
        }
    }

    private func admit(_ take: (inout sending State) -> Int?) throws(CRMError) {
        let seconds = state.withLock { state in
            let seconds = take(&state)
            if seconds != nil { state.refused += 1 }
            return seconds
        }
        guard let seconds else { return }
        var error = CRMError(
            .tooManyRequests, "there were too many calls", hint: "Try again in \(seconds) seconds.")
        error.retryAfterSeconds = seconds
        throw error
    }

    /// Of IPv6 the network that one subscriber has. What is no address is the machine itself.
    private static func address(_ peer: String) -> UInt128 {
        IPAddress(peer: peer)?.networkOfOneSubscriber ?? 0
    }
}
