import CRMSDK

/// How many calls somebody may make in a time: so many at once, and then one by one as their time comes back.
///
/// Whoever goes over it waits, a minute the first time and twice as long each further time, up to an hour, where the
/// allowance says so. In memory only and never more than `limit` entries: one that is full again and has no wait before
/// it is forgotten, and when all are in use those nearest to that go, an eighth of them, so that whoever comes with
/// ever new keys does not make each call look at them all.
struct GateBudget<Key: Hashable & Sendable>: Sendable {
    struct Allowance: Sendable {
        let atOnce: Int64
        /// Until one call has come back.
        let refillMilliseconds: Int64
        let backsOff: Bool

        /// So many an hour, and all of them at once.
        static func hourly(_ calls: Int64, backsOff: Bool) -> Self {
            let calls = min(max(calls, 1), 1_000_000)
            return Self(
                atOnce: calls, refillMilliseconds: max(1, 3_600_000 / calls), backsOff: backsOff)
        }
    }

    private struct Entry: Sendable {
        /// When all calls have come back (generic cell rate algorithm: one number per bucket).
        var fullAt: Int64
        var closedUntil: Int64 = 0
        /// How often it went over.
        var times: Int64 = 0

        var isForgottenAt: Int64 {
            max(fullAt, closedUntil + (times > 0 ? GateBudget.memoryMilliseconds : 0))
        }
    }

    static var firstWaitMilliseconds: Int64 { 60_000 }
    static var longestWaitMilliseconds: Int64 { 3_600_000 }
    /// For how long after a wait the next one is longer.
    static var memoryMilliseconds: Int64 { 3_600_000 }

    let limit: Int
    private var entries: [Key: Entry] = [:]

    init(limit: Int) { self.limit = limit }

    var count: Int { entries.count }

    /// Takes one call.
    ///
    /// - Returns: nil where it may be made, else the seconds until one may.
    mutating func take(_ key: Key, _ allowance: Allowance, at now: Instant) -> Int? {
        let present = now.millisecondsSince1970
        if entries[key] == nil, entries.count >= limit { makeRoom(at: present) }
        var entry = entries[key] ?? Entry(fullAt: present)
        if entry.isForgottenAt <= present { entry = Entry(fullAt: present) }
        defer { entries[key] = entry }
        // A clock set back must not keep anybody out: nobody owes more than all calls, or waits longer than the
        // longest.
        if entry.closedUntil - present > Self.longestWaitMilliseconds
            || entry.fullAt - present > allowance.atOnce * allowance.refillMilliseconds
        {
            entry = Entry(fullAt: present)
        }
        if entry.closedUntil > present { return Self.seconds(entry.closedUntil - present) }
        let debt = max(0, entry.fullAt - present)
        let room = (allowance.atOnce - 1) * allowance.refillMilliseconds
        guard debt > room else {
            entry.fullAt = present + debt + allowance.refillMilliseconds
            return nil
        }
        var wait = debt - room
        if allowance.backsOff {
            let penalty = Self.firstWaitMilliseconds << min(entry.times, 6)
            wait = max(wait, min(penalty, Self.longestWaitMilliseconds))
            entry.times += 1
            entry.closedUntil = present + wait
        }
        return Self.seconds(wait)
    }

    private static func seconds(_ milliseconds: Int64) -> Int { Int((milliseconds + 999) / 1_000) }

    private mutating func makeRoom(at present: Int64) {
        entries = entries.filter { $0.value.isForgottenAt > present }
        guard entries.count >= limit else { return }
        let nearest = entries.sorted { $0.value.isForgottenAt < $1.value.isForgottenAt }
        for (key, _) in nearest.prefix(max(1, limit / 8)) { entries[key] = nil }
    }
}
