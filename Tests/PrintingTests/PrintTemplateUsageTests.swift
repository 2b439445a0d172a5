import Testing

@testable import Printing

@Suite("What a print template uses")
struct PrintTemplateUsageTests {
    @Test("names in sections belong to the list, those with @ to the document")
    func usage() throws {
        let template = try PrintTemplate(
            parsing:
                "{{a}}{{b.c}}{{#each lines}}{{d.e}}{{@f}}{{#if g}}{{h}}{{/if}}{{/each}}{{#if i}}{{else}}{{b.j}}{{/if}}"
        )
        let usage = template.usage
        #expect(Set(usage.names.keys) == ["a", "b", "f", "i", "lines"])
        #expect(usage["b"].map { Set($0.names.keys) } == ["c", "j"])
        #expect(usage["lines"].map { Set($0.names.keys) } == ["d", "g", "h"])
        #expect(usage["lines"]?["d"]?["e"] != nil)
    }

    @Test("an amount of zero is printed, and is nothing to ask for")
    func nothing() throws {
        let template = try PrintTemplate(parsing: "{{#if tax}}tax{{else}}none{{/if}} {{tax}}")
        #expect(try template.render(["tax": .nothing("0.00")]) == "none 0.00")
        #expect(try template.render(["tax": .text("0.01")]) == "tax 0.01")
    }
}
