/// The number of a record: one sequence for all entities, so that an id alone names one record.
///
/// Real ids are 1 … 2^53−1 (exact in every JSON reader). Negative ids are placeholders of a dry run and name
/// nothing afterwards.
@frozen
public struct RecordID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: Int64

    /// The largest id that is ever handed out.
    public static let maximum = RecordID(9_007_199_254_740_991)

    @inlinable
    public init(_ rawValue: Int64) { self.rawValue = rawValue }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    @inlinable
    public static func < (left: RecordID, right: RecordID) -> Bool { left.rawValue < right.rawValue }

    public var description: String { String(rawValue) }
}
