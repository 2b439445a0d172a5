import CRMSDK

/// Makes the invoices that come again and again from the orders that are their patterns.
///
/// The first is due on the first day of the period. After downtime all that are missing are made, in order, each with
/// the date that it would have had. The order keeps the day of its last one in the same unit of work, so that none is
/// made twice. An order that is cancelled or in the bin makes none.
enum RecurringInvoices {
    static let job = Job("recurring_invoices", everySeconds: 3600) { context throws(CRMError) in
        let due = try context.list(
            ListRequest(
                "sales_order", where: .where("next_recurring_date", .lessOrEqual, .date(context.today)),
                sort: ["next_recurring_date"], limit: 1000))
        // Day by day, so that invoices that are issued at once keep the order of their dates.
        let day = due.first?["next_recurring_date"]
        return due.filter { $0["next_recurring_date"] == day }.map(\.id)
    } step: { id, context throws(CRMError) in
        let order = try context.get("sales_order", id)
        guard let day = order["next_recurring_date"].date, day <= context.today else { return }
        try make(order, on: day, try context.definition(of: "sales_order"), context)
    }

    /// Keeps the day on which an order makes its next invoice; none while it is cancelled or makes none.
    static func schedule(_ change: inout RecordChange, _ definition: EntityDefinition) {
        let isActive = change["enable_recurring"] == true && change["so_status"] != "cancelled"
        let frequencies = definition.fields.first { $0.name == "recurring_frequency" }?.type.values ?? []
        let frequency = frequencies.first { .text($0.key) == change["recurring_frequency"] }
        let next = Recurrence(change, frequency)?.next(after: change["last_recurring_date"].date)
        change["next_recurring_date"] = isActive ? next.map { .date($0) } ?? .null : .null
    }

    private static func make(
        _ order: Record, on day: CalendarDate, _ definition: EntityDefinition, _ context: any ModuleContext
    ) throws(CRMError) {
        guard let conversion = Conversion.all.first(where: { $0.name == "order_to_invoice" }) else { return }
        var values = try conversion.copy(order, context)
        values["invoice_date"] = .date(day)
        let terms = definition.fields.first { $0.name == "payment_terms" }?.type.values.first {
            .text($0.key) == order["payment_terms"]
        }
        if let days = terms?.attributes["days"].flatMap({ Int64($0) }) {
            values["due_date"] = .date(day.adding(days: days))
        } else if let due = values["due_date"]?.date, due < day {
            values["due_date"] = nil
        }
        values["invoice_status"] = try status(order, on: day, context)
        _ = try context.create("invoice", values)
        _ = try context.update("sales_order", order.id, ["last_recurring_date": .date(day)])
    }

    /// The state that the order asks for. One that would issue an invoice with a date before the last issued leaves it
    /// a draft, for a person to date.
    private static func status(
        _ order: Record, on day: CalendarDate, _ context: any ModuleContext
    ) throws(CRMError) -> Value {
        let wanted = order["invoice_status"].isNull ? "auto_created" : order["invoice_status"]
        let state = Invoice.statuses.first { .text($0.key) == wanted }
        guard state?.attributes[Issuing.attribute] == "true",
            let last = try Issuing.lastDate(.invoice, "invoice_date", context), day < last
        else { return wanted }
        return "auto_created"
    }
}
