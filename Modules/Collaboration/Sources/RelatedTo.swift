import CRMSDK

/// The record that a task, an event, a comment or a document is about.
///
/// Who may view that record views what is about it; the platform follows this field, and follows it only to the
/// entities that it names. Those of modules that are not enabled are simply not there.
enum RelatedTo {
    static let entities = [
        "account", "contact", "lead", "potential", "campaign", "ticket", "faq", "product", "vendor",
        "price_book", "quote", "sales_order", "purchase_order", "invoice", "credit_note",
    ]

    static var field: FieldDefinition {
        FieldDefinition("related_to", "Related to", .reference(to: entities)).indexed()
    }
}
