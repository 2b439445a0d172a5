import CRMSDK

/// Quantities of items, in ten-thousandths of a piece.
///
/// What a person writes is bounded, so that no product with a price and no sum over a document's lines leaves its type.
enum Quantity {
    /// The most of one line, movement or part: a thousand million pieces.
    static let maximum: Int64 = 10_000_000_000_000

    /// `maximum` as the end of a field's range, in pieces.
    static let maximumPieces = "1000000000"

    /// At the end of the range for what goes beyond it; the check of the field then refuses it.
    static func sum(_ left: Int64, _ right: Int64) -> Int64 { Int64(clamping: Int128(left) + Int128(right)) }

    /// A quantity of something of which each has `right`: rounded half up, at the end of the range beyond it.
    static func times(_ left: Int64, _ right: Int64) -> Int64 {
        Int64(clamping: RoundingRule.halfUp.quotient(Int128(left) * Int128(right), by: 10_000))
    }
}
