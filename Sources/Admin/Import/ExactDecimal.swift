/// A decimal number as it is written, multiplied without rounding. Up to 38 digits.
struct ExactDecimal: Equatable, Sendable, CustomStringConvertible {
    private let units: Int128
    private let scale: Int

    private init(units: Int128, scale: Int) {
        self.units = units
        self.scale = scale
    }

    /// - Returns: nil unless the text is a sign, digits, and perhaps a point and digits.
    init?(_ text: String) {
        guard Rows.isPlainNumber(text), text.utf8.count <= 38 else { return nil }
        let fraction = text.split(separator: ".", maxSplits: 1).dropFirst().first?.utf8.count ?? 0
        guard let units = Int128(text.filter { $0 != "." }) else { return nil }
        self.init(units: units, scale: fraction)
    }

    /// - Returns: nil where the product has too many digits.
    func multiplied(by other: ExactDecimal) -> ExactDecimal? {
        let (product, overflow) = units.multipliedReportingOverflow(by: other.units)
        return overflow ? nil : ExactDecimal(units: product, scale: scale + other.scale)
    }

    /// Without needless zeros behind the point.
    var description: String {
        var digits = String(units.magnitude)
        if digits.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.count) + digits }
        let whole = digits.dropLast(scale)
        var fraction = digits.suffix(scale)
        while fraction.last == "0" { fraction.removeLast() }
        return (units < 0 ? "-" : "") + whole + (fraction.isEmpty ? "" : "." + fraction)
    }
}
