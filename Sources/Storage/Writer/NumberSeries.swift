package import CRMSDK
import Query
import Registry

/// The counters of autonumbers: moved by each unit of work in memory, written once per group, so that a thousand
/// imported records cost one row of `crm_series`.
extension WriteTransaction {
    /// The highest number that a series gives: no business needs more, and sums of a few of them never overflow.
    package static let highestNumber: Int64 = 1_000_000_000_000_000

    /// The next number of a series, from 1, without gaps among what is committed.
    ///
    /// - Throws: `limitExceeded` behind `highestNumber`.
    package func nextNumber(series: String) throws(CRMError) -> Int64 {
        let number = try lastNumber(series: series) + 1
        guard number <= Self.highestNumber else {
            throw CRMError(
                .limitExceeded, "the numbers of \(series) are used up: they end at \(Self.highestNumber)")
        }
        counters.series[series] = number
        givenNumbers += 1
        return number
    }

    /// Lifts a counter to a number that came from outside, never down. One beyond `highestNumber` is none that the
    /// series would ever reach, so it lifts nothing.
    package func raise(series: String, to number: Int64) throws(CRMError) {
        guard try lastNumber(series: series) < number, number <= Self.highestNumber else { return }
        counters.series[series] = number
        givenNumbers += 1
    }

    /// 0 before the first.
    func lastNumber(series: String) throws(CRMError) -> Int64 {
        if let moved = counters.series[series] { return moved }
        let kept = try first(Statement("SELECT last FROM crm_series WHERE name = ?1", [.text(series)])) {
            $0.int64(0)
        }
        return kept ?? 0
    }

    /// Forgets the counters of an entity that is gone.
    func forgetSeries(ofEntity name: String) throws(CRMError) {
        counters.series = counters.series.filter { !$0.key.hasPrefix(name + ".") }
        try execute(Statement("DELETE FROM crm_series WHERE name GLOB ?1", [.text(name + ".*")]))
    }

    func writeSeries() throws(CRMError) {
        for (name, last) in counters.series {
            _ = try runner.execute(
                Statement(
                    "INSERT INTO crm_series (name, last) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET last = ?2",
                    [.text(name), .integer(last)]))
        }
    }
}
