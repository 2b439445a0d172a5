import CRMSDK
import Foundation

/// Values as the reader of a printed document expects them: by language and, for moments, by time zone.
struct PrintFormats {
    private let locale: Locale
    private let zone: TimeZone

    /// - Parameters:
    ///   - language: BCP 47, such as `de` or `pl-PL`.
    ///   - timeZone: IANA.
    init(language: String, timeZone: String) {
        locale = Locale(identifier: language)
        zone = TimeZone(identifier: timeZone) ?? .gmt
    }

    func number(_ value: FixedDecimal, minimumDecimals: Int = 0) -> String {
        decimal(value.units, scale: value.scale).formatted(
            .number.locale(locale).precision(
                .fractionLength(minimumDecimals...max(minimumDecimals, value.scale))))
    }

    func number(_ value: Int64) -> String { value.formatted(.number.locale(locale).grouping(.never)) }

    /// - Parameter decimals: of the currency, on paper.
    func amount(_ money: Money, decimals: Int) -> String {
        decimal(money.tenThousandths, scale: 4).formatted(
            .currency(code: money.currency.description).locale(locale).presentation(.isoCode)
                .precision(.fractionLength(decimals...4)))
    }

    func date(_ date: CalendarDate) -> String {
        format(Date(timeIntervalSince1970: Double(date.daysSince1970) * 86_400), .gmt, hasTime: false)
    }

    /// The day of a moment, where the reader is.
    func day(_ moment: Instant) -> String {
        format(
            Date(timeIntervalSince1970: Double(moment.millisecondsSince1970) / 1_000), zone, hasTime: false)
    }

    func moment(_ moment: Instant) -> String {
        format(Date(timeIntervalSince1970: Double(moment.millisecondsSince1970) / 1_000), zone, hasTime: true)
    }

    private func format(_ date: Date, _ zone: TimeZone, hasTime: Bool) -> String {
        date.formatted(
            Date.FormatStyle(
                date: .long, time: hasTime ? .shortened : .omitted, locale: locale,
                calendar: Calendar(identifier: .gregorian), timeZone: zone))
    }

    private func decimal(_ units: Int64, scale: Int) -> Decimal {
        Decimal(sign: units < 0 ? .minus : .plus, exponent: -scale, significand: Decimal(units.magnitude))
    }
}
