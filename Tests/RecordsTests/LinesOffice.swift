import CRMSDK
import Core

/// An office with estimates, whose items are lines: what the tests of lines share.
enum LinesOffice {
    static func make(hooks: [Hook] = [], clock: (@Sendable () -> Instant)? = nil) throws -> Office {
        var core = CoreModule().manifest
        core.entities += [estimate, item]
        core.hooks += hooks
        return try Office(core: core, clock: clock)
    }

    static let estimate = EntityDefinition(
        "estimate", label: "Estimate", plural: "Estimates",
        fields: [
            .text("subject", "Subject").mandatory(),
            .reference("currency", "Currency", to: "currency"),
            .lines("items", "Items", of: "estimate_item"),
        ]
    ).labelled(by: "subject").sorted(by: "subject").listing("subject")

    static let item = EntityDefinition.line(
        "estimate_item", of: "estimate", label: "Item", plural: "Items",
        fields: [
            .text("name", "Name").mandatory().indexed(),
            .decimal("quantity", "Quantity", scale: 4).mandatory().range("0", nil),
            .money("price", "Price", currencyField: "currency"),
            .reference("account", "Account", to: "account"),
            .boolean("optional", "Optional"),
            .money("total", "Total", currencyField: "currency").readOnly(),
        ])

    static func quantity(_ tenThousandths: Int64) -> Value {
        .decimal(FixedDecimal(units: tenThousandths, scale: 4))
    }

    static func line(_ name: String, _ quantity: Int64, id: RecordID? = nil) -> Line {
        Line(id: id, ["name": .text(name), "quantity": Self.quantity(quantity)])
    }
}

extension Office {
    /// The names of an estimate's items, in order.
    func names(of estimate: RecordID) throws -> [String] {
        try get(estimate).lines("items").map { $0["name"].text ?? "" }
    }
}
