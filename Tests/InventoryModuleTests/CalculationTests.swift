import CRMSDK
import CRMSDKTesting
import TestRandom
import Testing

@Suite("Arithmetic of documents")
struct CalculationTests {
    let shop: Shop

    init() throws { shop = try Shop() }

    func compute(_ document: CalculationCase) throws(CRMError) -> Computed {
        Computed(
            answer: try shop.context.call(
                "inventory.calculate", document.parameters(shop.currency(document.currency))))
    }

    struct Example: Sendable, CustomTestStringConvertible {
        let document: CalculationCase
        let subtotal, discount, tax, shippingTax, total: String
        var taxes: [String] = []
        var lines: [String: [String]] = [:]
        var testDescription: String { document.name }
    }

    static let examples = [
        Example(
            document: CalculationCase(
                name: "E1 group",
                lines: [.init("10", "19.99"), .init("3", "149.50", "10%")], discount: "5%",
                taxes: "VAT 4.5%; Sales 10%; Service 12.5%", shipping: "20.00",
                shippingTaxes: "VAT 4.5%; Sales 10%; Service 12.5%", adjustment: "-0.50"),
            subtotal: "603.55", discount: "30.18", tax: "154.81", shippingTax: "5.40", total: "753.08",
            taxes: ["25.80", "57.34", "71.67"],
            lines: [
                "gross": ["199.90", "448.50"], "discount": ["0.00", "44.85"], "net": ["199.90", "403.65"],
            ]),
        Example(
            document: CalculationCase(
                name: "E2 individual", mode: "individual",
                lines: [
                    .init("2", "49.95", tax: "VAT 21%"), .init("1", "9.99", tax: "VAT 10%"),
                    .init("5", "3.30", "1.50", tax: "VAT 4%"),
                ], discount: "10.00", shipping: "7.50", shippingTaxes: "VAT 21%"),
            subtotal: "124.89", discount: "10.00", tax: "20.77", shippingTax: "1.58", total: "144.74",
            taxes: ["19.30", "0.92", "0.55"],
            lines: ["net": ["99.90", "9.99", "15.00"], "tax": ["19.30", "0.92", "0.55"]]),
        Example(
            document: CalculationCase(
                name: "E3 half cents", mode: "individual",
                lines: [.init("1", "0.20", tax: "VAT 12.5%"), .init("1", "0.60", tax: "VAT 12.5%")]),
            subtotal: "0.80", discount: "0.00", tax: "0.11", shippingTax: "0.00", total: "0.91",
            taxes: ["0.11"], lines: ["tax": ["0.03", "0.08"]]),
        Example(
            document: CalculationCase(
                name: "E4 tiny base", lines: [.init("1", "0.10")],
                taxes: "VAT 4.5%; Sales 10%; Service 12.5%"),
            subtotal: "0.10", discount: "0.00", tax: "0.02", shippingTax: "0.00", total: "0.12",
            taxes: ["0.00", "0.01", "0.01"]),
        Example(
            document: CalculationCase(
                name: "E5 fractions", lines: [.init("2.5", "33.33"), .init("0.333", "99.99")],
                taxes: "VAT 20%"),
            subtotal: "116.63", discount: "0.00", tax: "23.33", shippingTax: "0.00", total: "139.96",
            lines: ["gross": ["83.33", "33.30"]]),
        Example(
            document: CalculationCase(
                name: "E6 JPY, no decimals", currency: "JPY",
                lines: [.init("3", "1250"), .init("7", "333", "15%")], discount: "3%", taxes: "10%"),
            subtotal: "5731", discount: "172", tax: "556", shippingTax: "0", total: "6115",
            lines: ["gross": ["3750", "2331"], "discount": ["0", "350"]]),
        Example(
            document: CalculationCase(
                name: "E7 KWD, 3 decimals", currency: "KWD", lines: [.init("4", "12.3455", "2.5%")],
                taxes: "5%"),
            subtotal: "48.147", discount: "0.000", tax: "2.407", shippingTax: "0.000", total: "50.554",
            lines: ["gross": ["49.382"], "discount": ["1.235"], "net": ["48.147"]]),
        Example(
            document: CalculationCase(
                name: "E8 retention", mode: "individual",
                lines: [.init("1", "1000.00", tax: "VAT 21%; Retention -15%")]),
            subtotal: "1000.00", discount: "0.00", tax: "60.00", shippingTax: "0.00", total: "1060.00",
            taxes: ["210.00", "-150.00"]),
        Example(
            document: CalculationCase(
                name: "E9 nothing left",
                lines: [.init("1", "100.00", "100%"), .init("1", "50.00")], discount: "50.00",
                taxes: "VAT 20%", shipping: "5.00", shippingTaxes: "VAT 20%"),
            subtotal: "50.00", discount: "50.00", tax: "0.00", shippingTax: "1.00", total: "6.00"),
        Example(
            document: CalculationCase(
                name: "E10 mixed rates", mode: "individual",
                lines: [.init("2", "50.00", tax: "VAT 20%"), .init("1", "100.00", tax: "VAT 0%")],
                discount: "20.00"),
            subtotal: "200.00", discount: "20.00", tax: "18.00", shippingTax: "0.00", total: "198.00"),
    ]

    @Test("each figure is the one that people get by hand", arguments: examples)
    func example(_ example: Example) throws {
        let result = try compute(example.document)
        #expect(result.total("subtotal") == example.subtotal)
        #expect(result.total("discount_total") == example.discount)
        #expect(result.total("tax_total") == example.tax)
        #expect(result.total("shipping_tax") == example.shippingTax)
        #expect(result.total("grand_total") == example.total)
        if !example.taxes.isEmpty { #expect(result.taxes(on: "items") == example.taxes) }
        for (field, amounts) in example.lines { #expect(result.lines(field) == amounts) }
    }

    @Test("retentions are shown apart, and are part of the taxes")
    func retention() throws {
        let result = try compute(Self.examples[7].document)
        #expect(result.total("retention_total") == "-150.00")
    }

    @Test("half to even is a setting: E3 gives 0.90")
    func halfEven() throws {
        let settings = try shop.create("inventory_settings", ["rounding": "half_even"])
        let result = try compute(Self.examples[2].document)
        #expect(result.lines("tax") == ["0.02", "0.08"])
        #expect(result.total("grand_total") == "0.90")
        #expect(refusal { _ = try shop.create("inventory_settings", [:]) }?.kind == .duplicate)
        _ = try shop.update(settings, ["rounding": "half_up"])
        #expect(try compute(Self.examples[2].document).total("grand_total") == "0.91")
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let document: CalculationCase
        let fields: [String]
        var testDescription: String { document.name }
    }

    @Test(
        "what cannot be is refused by field",
        arguments: [
            Refused(
                document: CalculationCase(
                    name: "E11 line discount above gross", lines: [.init("1", "100.00", "100.01")]),
                fields: ["lines[0].discount_amount"]),
            Refused(
                document: CalculationCase(
                    name: "E11 101 percent", lines: [.init("1", "1"), .init("1", "100.00", "101%")]),
                fields: ["lines[1].discount_percent"]),
            Refused(
                document: CalculationCase(
                    name: "E11 document discount above subtotal", lines: [.init("1", "50.00")],
                    discount: "50.01"),
                fields: ["discount_amount"]),
            Refused(
                document: CalculationCase(
                    name: "E11 quantity 0", lines: [.init("0", "1"), .init("-1", "1")]),
                fields: ["lines[0].quantity", "lines[1].quantity"]),
            Refused(
                document: CalculationCase(
                    name: "E11 decimals in a JPY discount", currency: "JPY",
                    lines: [.init("1", "100.5", "1.5")]),
                fields: ["lines[0].discount_amount"]),
            Refused(
                document: CalculationCase(
                    name: "E11 decimals in JPY shipping and adjustment", currency: "JPY",
                    lines: [.init("1", "100.5")], shipping: "0.5", adjustment: "0.5"),
                fields: ["shipping_amount", "adjustment"]),
            Refused(
                document: CalculationCase(name: "an unknown tax", lines: [.init("1", "1")], taxes: "Vat"),
                fields: ["taxes"]),
            Refused(
                document: CalculationCase(
                    name: "beyond the range of money",
                    lines: [.init("1000000000", "900000000000")]),
                fields: ["lines[0].gross", "lines[0].net"]),
            Refused(
                document: CalculationCase(
                    name: "a quantity beyond all business", lines: [.init("1000000000.0001", "0")]),
                fields: ["lines[0].quantity"]),
        ])
    func refused(_ refused: Refused) throws {
        let error = refusal { _ = try compute(refused.document) }
        #expect(error?.kind == .invalidRecord)
        #expect(error?.fields.map(\.field) == refused.fields)
    }

    @Test("the limits themselves are fine: a discount of all of it, a price of 6 decimals in JPY")
    func limits() throws {
        let whole = try compute(
            CalculationCase(name: "", lines: [.init("1", "100.00", "100.00")], discount: "0"))
        #expect(whole.total("grand_total") == "0.00")
        let fine = try compute(CalculationCase(name: "", currency: "JPY", lines: [.init("1", "0.500000")]))
        #expect(fine.total("grand_total") == "1")
        let none = try compute(CalculationCase(name: "", lines: []))
        #expect(none.total("grand_total") == "0.00")
    }

    @Test("every printed figure is the sum of the printed figures that it is made of", arguments: 0..<40)
    func adds(_ round: Int) throws {
        let seed = UInt64.random(in: 0..<UInt64.max)
        var random = SeededRandom(seed)
        let document = CalculationCase.random(&random)
        let result = try compute(document)
        let note = Comment("seed \(seed), round \(round)")
        func units(_ text: String) throws -> Int64 { try FixedDecimal(parsing: text, scale: 4).units }
        func total(_ field: String) throws -> Int64 { try units(result.total(field)) }
        func sum(_ texts: [String]) throws -> Int64 { try texts.map(units).reduce(0, +) }

        let nets = try sum(result.lines("net"))
        let gross = try sum(result.lines("gross"))
        let discounts = try sum(result.lines("discount"))
        #expect(gross - discounts == nets, note)
        #expect(try nets == total("subtotal"), note)
        #expect(try total("subtotal") - total("discount_total") == total("taxable_total"), note)
        #expect(try sum(result.taxes(on: "items")) == total("tax_total"), note)
        #expect(try sum(result.taxes(on: "shipping")) == total("shipping_tax"), note)
        if document.mode == "individual" {
            #expect(try sum(result.lines("tax")) == total("tax_total"), note)
        }
        let extra = try [document.shipping, document.adjustment].map { try units($0 ?? "0") }.reduce(0, +)
        let whole = try total("taxable_total") + total("tax_total") + total("shipping_tax") + extra
        #expect(try whole == total("grand_total"), note)
        #expect(result.steps.last == "grand_total", note)
    }
}

extension CalculationCase {
    /// A document that can be: discounts below what they are taken from, amounts of whole units.
    static func random(_ random: inout SeededRandom) -> CalculationCase {
        let (code, decimals) =
            [("EUR", 2), ("JPY", 0), ("KWD", 3)].randomElement(using: &random) ?? ("EUR", 2)
        func amount(_ limit: Int64) -> String {
            let scale = Int64.random(in: 0...limit, using: &random)
            return FixedDecimal(units: scale, scale: decimals).description
        }
        func taxes() -> String {
            (0..<Int.random(in: 0...3, using: &random)).map { index in
                let percent = Int64.random(in: -200_000...300_000, using: &random)
                return "T\(index) \(FixedDecimal(units: percent, scale: 4))%"
            }.joined(separator: ";")
        }
        func discount() -> String? {
            switch Int.random(in: 0..<3, using: &random) {
            case 0: nil
            case 1:
                FixedDecimal(units: Int64.random(in: 0...1_000_000, using: &random), scale: 4).description
                    + "%"
            default: amount(1)
            }
        }
        let lines = (0..<Int.random(in: 1...12, using: &random)).map { _ in
            // A quantity of 1 and a price of 2 at least, so that an amount of one unit can be taken off twice.
            Line(
                FixedDecimal(units: Int64.random(in: 10_000...9_999_999, using: &random), scale: 4)
                    .description,
                FixedDecimal(units: Int64.random(in: 2_000_000...999_999_999, using: &random), scale: 6)
                    .description, discount(), tax: taxes())
        }
        let isFree = lines.allSatisfy { $0.discount?.hasSuffix("%") == true }
        return CalculationCase(
            name: "random", currency: code, mode: Bool.random(using: &random) ? "group" : "individual",
            lines: lines, discount: isFree ? "7%" : discount(), taxes: taxes(), shipping: amount(9_999),
            shippingTaxes: taxes(), adjustment: "-" + amount(99))
    }
}
