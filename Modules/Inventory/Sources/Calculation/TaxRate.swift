import CRMSDK

/// A tax as a document has it: its name and percentage, copied when the document was written. Below 0 for a retention.
struct TaxRate: Hashable, Sendable {
    /// Empty for a bare percentage.
    let name: String
    /// Scale 4.
    let percent: FixedDecimal

    var isRetention: Bool { percent.units < 0 }

    /// `VAT 21%`.
    var description: String {
        (name.isEmpty ? "" : "\(name) ") + percent.text(minimumDecimals: 0) + "%"
    }
}

/// How a document or a line says its taxes, in one field of text: `VAT 21%; Retention -15%`.
///
/// Between semicolons stands a tax's name with the percentage, a name alone (the tax's own percentage is put behind it
/// when the document is written), or a percentage alone. `none` says that there is no tax, where an empty field asks
/// for the usual ones.
enum TaxNotation {
    static let none = "none"

    static func text(_ rates: [TaxRate]) -> String {
        rates.isEmpty ? none : rates.map(\.description).joined(separator: "; ")
    }

    /// - Parameters:
    ///   - known: The percentage of a tax by name, for a name without one; nil if there is no such tax.
    /// - Returns: The rates, or what is wrong, as one line.
    static func rates(
        _ text: String, known: (_ name: String) throws(CRMError) -> FixedDecimal?
    ) throws(CRMError) -> Result<[TaxRate], TaxNotationProblem> {
        guard trimmed(text[...]) != none else { return .success([]) }
        var rates: [TaxRate] = []
        for part in text.split(separator: ";") {
            let part = trimmed(part)
            guard !part.isEmpty else { continue }
            guard let rate = try rate(part, known: known) else {
                return .failure(TaxNotationProblem(message: "\"\(part.prefix(60))\" is no tax"))
            }
            guard !rates.contains(rate) else {
                return .failure(TaxNotationProblem(message: "\"\(part.prefix(60))\" is named twice"))
            }
            rates.append(rate)
        }
        return .success(rates)
    }

    private static func rate(
        _ part: Substring, known: (String) throws(CRMError) -> FixedDecimal?
    ) throws(CRMError) -> TaxRate? {
        guard part.hasSuffix("%") else {
            return try known(String(part)).map { TaxRate(name: String(part), percent: $0) }
        }
        let words = trimmed(part.dropLast())
        let number = words.lastIndex(of: " ").map { words[words.index(after: $0)...] } ?? words
        guard let percent = try? FixedDecimal(parsing: number, scale: 4), percent.units.magnitude <= 1_000_000
        else { return nil }
        return TaxRate(name: String(trimmed(words.dropLast(number.count))), percent: percent)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}

/// What is wrong with a text that should name taxes.
struct TaxNotationProblem: Error {
    let message: String
}
