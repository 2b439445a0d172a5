import CRMSDK

/// In what the five kinds of documents differ, as a table: their fields' names, and which is made from which.
struct DocumentKind: Sendable {
    let entity: String
    let label: String
    /// The field of its state.
    let status: String
    /// What stays open in a locked document, beside what is open in all.
    var open: Set<String> = []
    /// Where it may come from: the reference to the earlier document, and that document's kind. The first that is
    /// filled counts.
    var sources: [(field: String, entity: String)] = []
    /// The date that it gets when it is issued; nil for a kind that has its number from the beginning.
    var issueDate: String?
    /// The kinds that are made from it.
    var takers: Set<String> = []

    /// What is bought is priced by its cost.
    var isPurchase: Bool { entity == "purchase_order" }

    static let quote = DocumentKind(
        entity: "quote", label: "quote", status: "quote_stage", takers: ["sales_order", "invoice"])
    static let salesOrder = DocumentKind(
        entity: "sales_order", label: "sales order", status: "so_status", open: SalesOrder.openFields,
        sources: [("quote", "quote")], takers: ["invoice", "purchase_order"])
    static let purchaseOrder = DocumentKind(
        entity: "purchase_order", label: "purchase order", status: "po_status", open: ["tracking_no"],
        sources: [("sales_order", "sales_order")])
    static let invoice = DocumentKind(
        entity: "invoice", label: "invoice", status: "invoice_status", open: Balance.open,
        sources: [("sales_order", "sales_order"), ("quote", "quote")], issueDate: "invoice_date",
        takers: ["credit_note"])
    static let creditNote = DocumentKind(
        entity: "credit_note", label: "credit note", status: "status", sources: [("invoice", "invoice")],
        issueDate: "credit_note_date")

    static let all = [quote, salesOrder, purchaseOrder, invoice, creditNote]

    static func named(_ entity: String) -> DocumentKind? { all.first { $0.entity == entity } }

    /// The document that a document was made from.
    func source(of values: (String) -> Value) -> (kind: DocumentKind, id: RecordID)? {
        for (field, entity) in sources {
            if let id = values(field).reference, let kind = Self.named(entity) { return (kind, id) }
        }
        return nil
    }

    /// The document's number, or its id, quoted for a message.
    func name(_ record: Record) -> String { "\"\(record["\(entity)_no"].text ?? record.id.description)\"" }

    /// Whether a document in this state counts: one that is cancelled, and a draft's predecessor, does not.
    func isCancelled(_ record: Record?, _ context: any ModuleContext) throws(CRMError) -> Bool {
        let state = LifeCycle.state(record, status, in: try context.definition(of: entity))
        return state?.attributes[LifeCycle.stateClass] == "cancelled"
    }
}
