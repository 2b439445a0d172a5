/// Dividing an amount so that the parts add up to it exactly.
enum Apportionment {
    /// Each part in proportion to its weight, floored to the currency's unit; the units left over go to the largest
    /// remainders, of equal ones to the first. Weights are not negative; all of them 0 gives parts of nothing.
    static func spread(_ amount: Amount, over weights: [Amount], _ currency: Denomination) -> [Amount] {
        let total = weights.sum().tenThousandths
        guard total > 0 else { return weights.map { _ in .zero } }
        let units = amount.tenThousandths / currency.unit
        var parts = weights.map { units * $0.tenThousandths / total }
        let remainders = weights.map { units * $0.tenThousandths % total }
        let order = remainders.indices.sorted {
            remainders[$0] == remainders[$1] ? $0 < $1 : remainders[$0] > remainders[$1]
        }
        for index in order.prefix(Int(units - parts.reduce(0, +))) { parts[index] += 1 }
        return parts.map { Amount(tenThousandths: $0 * currency.unit) }
    }

    /// What one of several conversions takes of an amount that is split by share: `share` of `whole`, rounded towards
    /// zero to the currency's unit; the conversion that takes the rest takes what is left.
    ///
    /// - Parameters:
    ///   - left: What earlier conversions have not taken.
    ///   - isLast: Whether nothing remains behind this conversion.
    static func part(
        of amount: Amount, left: Amount, share: Int128, whole: Int128, isLast: Bool,
        _ currency: Denomination
    ) -> Amount {
        guard !isLast, whole > 0 else { return left }
        let units = amount.tenThousandths / currency.unit
        return Amount(tenThousandths: units * share / whole * currency.unit)
    }
}
