import CRMSDK

/// The pages that our documents are printed on, as they are shipped: data, which administrators change as they like.
enum PrintTemplates {
    /// One document's own words and fields.
    private struct Page {
        let entity, title, number, date, party, partyCaption: String
        /// Further facts beside the date: caption and field.
        var facts: [(String, String)] = []
        /// Whether there is something to be paid, and until when.
        var isBill = false
    }

    private static let pages = [
        Page(
            entity: "quote", title: "Quote", number: "quote_no", date: "created_at", party: "account",
            partyCaption: "For", facts: [("Valid until", "valid_until")]),
        Page(
            entity: "sales_order", title: "Order confirmation", number: "sales_order_no", date: "created_at",
            party: "account", partyCaption: "For", facts: [("Delivery", "due_date")]),
        Page(
            entity: "purchase_order", title: "Purchase order", number: "purchase_order_no",
            date: "created_at",
            party: "vendor", partyCaption: "To", facts: [("Delivery", "due_date")]),
        Page(
            entity: "invoice", title: "Invoice", number: "invoice_no", date: "invoice_date", party: "account",
            partyCaption: "Bill to", facts: [("Due", "due_date"), ("Your order", "customer_po")], isBill: true
        ),
        Page(
            entity: "credit_note", title: "Credit note", number: "credit_note_no", date: "credit_note_date",
            party: "account", partyCaption: "For", facts: [("Invoice", "invoice.invoice_no")]),
    ]

    static let fixtures = pages.map { page in
        Fixture(
            "print_\(page.entity)", "print_template",
            [
                "template_name": .text(page.title), "for_entity": .text(page.entity), "language": "en",
                "body": .text(body(page)),
            ])
    }

    private static func body(_ page: Page) -> String {
        let facts = ([("Date", page.date)] + page.facts).map { caption, field in
            "{{#if \(field)}}<dt>\(caption)</dt><dd>{{\(field)}}</dd>{{/if}}"
        }.joined(separator: "\n")
        return """
            {{#if \(page.number)}}{{else}}<div class="draft">Draft</div>{{/if}}
            <header class="letterhead">
            <div>{{#if company.logo}}<img src="{{company.logo}}" alt="{{company.company_name}}">{{else}}<div class="name" dir="auto">{{company.company_name}}</div>{{/if}}</div>
            <address class="small" dir="auto">{{company.company_name}}<br>{{company.street}}<br>{{company.postal_code}} {{company.city}}<br>{{company.country}}{{#if company.tax_number}}<br>Tax number {{company.tax_number}}{{/if}}</address>
            </header>
            <h1>\(page.title) {{\(page.number)}}</h1>
            <p dir="auto">{{subject}}</p>
            <section class="parties">
            <div><div class="caption">\(page.partyCaption)</div>
            <p dir="auto"><b>{{\(page.party).label}}</b>{{#if contact}}<br>{{contact.label}}{{/if}}<br>{{billing_street}}<br>{{billing_postal_code}} {{billing_city}}<br>{{billing_country}}</p></div>
            {{#if shipping_street}}<div><div class="caption">Deliver to</div>
            <p dir="auto">{{shipping_street}}<br>{{shipping_postal_code}} {{shipping_city}}<br>{{shipping_country}}</p></div>{{/if}}
            <div><dl class="facts">
            \(facts)
            </dl></div>
            </section>
            <table>
            <thead><tr><th>#</th><th>Item</th><th class="amount">Quantity</th><th class="amount">Price</th><th class="amount">Discount</th><th class="amount">Amount</th></tr></thead>
            <tbody>
            {{#each lines}}<tr><td>{{number}}</td><td dir="auto">{{item_name}}{{#if item_code}} <span class="small">{{item_code}}</span>{{/if}}{{#if comment}}<br><span class="small">{{comment}}</span>{{/if}}</td><td class="amount">{{quantity}}</td><td class="amount">{{list_price}}</td><td class="amount">{{#if discount}}{{discount}}{{/if}}</td><td class="amount">{{net}}</td></tr>
            {{/each}}</tbody>
            </table>
            <table class="totals">
            <tr><td>Subtotal</td><td class="amount">{{subtotal}}</td></tr>
            {{#if discount_total}}<tr><td>Discount</td><td class="amount">{{discount_total}}</td></tr>{{/if}}
            {{#each tax_sums}}<tr><td>{{tax_name}} {{percent}} <span class="small">of {{base}}</span></td><td class="amount">{{amount}}</td></tr>
            {{/each}}{{#if shipping_amount}}<tr><td>Shipping</td><td class="amount">{{shipping_amount}}</td></tr>{{/if}}
            {{#if adjustment}}<tr><td>Adjustment</td><td class="amount">{{adjustment}}</td></tr>{{/if}}
            <tr class="grand"><td>Total</td><td class="amount">{{grand_total}}</td></tr>
            \(page.isBill ? "{{#if balance}}<tr><td>Still to pay</td><td class=\"amount\">{{balance}}</td></tr>{{/if}}" : "")
            </table>
            \(page.isBill ? "{{#if company.bank_account}}<p>Please pay to: {{company.bank_account}}</p>{{/if}}" : "")
            {{#if terms_conditions}}<section class="terms small" dir="auto">{{terms_conditions}}</section>{{/if}}
            <footer class="small"><p dir="auto">{{company.company_name}} {{company.registration_number}} {{company.phone}} {{company.email}}</p></footer>

            """
    }
}
