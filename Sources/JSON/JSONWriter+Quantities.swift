/// Amounts and times in the wire's form, as JSON strings, written straight from their integers: no `Double`, no
/// formatter, no intermediate text.
extension JSONWriter {
    /// Writes `units` / 10^`scale` exactly: 12345000 at scale 4 with at least 2 fraction digits is `"1234.50"`.
    ///
    /// Zeros at the end of the fraction go, down to `minimumFractionDigits`, which may exceed the scale.
    /// `scale` is 0–18; every `Int64` is accepted.
    package mutating func scaledDecimalString(
        _ units: Int64, scale: Int, minimumFractionDigits: Int
    ) {
        precondition((0...18).contains(scale), "a scale is 0–18")
        var divisor: UInt64 = 1
        for _ in 0..<scale { divisor *= 10 }
        let whole = units.magnitude / divisor
        var fraction = units.magnitude % divisor
        var fractionDigits = scale
        while fractionDigits > max(minimumFractionDigits, 0), fraction % 10 == 0 {
            fraction /= 10
            fractionDigits -= 1
        }
        beginQuoted()
        if units < 0 { buffer.append(UInt8(ascii: "-")) }
        digits(whole)
        if max(fractionDigits, minimumFractionDigits) > 0 {
            buffer.append(UInt8(ascii: "."))
            digits(fraction, minimum: fractionDigits)
            for _ in stride(from: fractionDigits, to: minimumFractionDigits, by: 1) {
                buffer.append(UInt8(ascii: "0"))
            }
        }
        endQuoted()
    }

    /// Writes a date as `"2026-11-22"`, in the proleptic Gregorian calendar.
    ///
    /// A day outside the years 0001–9999, which ISO 8601 cannot write in this form and our types cannot hold,
    /// is written as null.
    package mutating func calendarDateString(daysSince1970 days: Int64) {
        guard let date = CivilDate(daysSince1970: days) else { return null() }
        beginQuoted()
        append(date)
        endQuoted()
    }

    /// Writes an instant as `"2026-11-22T15:24:20.123Z"`, always UTC with three fraction digits.
    ///
    /// An instant outside the years 0001–9999 is written as null.
    package mutating func instantString(millisecondsSince1970 milliseconds: Int64) {
        let perDay: Int64 = 86_400_000
        let days = milliseconds.flooredQuotient(by: perDay)
        guard let date = CivilDate(daysSince1970: days) else { return null() }
        let ofDay = UInt64(milliseconds - days * perDay)
        beginQuoted()
        append(date)
        buffer.append(UInt8(ascii: "T"))
        digits(ofDay / 3_600_000, minimum: 2)
        buffer.append(UInt8(ascii: ":"))
        digits(ofDay / 60_000 % 60, minimum: 2)
        buffer.append(UInt8(ascii: ":"))
        digits(ofDay / 1_000 % 60, minimum: 2)
        buffer.append(UInt8(ascii: "."))
        digits(ofDay % 1_000, minimum: 3)
        buffer.append(UInt8(ascii: "Z"))
        endQuoted()
    }

    private mutating func append(_ date: CivilDate) {
        digits(date.year, minimum: 4)
        buffer.append(UInt8(ascii: "-"))
        digits(date.month, minimum: 2)
        buffer.append(UInt8(ascii: "-"))
        digits(date.day, minimum: 2)
    }

    private mutating func beginQuoted() {
        separate()
        buffer.append(UInt8(ascii: "\""))
    }

    private mutating func endQuoted() {
        buffer.append(UInt8(ascii: "\""))
        needsComma = true
    }
}

/// Year, month and day of a day number, after Howard Hinnant's `civil_from_days`
/// (howardhinnant.github.io/date_algorithms.html): years begin in March, eras are 400 years of 146,097 days.
private struct CivilDate {
    let year: UInt64
    let month: UInt64
    let day: UInt64

    /// 0001-01-01 and 9999-12-31.
    private static let supportedDays: ClosedRange<Int64> = -719_162...2_932_896

    init?(daysSince1970 days: Int64) {
        guard CivilDate.supportedDays.contains(days) else { return nil }
        let shifted = UInt64(days + 719_468)
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}

extension Int64 {
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
