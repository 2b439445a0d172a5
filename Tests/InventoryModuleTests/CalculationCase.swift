import CRMSDK
import Testing

/// A document to be computed, as a client of `inventory.calculate` says it.
struct CalculationCase: Sendable, CustomTestStringConvertible {
    struct Line: Sendable {
        var quantity, price: String
        var discount: String?
        var taxes: String?

        init(_ quantity: String, _ price: String, _ discount: String? = nil, tax taxes: String? = nil) {
            self.quantity = quantity
            self.price = price
            self.discount = discount
            self.taxes = taxes
        }
    }

    let name: String
    var currency = "EUR"
    var mode = "group"
    var lines: [Line]
    /// `5%` or an amount.
    var discount: String?
    var taxes: String?
    var shipping: String?
    var shippingTaxes: String?
    var adjustment: String?

    var testDescription: String { name }

    func parameters(_ currency: RecordID) -> StructuredValue {
        var members: [StructuredValue.Member] = [
            .init("currency", .value(.reference(currency))), .init("tax_mode", .value(.text(mode))),
            .init("lines", .list(lines.map { .object(Self.members($0)) })),
        ]
        members += Self.discount(discount)
        members += [("taxes", taxes), ("shipping_taxes", shippingTaxes)].compactMap { name, text in
            text.map { .init(name, .value(.text($0))) }
        }
        members += [("shipping_amount", shipping), ("adjustment", adjustment)].compactMap { name, text in
            text.map { .init(name, .value(decimal($0, scale: 4))) }
        }
        return .object(members)
    }

    private static func members(_ line: Line) -> [StructuredValue.Member] {
        [
            .init("quantity", .value(decimal(line.quantity, scale: 4))),
            .init("list_price", .value(decimal(line.price, scale: 6))),
        ] + discount(line.discount) + (line.taxes.map { [.init("taxes", .value(.text($0)))] } ?? [])
    }

    private static func discount(_ text: String?) -> [StructuredValue.Member] {
        guard let text else { return [] }
        let isPercent = text.hasSuffix("%")
        let value = decimal(isPercent ? String(text.dropLast()) : text, scale: 4)
        return [
            .init("discount_kind", .value(.text(isPercent ? "percent" : "amount"))),
            .init(isPercent ? "discount_percent" : "discount_amount", .value(value)),
        ]
    }
}

/// What `inventory.calculate` answered, as text.
struct Computed {
    let answer: StructuredValue

    func total(_ field: String) -> String { answer["totals"]?[field]?.value.text ?? "" }
    func lines(_ field: String) -> [String] {
        (answer["lines"]?.elements ?? []).map { $0[field]?.value.text ?? "" }
    }
    func taxes(on what: String) -> [String] {
        (answer["taxes"]?.elements ?? []).filter { $0["on"]?.value == .text(what) }.map {
            $0["amount"]?.value.text ?? ""
        }
    }
    /// The steps' figures by name.
    var steps: [String] { (answer["steps"]?.elements ?? []).map { $0["figure"]?.value.text ?? "" } }
}
