import CRMSDK
import TestRandom
import Testing

@Suite("FixedDecimal")
struct FixedDecimalTests {
    struct Reading: Sendable, CustomTestStringConvertible {
        let text: String, scale: Int, units: Int64?
        var testDescription: String {
            "\"\(text)\" at scale \(scale) → \(units.map(String.init) ?? "refused")"
        }

        init(_ text: String, _ scale: Int, _ units: Int64?) {
            (self.text, self.scale, self.units) = (text, scale, units)
        }
    }

    @Test(
        "reads digits and one point, and nothing else",
        arguments: [
            Reading("12.5", 2, 1250), Reading("-12.5", 2, -1250), Reading("12", 2, 1200), Reading("0", 0, 0),
            Reading("-0", 2, 0), Reading("0.000001", 6, 1), Reading("007", 0, 7), Reading("1.2300", 2, 123),
            Reading("1.230", 2, 123), Reading("1.231", 2, nil), Reading("1.0", 0, 1), Reading("1.5", 0, nil),
            Reading("922337203685477.5807", 4, Int64.max), Reading("922337203685477.5808", 4, nil),
            Reading("-922337203685477.5808", 4, Int64.min), Reading("-922337203685477.5809", 4, nil),
            Reading("9223372036854775807", 0, Int64.max), Reading("9223372036854775808", 0, nil),
            Reading("922337203685478", 4, nil), Reading("", 2, nil), Reading("-", 2, nil),
            Reading(".", 2, nil),
            Reading(".5", 2, nil), Reading("5.", 2, nil), Reading("-.5", 2, nil), Reading("+5", 2, nil),
            Reading("1e3", 2, nil), Reading("1,5", 2, nil), Reading("1 000", 2, nil), Reading(" 1", 2, nil),
            Reading("1.2.3", 2, nil), Reading("--1", 2, nil), Reading("1-", 2, nil), Reading("١", 0, nil),
            Reading("0x10", 0, nil), Reading("NaN", 2, nil), Reading("1\u{0}", 0, nil),
        ])
    func parse(_ reading: Reading) {
        #expect((try? FixedDecimal(parsing: reading.text, scale: reading.scale))?.units == reading.units)
    }

    @Test("a refusal quotes at most forty characters of what was given")
    func refusal() {
        let error = #expect(throws: CRMError.self) {
            try FixedDecimal(parsing: String(repeating: "x", count: 5000), scale: 2)
        }
        #expect(error?.kind == .invalidParameters)
        #expect((error?.message.count ?? 0) < 120)
    }

    @Test("what is printed reads back as the same number")
    func roundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        for _ in 0..<5000 {
            let scale = Int.random(in: 0...6, using: &random)
            let bits = Int.random(in: 0...63, using: &random)
            let number = FixedDecimal(
                units: Int64.random(in: .min ... .max, using: &random) >> bits, scale: scale)
            let read = try FixedDecimal(parsing: number.description, scale: scale)
            #expect(read == number, "seed \(seed)")
            let short = try FixedDecimal(parsing: number.text(minimumDecimals: 0), scale: scale)
            #expect(short == number, "seed \(seed)")
        }
    }

    @Test(
        "prints at least the decimals asked for and no further zeros",
        arguments: [
            (1250, 2, 2, "12.50"), (1250, 2, 0, "12.5"), (1200, 2, 0, "12"), (5, 2, 2, "0.05"),
            (-5, 2, 2, "-0.05"), (0, 2, 2, "0.00"), (7, 0, 0, "7"), (7, 0, 2, "7"), (120_000, 4, 2, "12.00"),
        ] as [(Int64, Int, Int, String)])
    func text(_ units: Int64, _ scale: Int, _ decimals: Int, _ text: String) {
        #expect(FixedDecimal(units: units, scale: scale).text(minimumDecimals: decimals) == text)
    }

    @Test("the smallest number prints without overflow")
    func smallest() {
        #expect(FixedDecimal(units: .min, scale: 4).description == "-922337203685477.5808")
    }

    struct Rounding: Sendable, CustomTestStringConvertible {
        let text: String, halfUp: String, halfEven: String, down: String
        var testDescription: String { text }

        init(_ text: String, _ halfUp: String, _ halfEven: String, _ down: String) {
            (self.text, self.halfUp, self.halfEven, self.down) = (text, halfUp, halfEven, down)
        }
    }

    @Test(
        "rounds to two decimals: half up, half even, down",
        arguments: [
            Rounding("0.025", "0.03", "0.02", "0.02"), Rounding("-0.025", "-0.03", "-0.02", "-0.02"),
            Rounding("0.035", "0.04", "0.04", "0.03"), Rounding("83.325", "83.33", "83.32", "83.32"),
            Rounding("0.005", "0.01", "0.00", "0.00"), Rounding("-0.005", "-0.01", "0.00", "0.00"),
            Rounding("0.0049", "0.00", "0.00", "0.00"), Rounding("0.0051", "0.01", "0.01", "0.00"),
            Rounding("1.015", "1.02", "1.02", "1.01"), Rounding("2.675", "2.68", "2.68", "2.67"),
            Rounding("-1.999999", "-2.00", "-2.00", "-1.99"), Rounding("7", "7.00", "7.00", "7.00"),
        ])
    func rounding(_ rounding: Rounding) throws {
        let number = try FixedDecimal(parsing: rounding.text, scale: 6)
        #expect(try number.rescaled(to: 2).description == rounding.halfUp)
        #expect(try number.rescaled(to: 2, rounding: .halfEven).description == rounding.halfEven)
        #expect(try number.rescaled(to: 2, rounding: .down).description == rounding.down)
    }

    @Test("rounding never moves a number by more than half a unit, and down never away from zero")
    func roundingBounds() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        for _ in 0..<5000 {
            let dividend = Int128(Int64.random(in: .min ... .max, using: &random)) << 20
            let divisor = Int128(Int64.random(in: 1...1_000_000_000_000, using: &random))
            for rule in [RoundingRule.halfUp, .halfEven] {
                let distance = rule.quotient(dividend, by: divisor) * divisor - dividend
                #expect(distance.magnitude * 2 <= divisor.magnitude, "seed \(seed)")
            }
            let down = RoundingRule.down.quotient(dividend, by: divisor) * divisor
            #expect(down.magnitude <= dividend.magnitude, "seed \(seed)")
        }
    }

    @Test("a larger scale that does not fit is refused")
    func rescaleOverflow() throws {
        let largest = FixedDecimal(units: .max, scale: 0)
        #expect(throws: CRMError.self) { try largest.rescaled(to: 1) }
        #expect(try largest.rescaled(to: 0) == largest)
        #expect(
            try FixedDecimal(units: 922_337_203_685, scale: 0).rescaled(to: 6).units
                == 922_337_203_685_000_000)
    }
}
