package import CRMSDK

/// The currencies of the installation at one moment.
package struct CurrencyDirectory: Sendable {
    package struct Entry: Hashable, Sendable {
        package let id: RecordID
        package let code: CurrencyCode
        /// Decimals on paper, 0–4.
        package let decimals: Int
        /// Units for one unit of the base currency, in millionths.
        package let rate: FixedDecimal
        package let isActive: Bool

        package init(id: RecordID, code: CurrencyCode, decimals: Int, rate: FixedDecimal, isActive: Bool) {
            self.id = id
            self.code = code
            self.decimals = decimals
            self.rate = rate
            self.isActive = isActive
        }
    }

    package let base: Entry
    private let byID: [RecordID: Entry]
    private let byCode: [CurrencyCode: Entry]
    /// By currency, from the oldest.
    private let rates: [RecordID: [DatedRate]]

    /// A rate that counts from a day on.
    package struct DatedRate: Hashable, Sendable {
        package let from: CalendarDate
        package let rate: FixedDecimal

        package init(from: CalendarDate, rate: FixedDecimal) {
            self.from = from
            self.rate = rate
        }
    }

    /// - Parameter rates: of each currency from the oldest.
    package init(base: Entry, all: [Entry], rates: [RecordID: [DatedRate]] = [:]) {
        self.rates = rates
        self.base = base
        byID = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        byCode = Dictionary(all.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package var count: Int { byID.count }
    package subscript(id: RecordID) -> Entry? { byID[id] }
    package subscript(code: CurrencyCode) -> Entry? { byCode[code] }

    // MARK: Rates

    /// Units of a currency for one of the base currency, in millionths, on a day: of its last dated rate by then; of
    /// its own record where it has no dated rate at all. Nil before the first.
    package func rate(of id: RecordID, on day: CalendarDate) -> FixedDecimal? {
        guard id != base.id, let currency = byID[id] else { return FixedDecimal(units: 1_000_000, scale: 6) }
        guard let dated = rates[id], !dated.isEmpty else { return currency.rate }
        return dated.last { $0.from <= day }?.rate
    }

    /// An amount of a currency in the base currency, rounded half up to the base currency's decimals; in
    /// ten-thousandths, as it is given.
    ///
    /// - Throws: `invalidParameters` where there is no rate for that day; `limitExceeded` out of the range of money.
    package func inBase(_ tenThousandths: Int64, _ id: RecordID, on day: CalendarDate) throws(CRMError)
        -> Int64
    {
        guard id != base.id else { return tenThousandths }
        guard let rate = rate(of: id, on: day) else {
            throw CRMError(
                .invalidParameters,
                "there is no exchange rate for \(byID[id]?.code.description ?? "") on \(day)",
                hint: "Add an exchange_rate that is valid from that day or before.")
        }
        let step = Int128(FixedDecimal.powerOfTen(4 - base.decimals))
        let quotient = RoundingRule.halfUp.quotient(
            Int128(tenThousandths) * 1_000_000, by: Int128(rate.units) * step)
        guard let units = Int64(exactly: quotient * step) else {
            throw CRMError(.limitExceeded, "the amount in \(base.code) is out of the range of money")
        }
        return units
    }

    /// Changes whenever a rate does: what was worked out under another one is worked out again.
    package var ratesDigest: String {
        let own = byID.values.sorted { $0.id < $1.id }.map { "\($0.id.rawValue)=\($0.rate.units)" }
        let dated = rates.sorted { $0.key < $1.key }.map { id, rates in
            "\(id.rawValue):"
                + rates.map { "\($0.from.daysSince1970)=\($0.rate.units)" }.joined(separator: ",")
        }
        return "\(base.id.rawValue) \(own.joined(separator: " ")) \(dated.joined(separator: " "))"
    }
}
