import CRMSDK

/// How many wrong passwords one address may send: a bucket of 50, refilled by one every 6 seconds.
///
/// Larger than a user's own allowance, since an office shares an address. In memory only, and never more than
/// `addressLimit` buckets: a full one is forgotten (no record means full), and when all are in use the one
/// nearest to full goes.
struct AddressBudget {
    static let failuresAtOnce: Int64 = 50
    static let refillMilliseconds: Int64 = 6_000
    static let addressLimit = 4_096

    /// Address → the time at which its bucket will be full again (generic cell rate algorithm: one number per bucket).
    private var fullAt: [UInt128: Int64] = [:]

    var count: Int { fullAt.count }

    /// Seconds until `address` may try again; nil if it may now.
    func retryAfterSeconds(_ address: UInt128, at now: Instant) -> Int? {
        guard let full = fullAt[address] else { return nil }
        let debt = full - now.millisecondsSince1970
        let allowance = (Self.failuresAtOnce - 1) * Self.refillMilliseconds
        return debt > allowance ? Int((debt - allowance + 999) / 1_000) : nil
    }

    mutating func recordFailure(_ address: UInt128, at now: Instant) {
        let present = now.millisecondsSince1970
        if fullAt[address] == nil, fullAt.count >= Self.addressLimit { makeRoom(at: present) }
        fullAt[address] = max(fullAt[address] ?? present, present) + Self.refillMilliseconds
    }

    private mutating func makeRoom(at present: Int64) {
        fullAt = fullAt.filter { $0.value > present }
        guard fullAt.count >= Self.addressLimit, let nearest = fullAt.min(by: { $0.value < $1.value }) else {
            return
        }
        fullAt[nearest.key] = nil
    }
}
