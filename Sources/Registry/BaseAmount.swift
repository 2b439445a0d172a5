import CRMSDK

/// An amount in the base currency with what it follows from.
package struct BaseAmount: Sendable {
    package let field: Field
    /// The amount as people gave it, and the field with its currency.
    package let source: Field
    package let currency: Field
    /// The date whose rate counts; nil is the day on which the record was created.
    package let date: Field?

    init?(_ field: Field, _ named: (String) -> Field?) {
        guard let source = field.type.baseOf.flatMap(named),
            let currency = source.type.currencyField.flatMap(named)
        else { return nil }
        self.field = field
        self.source = source
        self.currency = currency
        date = field.type.rateDate.flatMap(named)
    }
}
