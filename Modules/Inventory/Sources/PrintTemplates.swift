import CRMSDK

/// The pages that our documents are printed on, as they are shipped: data, which administrators change as they like.
enum PrintTemplates {
    /// The words of a page in one language.
    private struct Words {
        let language: String
        let draft, taxNumber, deliverTo, date, item, quantity, price, discount, amount: String
        let subtotal, of, shipping, adjustment, total, stillToPay, payTo: String
        /// By entity.
        let pages: [String: Page]
    }

    /// One document's own words.
    private struct Page {
        let title, party: String
        /// The captions of its `facts`.
        var facts: [String] = []
    }

    /// One document's fields, which are the same in all languages.
    private struct Document {
        let entity, number, date, party: String
        /// Further facts beside the date.
        var facts: [String] = []
        /// Whether there is something to be paid, and until when.
        var isBill = false
    }

    private static let documents = [
        Document(
            entity: "quote", number: "quote_no", date: "created_at", party: "account", facts: ["valid_until"]),
        Document(
            entity: "sales_order", number: "sales_order_no", date: "created_at", party: "account",
            facts: ["due_date"]),
        Document(
            entity: "purchase_order", number: "purchase_order_no", date: "created_at", party: "vendor",
            facts: ["due_date"]),
        Document(
            entity: "invoice", number: "invoice_no", date: "invoice_date", party: "account",
            facts: ["due_date", "customer_po"], isBill: true),
        Document(
            entity: "credit_note", number: "credit_note_no", date: "credit_note_date", party: "account",
            facts: ["invoice.invoice_no"]),
    ]

    private static let english = Words(
        language: "en", draft: "Draft", taxNumber: "Tax number", deliverTo: "Deliver to", date: "Date",
        item: "Item",
        quantity: "Quantity", price: "Price", discount: "Discount", amount: "Amount", subtotal: "Subtotal",
        of: "of",
        shipping: "Shipping", adjustment: "Adjustment", total: "Total", stillToPay: "Still to pay",
        payTo: "Please pay to:",
        pages: [
            "quote": Page(title: "Quote", party: "For", facts: ["Valid until"]),
            "sales_order": Page(title: "Order confirmation", party: "For", facts: ["Delivery"]),
            "purchase_order": Page(title: "Purchase order", party: "To", facts: ["Delivery"]),
            "invoice": Page(title: "Invoice", party: "Bill to", facts: ["Due", "Your order"]),
            "credit_note": Page(title: "Credit note", party: "For", facts: ["Invoice"]),
        ])

    private static let german = Words(
        language: "de", draft: "Entwurf", taxNumber: "Steuernummer", deliverTo: "Lieferung an", date: "Datum",
        item: "Artikel", quantity: "Menge", price: "Einzelpreis", discount: "Rabatt", amount: "Betrag",
        subtotal: "Zwischensumme", of: "von", shipping: "Versand", adjustment: "Ausgleich",
        total: "Gesamtbetrag",
        stillToPay: "Noch zu zahlen", payTo: "Bitte überweisen Sie an:",
        pages: [
            "quote": Page(title: "Angebot", party: "Für", facts: ["Gültig bis"]),
            "sales_order": Page(title: "Auftragsbestätigung", party: "Für", facts: ["Lieferung"]),
            "purchase_order": Page(title: "Bestellung", party: "An", facts: ["Lieferung"]),
            "invoice": Page(
                title: "Rechnung", party: "Rechnung an", facts: ["Fällig am", "Ihre Bestellung"]),
            "credit_note": Page(title: "Gutschrift", party: "Für", facts: ["Zur Rechnung"]),
        ])

    /// English first: it is taken where there is no template in the language that is wanted.
    static let fixtures = [english, german].flatMap { words in
        documents.compactMap { document in
            words.pages[document.entity].map { page in
                Fixture(
                    "print_\(document.entity)" + (words.language == "en" ? "" : "_" + words.language),
                    "print_template",
                    [
                        "template_name": .text(page.title), "for_entity": .text(document.entity),
                        "language": .text(words.language), "body": .text(body(document, page, words)),
                    ])
            }
        }
    }

    private static func body(_ document: Document, _ page: Page, _ words: Words) -> String {
        let captions = [words.date] + page.facts
        let facts = zip(captions, [document.date] + document.facts).map { caption, field in
            "{{#if \(field)}}<dt>\(caption)</dt><dd>{{\(field)}}</dd>{{/if}}"
        }.joined(separator: "\n")
        return """
            {{#if \(document.number)}}{{else}}<div class="draft">\(words.draft)</div>{{/if}}
            <header class="letterhead">
            <div>{{#if company.logo}}<img src="{{company.logo}}" alt="{{company.company_name}}">{{else}}<div class="name" dir="auto">{{company.company_name}}</div>{{/if}}</div>
            <address class="small" dir="auto">{{company.company_name}}<br>{{company.street}}<br>{{company.postal_code}} {{company.city}}<br>{{company.country}}{{#if company.tax_number}}<br>\(words.taxNumber) {{company.tax_number}}{{/if}}</address>
            </header>
            <h1>\(page.title) {{\(document.number)}}</h1>
            <p dir="auto">{{subject}}</p>
            <section class="parties">
            <div><div class="caption">\(page.party)</div>
            <p dir="auto"><b>{{\(document.party).label}}</b>{{#if contact}}<br>{{contact.label}}{{/if}}<br>{{billing_street}}<br>{{billing_postal_code}} {{billing_city}}<br>{{billing_country}}</p></div>
            {{#if shipping_street}}<div><div class="caption">\(words.deliverTo)</div>
            <p dir="auto">{{shipping_street}}<br>{{shipping_postal_code}} {{shipping_city}}<br>{{shipping_country}}</p></div>{{/if}}
            <div><dl class="facts">
            \(facts)
            </dl></div>
            </section>
            <table>
            <thead><tr><th>#</th><th>\(words.item)</th><th class="amount">\(words.quantity)</th><th class="amount">\(words.price)</th><th class="amount">\(words.discount)</th><th class="amount">\(words.amount)</th></tr></thead>
            <tbody>
            {{#each lines}}<tr><td>{{number}}</td><td dir="auto">{{item_name}}{{#if item_code}} <span class="small">{{item_code}}</span>{{/if}}{{#if comment}}<br><span class="small">{{comment}}</span>{{/if}}</td><td class="amount">{{quantity}}</td><td class="amount">{{list_price}}</td><td class="amount">{{#if discount}}{{discount}}{{/if}}</td><td class="amount">{{net}}</td></tr>
            {{/each}}</tbody>
            </table>
            <table class="totals">
            <tr><td>\(words.subtotal)</td><td class="amount">{{subtotal}}</td></tr>
            {{#if discount_total}}<tr><td>\(words.discount)</td><td class="amount">{{discount_total}}</td></tr>{{/if}}
            {{#each tax_sums}}<tr><td>{{tax_name}} {{percent}} <span class="small">\(words.of) {{base}}</span></td><td class="amount">{{amount}}</td></tr>
            {{/each}}{{#if shipping_amount}}<tr><td>\(words.shipping)</td><td class="amount">{{shipping_amount}}</td></tr>{{/if}}
            {{#if adjustment}}<tr><td>\(words.adjustment)</td><td class="amount">{{adjustment}}</td></tr>{{/if}}
            <tr class="grand"><td>\(words.total)</td><td class="amount">{{grand_total}}</td></tr>
            \(document.isBill ? "{{#if balance}}<tr><td>\(words.stillToPay)</td><td class=\"amount\">{{balance}}</td></tr>{{/if}}" : "")
            </table>
            \(document.isBill ? "{{#if company.bank_account}}<p>\(words.payTo) {{company.bank_account}}</p>{{/if}}" : "")
            {{#if terms_conditions}}<section class="terms small" dir="auto">{{terms_conditions}}</section>{{/if}}
            <footer class="small"><p dir="auto">{{company.company_name}} {{company.registration_number}} {{company.phone}} {{company.email}}</p></footer>

            """
    }
}
