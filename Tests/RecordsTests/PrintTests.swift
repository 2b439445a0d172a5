import CRMSDK
import Foundation
import Records
import Registry
import Security
import Storage
import TestRandom
import Testing

/// Documents printed by the templates that are shipped, and by others.
@Suite("Printed documents")
struct PrintTests {
    let office: Office
    let account, currency: RecordID

    init() throws {
        office = try BundledModulesTests.office(["inventory"])
        account = try office.create(
            "account",
            ["account_name": "Grün & Söhne <b>", "billing_street": "Hauptstraße 1", "billing_city": "Łódź"])
        currency = try #require(try office.ids("currency", where: nil).first)
    }

    private func print(
        _ entity: String, _ id: RecordID, _ more: [StructuredValue.Member] = [], as call: CallContext? = nil
    ) throws -> StructuredValue {
        let action = try #require(office.snapshot.registry.actions["core.print"])
        let parameters = StructuredValue.object(
            [.init("entity", .value(.text(entity))), .init("id", .value(.reference(id)))] + more)
        return try office.records.act(
            action, parameters, call ?? office.root, office.snapshot, on: office.database.makeReader())
    }

    private func html(_ entity: String, _ id: RecordID, _ more: [StructuredValue.Member] = []) throws
        -> String
    {
        try #require(try print(entity, id, more)["html"]?.value.text)
    }

    private func document(_ entity: String, _ prices: [(String, String)], _ values: [String: Value] = [:])
        throws -> RecordID
    {
        var lines: [Line] = []
        for (index, (price, quantity)) in prices.enumerated() {
            let product = try office.create(
                "product",
                [
                    "product_name": .text("Part \(index + 1)"),
                    "product_code": .text("P\(index)\(UInt32.random(in: 0 ... .max))"),
                ])
            lines.append(
                Line([
                    "item": .reference(product),
                    "quantity": .decimal(try FixedDecimal(parsing: quantity, scale: 4)),
                    "list_price": .decimal(try FixedDecimal(parsing: price, scale: 6)),
                ]))
        }
        return try office.create(
            entity,
            [
                "subject": "Parts", "account": .reference(account), "currency": .reference(currency),
                "lines": .lines(lines),
            ].merging(values) { $1 })
    }

    /// The amounts of the cells that a page has, in order: `EUR 1,234.50` as 1234.50.
    private func amounts(_ html: String, inRowsWith words: String) -> [Decimal] {
        html.components(separatedBy: "<tr").filter { $0.contains(words) }.compactMap { row in
            row.components(separatedBy: "EUR").last?.prefix { $0 != "<" }
                .filter { $0.isNumber || $0 == "." || $0 == "-" }
        }.compactMap { Decimal(string: $0) }
    }

    @Test("each document that is shipped has a template; what it prints is escaped, and complete in itself")
    func shipped() throws {
        let quote = try document("quote", [("10.00", "2")])
        let page = try html("quote", quote)
        #expect(page.contains("<h1>Quote QUO00001</h1>"))
        #expect(page.contains("Grün &amp; Söhne &lt;b&gt;"))
        #expect(page.contains("Hauptstraße 1") && page.contains("Łódź"))
        #expect(page.contains("default-src 'none'") && !page.contains("http://") && !page.contains("<script"))
        #expect(try print("quote", quote)["file_name"]?.value.text == "Quote QUO00001.html")
        let invoice = try document("invoice", [("10.00", "2")])
        #expect(try html("invoice", invoice).contains(">Draft</div>"))
        try office.update(invoice, ["invoice_status": "sent"])
        #expect(try !html("invoice", invoice).contains(">Draft</div>"))
        #expect(try print("invoice", invoice)["file_name"]?.value.text == "Invoice INV00001.html")
    }

    @Test("the printed figures add up, whatever the lines, taxes and discounts")
    func addsUp() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        try office.create(
            "tax", ["name": "VAT", "percent": .decimal(try FixedDecimal(parsing: "21", scale: 4))])
        for _ in 0..<12 {
            let prices = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                (
                    "\(Int.random(in: 0...999, using: &random)).\(Int.random(in: 100_000...999_999, using: &random))",
                    "\(Int.random(in: 1...40, using: &random)).\(Int.random(in: 0...9, using: &random))"
                )
            }
            var values: [String: Value] = Bool.random(using: &random) ? ["taxes": "VAT 21%"] : [:]
            if Bool.random(using: &random) {
                values["discount_kind"] = "percent"
                values["discount_percent"] = .decimal(try FixedDecimal(parsing: "7.5", scale: 4))
            }
            let page = try html("quote", try document("quote", prices, values))
            let nets = amounts(page, inRowsWith: "Part ")
            let one = { (words: String) in amounts(page, inRowsWith: words).first ?? 0 }
            #expect(nets.count == prices.count, "seed \(seed)")
            #expect(nets.reduce(0, +) == one(">Subtotal<"), "seed \(seed)")
            #expect(
                one(">Subtotal<") - one(">Discount</td>") + one(">VAT ") == one(">Total<"),
                "seed \(seed): \(page)")
        }
    }

    @Test("numbers and dates are the reader's")
    func languages() throws {
        let quote = try document(
            "quote", [("1234.50", "2")], ["valid_until": .date(try #require(CalendarDate("2026-12-24")))])
        let german = try html("quote", quote, [.init("language", .value("de"))])
        #expect(
            german.contains("2.469,00") && german.contains("24. Dezember 2026")
                && german.contains("lang=\"de\""))
        #expect(try html("quote", quote).contains("2,469.00"))
        #expect(try html("quote", quote, [.init("language", .value("he"))]).contains("dir=\"rtl\""))
        #expect(
            try html("quote", quote, [.init("language", .value("\"><script>"))]).contains("<script") == false)
    }

    @Test(
        "a page is in the recipient's language where there is a template in it: the contact's, else the account's"
    )
    func recipients() throws {
        let contact = try office.create("contact", ["last_name": "Li", "language": "en-GB"])
        let quote = try document("quote", [("1234.50", "2")])
        func heading(_ more: [StructuredValue.Member] = []) throws -> String {
            let page = try html("quote", quote, more)
            let language = page.firstRange(of: "<html lang=\"").map {
                page[$0.upperBound...].prefix { $0 != "\"" }
            }
            let words = page.firstRange(of: "<h1>").map { page[$0.upperBound...].prefix { $0 != " " } }
            return "\(language ?? "") \(words ?? "")"
        }
        #expect(try heading() == "en Quote")
        try office.update(account, ["language": "de-AT"])
        #expect(try heading() == "de-AT Angebot")
        #expect(try print("quote", quote)["file_name"]?.value.text?.hasPrefix("Angebot QUO") == true)
        try office.update(quote, ["contact": .reference(contact)])
        #expect(try heading() == "en-GB Quote")
        #expect(try heading([.init("language", .value("de"))]) == "de Angebot")
        // Without a template in it a language is nobody's.
        try office.update(contact, ["language": "pl"])
        #expect(try heading() == "en Quote")
        for wrong in ["german", "de_DE", "d", "de-", "-de", "de-toolongatag", "日本"] {
            let refused = #expect(throws: CRMError.self) {
                try office.update(contact, ["language": .text(wrong)])
            }
            #expect(refused?.fields.map(\.field) == ["language"], "\(wrong)")
        }
    }

    @Test("a field that the one who prints may not see is not on the page")
    func hidden() throws {
        let quote = try document("quote", [("10.00", "2")])
        let role = try #require(try office.ids("role", where: nil).first)
        let person = try office.create(
            "user", ["username": "bob", "last_name": "Young", "role": .reference(role)])
        let bob = Office.call(person)
        try office.administer { administration throws(CRMError) in
            try administration.setFieldAccess("grand_total", of: "quote", profile: nil, .hidden)
        }
        try office.update(quote, ["owner": .reference(person)])
        let page = try #require(try print("quote", quote, as: bob)["html"]?.value.text)
        #expect(page.contains(">Total</td><td class=\"amount\"></td>"), "\(page)")
        #expect(
            try html("quote", quote).contains("EUR 20.00") || html("quote", quote).contains("EUR\u{A0}20.00"))
    }

    @Test(
        "a template that cannot be printed is refused when it is written",
        arguments: [
            ("<p>{{acount.label}}</p>", "acount"), ("<p>{{account}}</p>", "not one value"),
            ("{{#each subject}}x{{/each}}", "not a list"), ("<script>1</script>", "<script>"),
            ("{{#if x", "line 1"),
            ("<p>{{account.parent_account.parent_account.account_name}}</p>", "account_name"),
            ("{{#each lines}}{{grand_total}}{{/each}}", "grand_total"),
        ])
    func refused(_ body: String, _ word: String) throws {
        let error = try #require(throws: CRMError.self) {
            try office.create(
                "print_template", ["template_name": "Own", "for_entity": "quote", "body": .text(body)])
        }
        #expect(
            error.fields.first?.field == "body" && error.fields.first?.message.contains(word) == true,
            "\(error)")
    }

    @Test("one's own template is used by its id; one of another entity, and none at all, are refused by name")
    func chosen() throws {
        let quote = try document("quote", [("10.00", "1")])
        let own = try office.create(
            "print_template",
            [
                "template_name": "Own", "for_entity": "account",
                "body": "<h1>{{account_name}}</h1>{{#if website}}{{else}}none{{/if}}",
            ])
        #expect(
            try html("account", account, [.init("template", .value(.reference(own)))]).contains("</h1>none"))
        let other = try #require(throws: CRMError.self) {
            try html("quote", quote, [.init("template", .value(.reference(own)))])
        }
        #expect(other.message.contains("\"Own\" is for account"))
        let none = try #require(throws: CRMError.self) {
            try html("product", try office.ids("product", where: nil)[0])
        }
        #expect(none.kind == .notFound && none.message.contains("product"))
    }

    @Test("there is one company; its logo is a picture within the page")
    func company() throws {
        let picture = "data:image/png;base64,iVBORw0KGgo="
        for logo in ["https://example.com/logo.png", "data:image/svg+xml;base64,AA==", "data:text/html,x"] {
            let error = #expect(throws: CRMError.self) {
                try office.create("company", ["company_name": "We", "logo": .text(logo)])
            }
            #expect(error?.fields.first?.field == "logo")
        }
        try office.create("company", ["company_name": "We", "logo": .text(picture), "paper": "letter"])
        #expect(throws: CRMError.self) { try office.create("company", ["company_name": "They"]) }
        let page = try html("quote", try document("quote", [("1.00", "1")]))
        #expect(page.contains("<img src=\"\(picture)\"") && page.contains("size: letter"))
    }
}
