import Testing

@testable import Printing

@Suite("Print templates")
struct PrintTemplateTests {
    @Test(
        "a template reads back as it was written",
        arguments: [
            "", "plain { brace } and {&#123;", "<p dir=\"auto\">{{account.name}}</p>",
            "{{#each lines}}<tr><td>{{quantity}} {{@currency}}</td></tr>{{/each}}",
            "{{#if terms}}<p>{{terms}}</p>{{else}}–{{/if}}", "<style>p { color: red }</style>株式会社 שלום",
            "{{#if a}}{{#each b}}{{#if c}}x{{/if}}{{/each}}{{/if}}",
        ])
    func roundTrip(_ source: String) throws {
        let template = try PrintTemplate(parsing: source)
        #expect(template.source == source)
        #expect(try PrintTemplate(parsing: template.source) == template)
    }

    @Test(
        "markup that could act, load or move a value is refused",
        arguments: [
            "<script>x</script>", "<p onclick=\"x\">", "<p style=\"color: red\">",
            "<iframe src=\"https://x\">",
            "<img src=\"https://x/y.png\">", "<img src=\"data:image/svg+xml;base64,AA\">",
            "<a href=\"javascript:x\">",
            "<a href=\"https:{{x}}\">", "<img src=\"{{x}}{{y}}\">", "<img src=\"{{x}}z\">", "<p class={{x}}>",
            "<{{x}}>", "<p {{x}}>", "<p {{x}}=\"a\">", "<!-- {{x}} -->", "<!doctype html>",
            "<style>{{x}}</style>",
            "<style>@import \"x\"</style>", "<style>a { b: URL(x) }</style>", "<style>\\75rl(x)</style>",
            "<style>p{}", "<p", "<p class=\"x", "<p class=\"{{#if x}}a{{/if}}\">", "{{#if x}}<p {{/if}}>",
            "<p/onclick=\"x\">", "<p class=\"a\"id=\"b\">", "</p class=\"x\">", "\u{0}", "< p>",
        ])
    func refusedMarkup(_ source: String) {
        #expect(throws: PrintTemplateError.self) { try PrintTemplate(parsing: source) }
    }

    @Test(
        "braces that say nothing are refused",
        arguments: [
            "{{", "{{}}", "{{a", "{{a}", "{{a\n}}", "{{A}}", "{{a..b}}", "{{.a}}", "{{a.b.c.d.e}}", "{{{a}}}",
            "{{a b}}",
            "{{else}}", "{{/if}}", "{{#if a}}", "{{#each a}}{{/if}}", "{{#if a}}{{else}}{{else}}{{/if}}",
            "{{#each a}}{{else}}{{/each}}", "{{#if}}{{/if}}", "{{@}}", "{{@@a}}", "{{#unless a}}{{/unless}}",
        ])
    func refusedBraces(_ source: String) {
        #expect(throws: PrintTemplateError.self) { try PrintTemplate(parsing: source) }
    }

    @Test("an unclosed section is named by its own line")
    func unclosed() {
        let expected = PrintTemplateError("a section is not closed", line: 2)
        #expect(throws: expected) { try PrintTemplate(parsing: "{{#if a}}\n{{#if b}}\n\n") }
    }

    @Test("a style sheet ends at its closing tag in either case, and nowhere a browser would end it earlier")
    func styleEnds() throws {
        _ = try PrintTemplate(parsing: "<style>ul > li { margin: 0 }</STYLE>{{a}}")
        #expect(throws: PrintTemplateError.self) {
            try PrintTemplate(parsing: "<style></style ><b></style>{{a}}")
        }
    }

    @Test("sections nest to the limit and not beyond")
    func nesting() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "{{#if a}}", count: depth) + String(repeating: "{{/if}}", count: depth)
        }
        _ = try PrintTemplate(parsing: nested(PrintTemplate.Limits.depth))
        #expect(throws: PrintTemplateError.self) {
            try PrintTemplate(parsing: nested(PrintTemplate.Limits.depth + 1))
        }
    }

    @Test("a source is as long as the limit and no longer")
    func sourceLimit() throws {
        let longest = String(repeating: "x", count: PrintTemplate.Limits.sourceBytes)
        _ = try PrintTemplate(parsing: longest)
        #expect(throws: PrintTemplateError.self) { try PrintTemplate(parsing: longest + "x") }
    }

    struct Print: Sendable {
        let source: String
        let value: String
        let page: String
    }

    @Test(
        "a value is escaped for its place",
        arguments: [
            Print(source: "<p>{{v}}</p>", value: "<b>&\"'", page: "<p>&lt;b&gt;&amp;&quot;&#39;</p>"),
            Print(
                source: "<p title='{{v}}'>", value: "' onclick='x", page: "<p title='&#39; onclick=&#39;x'>"),
            Print(source: "<p title=\"{{v}}\">", value: "\">", page: "<p title=\"&quot;&gt;\">"),
            Print(source: "{{v}}", value: "{{w}}", page: "{{w}}"),
            Print(source: "{{v}}", value: "a\u{0}b", page: "a\u{FFFD}b"),
            Print(source: "<a href=\"{{v}}\">", value: "JavaScript:x", page: "<a href=\"\">"),
            Print(
                source: "<a href=\"{{v}}\">", value: "https://a/?b&c", page: "<a href=\"https://a/?b&amp;c\">"
            ),
            Print(source: "<img src=\"{{v}}\">", value: "https://a/b.png", page: "<img src=\"\">"),
            Print(
                source: "<img src=\"{{v}}\">", value: "data:image/png;base64,AA==",
                page: "<img src=\"data:image/png;base64,AA==\">"),
        ])
    func escaping(_ print: Print) throws {
        let template = try PrintTemplate(parsing: print.source)
        #expect(try template.render(["v": .text(print.value), "w": .text("no")]) == print.page)
    }

    @Test("lines repeat, @ reaches the document, and what is not there prints nothing")
    func sections() throws {
        let template = try PrintTemplate(
            parsing:
                "{{#each lines}}{{n}}{{@n}}{{total}};{{/each}}{{#if terms}}T{{else}}-{{/if}}{{account.name}}")
        let document: [String: PrintValue] = [
            "n": .text("D"), "total": .text("hidden from lines"), "terms": .text(""),
            "lines": .many([["n": .text("1")], ["n": .text("2")]]),
        ]
        #expect(try template.render(document) == "1D;2D;-")
    }

    @Test("a page is as long as the limit and no longer, even one that prints nothing")
    func outputLimit() throws {
        let items = [PrintValue.many(Array(repeating: [:], count: 4))]
        let template = try PrintTemplate(parsing: "{{#each l}}xx{{/each}}")
        #expect(try template.render(["l": items[0]], limitBytes: 8) == "xxxxxxxx")
        #expect(throws: PrintTemplateError.self) { try template.render(["l": items[0]], limitBytes: 7) }
        let silent = try PrintTemplate(parsing: "{{#each l}}{{/each}}")
        #expect(throws: PrintTemplateError.self) { try silent.render(["l": items[0]], limitBytes: 4) }
    }

    static let shape: [String: PrintShape] = [
        "number": .value, "account": .one(["name": .value]), "lines": .many(["quantity": .value]),
    ]

    @Test(
        "fields that exist pass",
        arguments: ["{{number}}{{#each lines}}{{quantity}}{{@account.name}}{{/each}}{{#if account}}x{{/if}}"])
    func known(_ source: String) throws {
        try PrintTemplate(parsing: source).check(against: Self.shape)
    }

    @Test(
        "a path that names no field is refused when it is saved",
        arguments: [
            "{{nothing}}", "{{account}}", "{{lines}}", "{{lines.quantity}}", "{{number.x}}",
            "{{account.secret}}",
            "{{quantity}}", "{{#each number}}{{/each}}", "{{#each lines}}{{number}}{{/each}}",
            "{{#if nothing}}{{/if}}",
            "{{#if number}}{{else}}{{nothing}}{{/if}}",
        ])
    func unknown(_ source: String) throws {
        let template = try PrintTemplate(parsing: source)
        #expect(throws: PrintTemplateError.self) { try template.check(against: Self.shape) }
    }

    @Test("a misspelt field is answered with the near one and its line")
    func suggestion() throws {
        let template = try PrintTemplate(parsing: "\n{{acount.name}}")
        let expected = PrintTemplateError(
            "\"acount.name\" names no field \"acount\"", hint: "Did you mean \"account\"?", line: 2)
        #expect(throws: expected) { try template.check(against: Self.shape) }
    }
}
