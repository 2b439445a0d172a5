import CRMSDK

/// The arithmetic of a document, in this order: lines, subtotal, document discount, taxes, shipping, total.
///
/// Several taxes on one base are each computed on the base, not on each other. In individual mode the document's
/// discount is spread over the lines in proportion to their nets, before tax.
extension DocumentSum {
    /// - Returns: The figures, or what is wrong by field: `lines[0].quantity`, `discount_amount`.
    func figures() -> Result<DocumentFigures, FieldProblems> {
        var work = Work(sum: self)
        work.computeLines()
        guard work.problems.isEmpty else { return .failure(FieldProblems(list: work.problems)) }
        work.computeDiscount()
        work.checkAmounts()
        guard work.problems.isEmpty else { return .failure(FieldProblems(list: work.problems)) }
        switch taxMode {
        case .group: work.taxDocument()
        case .individual: work.taxLines()
        }
        work.taxShipping()
        work.total()
        guard work.problems.isEmpty else { return .failure(FieldProblems(list: work.problems)) }
        return .success(work.figures)
    }
}

/// What is wrong with a document, field by field.
struct FieldProblems: Error {
    let list: [FieldProblem]
}

/// The figures on their way.
private struct Work {
    let sum: DocumentSum
    var figures = DocumentFigures()
    var problems: [FieldProblem] = []

    private var currency: Denomination { sum.currency }

    init(sum: DocumentSum) { self.sum = sum }

    // MARK: Lines

    mutating func computeLines() {
        for (index, line) in sum.lines.enumerated() {
            let place = "lines[\(index)]"
            guard line.quantity.units > 0 else {
                refuse("\(place).quantity", "range", "the quantity must be above 0")
                continue
            }
            guard line.quantity.units <= Quantity.maximum else {
                refuse("\(place).quantity", "range", "the quantity is at most \(Quantity.maximumPieces)")
                continue
            }
            guard line.listPrice.units >= 0 else {
                refuse("\(place).list_price", "range", "the list price cannot be below 0")
                continue
            }
            var result = DocumentFigures.Line()
            result.gross = currency.rounded(
                Int128(line.quantity.units) * Int128(line.listPrice.units),
                scale: line.quantity.scale + line.listPrice.scale)
            note("\(place).gross", result.gross, "R(\(line.quantity.short) × \(line.listPrice.short))")
            result.discount = discount(
                line.discount, of: result.gross, place: "\(place).", figure: "discount")
            result.net = result.gross - result.discount
            note(
                "\(place).net", result.net,
                "gross − discount = \(text(result.gross)) − \(text(result.discount))")
            figures.lines.append(result)
        }
    }

    /// The discount on a base; 0 ≤ it ≤ base, else a problem of its field.
    private mutating func discount(
        _ discount: DocumentSum.Discount, of base: Amount, place: String, figure: String
    ) -> Amount {
        switch discount {
        case .none:
            return .zero
        case .percent(let percent):
            guard (0...Self.hundredPercent).contains(percent.units) else {
                refuse("\(place)discount_percent", "range", "a discount is 0 to 100 percent")
                return .zero
            }
            let amount = currency.percentage(percent, of: base)
            note("\(place)\(figure)", amount, "R(\(text(base)) × \(percent.short) %)")
            return amount
        case .amount(let amount):
            guard whole(amount, "\(place)discount_amount") else { return .zero }
            guard amount >= .zero, amount <= base else {
                refuse(
                    "\(place)discount_amount", "range",
                    "a discount of \(text(amount)) is not between 0 and \(text(base))")
                return .zero
            }
            note("\(place)\(figure)", amount, "as given")
            return amount
        }
    }

    private static let hundredPercent: Int64 = 1_000_000

    // MARK: Document

    mutating func computeDiscount() {
        figures.subtotal = figures.lines.map(\.net).sum()
        note("subtotal", figures.subtotal, "sum of the lines' nets")
        figures.discount = discount(
            sum.discount, of: figures.subtotal, place: "", figure: "discount_total")
        note(
            "taxable_total", figures.taxable,
            "subtotal − discount = \(text(figures.subtotal)) − \(text(figures.discount))")
    }

    mutating func checkAmounts() {
        if whole(sum.shipping, "shipping_amount"), sum.shipping < .zero {
            refuse("shipping_amount", "range", "shipping cannot be below 0")
        }
        _ = whole(sum.adjustment, "adjustment")
        figures.shipping = sum.shipping
        figures.adjustment = sum.adjustment
    }

    mutating func taxDocument() {
        for rate in sum.taxes {
            let amount = currency.percentage(rate.percent, of: figures.taxable)
            note("tax \(rate.description)", amount, "R(\(text(figures.taxable)) × \(rate.percent.short) %)")
            add(rate, base: figures.taxable, amount)
        }
    }

    mutating func taxLines() {
        let shares = Apportionment.spread(figures.discount, over: figures.lines.map(\.net), currency)
        for (index, line) in sum.lines.enumerated() {
            let place = "lines[\(index)]"
            figures.lines[index].share = shares[index]
            let base = figures.lines[index].net - shares[index]
            if figures.discount != .zero {
                note(
                    "\(place).share", shares[index],
                    "its part of the discount \(text(figures.discount)), by largest remainder")
            }
            for rate in line.taxes {
                let amount = currency.percentage(rate.percent, of: base)
                note("\(place).tax \(rate.description)", amount, "R(\(text(base)) × \(rate.percent.short) %)")
                figures.lines[index].taxes.append(amount)
                add(rate, base: base, amount)
            }
        }
    }

    mutating func taxShipping() {
        for rate in sum.shippingTaxes {
            let amount = currency.percentage(rate.percent, of: sum.shipping)
            note(
                "shipping tax \(rate.description)", amount,
                "R(\(text(sum.shipping)) × \(rate.percent.short) %)")
            add(rate, base: sum.shipping, amount, isShipping: true)
        }
    }

    mutating func total() {
        note("tax_total", figures.taxTotal, "sum of the taxes")
        note("shipping_tax", figures.shippingTax, "sum of the taxes on shipping")
        note(
            "grand_total", figures.grandTotal,
            "taxable total + taxes + shipping + its taxes + adjustment = \(text(figures.taxable)) + "
                + "\(text(figures.taxTotal)) + \(text(figures.shipping)) + \(text(figures.shippingTax)) + "
                + "\(text(figures.adjustment))")
    }

    private mutating func add(_ rate: TaxRate, base: Amount, _ amount: Amount, isShipping: Bool = false) {
        let known = figures.taxes.firstIndex { $0.rate == rate && $0.isShipping == isShipping }
        guard let known else {
            figures.taxes.append(.init(rate: rate, isShipping: isShipping, base: base, amount: amount))
            return
        }
        figures.taxes[known].base += base
        figures.taxes[known].amount += amount
    }

    // MARK: Notes and refusals

    /// Notes a figure; one that no field can hold is a problem.
    private mutating func note(_ name: String, _ amount: Amount, _ rule: String) {
        figures.trace.append(Figure(name: name, amount: amount, rule: rule))
        if amount.money(currency.code) == nil {
            refuse(name, "range", "the figure is out of the range of money")
        }
    }

    private mutating func refuse(_ field: String, _ code: String, _ message: String) {
        problems.append(FieldProblem(field: field, code: code, message: message))
    }

    /// Whether an amount that a person gave has no more decimals than the currency; a problem otherwise.
    private mutating func whole(_ amount: Amount, _ field: String) -> Bool {
        guard !currency.isWhole(amount) else { return true }
        refuse(
            field, "format",
            "an amount in \(currency.code) has "
                + (currency.decimals == 0 ? "no decimals" : "at most \(currency.decimals) decimals"))
        return false
    }

    private func text(_ amount: Amount) -> String { currency.text(amount) }
}

extension FixedDecimal {
    /// Without trailing zeros.
    fileprivate var short: String { text(minimumDecimals: 0) }
}
