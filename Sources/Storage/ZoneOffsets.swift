import Foundation

/// How far a zone's clocks are ahead of UTC at a moment: what `crm_zone_offset` answers. Belongs to one connection.
///
/// Kept by quarters of an hour, since no clock is changed within one: to ask Foundation costs a microsecond, and a
/// report asks for every row.
final class ZoneOffsets {
    private static let quarter: Int64 = 900_000
    private static let capacity = 50_000

    private var zone = TimeZone.gmt
    private var name = ""
    private var known: [Int64: Int64] = [:]

    /// - Parameter moment: milliseconds since 1970.
    /// - Parameter name: an IANA name; an unknown one counts as UTC.
    func milliseconds(at moment: Int64, in name: String) -> Int64 {
        if name != self.name {
            self.name = name
            zone = TimeZone(identifier: name) ?? .gmt
            known.removeAll()
        }
        let quarter = moment.quotientRoundingDown(by: Self.quarter)
        if let offset = known[quarter] { return offset }
        let start = Date(timeIntervalSince1970: Double(quarter) * Double(Self.quarter) / 1000)
        let offset = Int64(zone.secondsFromGMT(for: start)) * 1000
        if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
        known[quarter] = offset
        return offset
    }
}

extension Int64 {
    fileprivate func quotientRoundingDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
