import CRMSDK

/// What a document's figures are computed from: its lines, discounts, taxes, shipping and adjustment. Pure values, all
/// in the document's currency; `figures()` does the arithmetic and reads nothing.
struct DocumentSum: Sendable {
    /// Where taxes stand: on each line, or once for the document.
    enum TaxMode: String, Sendable {
        case individual, group
    }

    enum Discount: Hashable, Sendable {
        case none
        /// 0–100, scale 4.
        case percent(FixedDecimal)
        /// In the document's currency.
        case amount(Amount)
    }

    struct Line: Sendable {
        /// Above 0, scale 4.
        var quantity: FixedDecimal
        /// Not below 0, scale 6: a price may be finer than the currency.
        var listPrice: FixedDecimal
        var discount = Discount.none
        /// Used in individual mode only.
        var taxes: [TaxRate] = []
    }

    var currency: Denomination
    var taxMode: TaxMode
    var lines: [Line]
    var discount = Discount.none
    /// Used in group mode only.
    var taxes: [TaxRate] = []
    var shipping = Amount.zero
    var shippingTaxes: [TaxRate] = []
    /// Signed.
    var adjustment = Amount.zero
}

/// One figure of a document, and the rule that it came by: what `inventory.explain_total` prints.
struct Figure: Hashable, Sendable {
    /// The field, or for a line `lines[2].net`.
    let name: String
    let amount: Amount
    /// `R(2.5 × 33.33)`; R rounds to the currency's decimals.
    let rule: String
}

/// All figures of a document. Each is rounded when it is computed, so that what is printed adds up.
struct DocumentFigures: Sendable {
    struct Line: Sendable {
        var gross = Amount.zero
        var discount = Amount.zero
        var net = Amount.zero
        /// Its part of the document's discount, in individual mode.
        var share = Amount.zero
        var taxes: [Amount] = []
        var tax: Amount { taxes.sum() }
        var total: Amount { net + tax }
    }

    /// What is reported of one tax: by name and percentage, goods and shipping apart.
    struct TaxSum: Sendable {
        let rate: TaxRate
        let isShipping: Bool
        var base: Amount
        var amount: Amount
    }

    var lines: [Line] = []
    var subtotal = Amount.zero
    var discount = Amount.zero
    var taxable: Amount { subtotal - discount }
    var taxes: [TaxSum] = []
    var taxTotal: Amount { taxes.filter { !$0.isShipping }.map(\.amount).sum() }
    /// The part of `taxTotal` that the buyer withholds: 0 or below.
    var retention: Amount { taxes.filter { !$0.isShipping && $0.rate.isRetention }.map(\.amount).sum() }
    var shipping = Amount.zero
    var shippingTax: Amount { taxes.filter(\.isShipping).map(\.amount).sum() }
    var adjustment = Amount.zero
    var grandTotal: Amount { taxable + taxTotal + shipping + shippingTax + adjustment }
    /// Every step in order.
    var trace: [Figure] = []
}
