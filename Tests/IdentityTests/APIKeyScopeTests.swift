import CRMSDK
import Identity
import Testing

@Suite("API key scopes: module and verb")
struct APIKeyScopeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let scopes: [String], verb: AccessVerb, module: String, isPermitted: Bool
        var testDescription: String { "\(scopes): \(verb.name) in \(module) \(isPermitted ? "yes" : "no")" }
    }

    @Test(
        "a scope permits its verb in its module and nothing else",
        arguments: [
            Case(scopes: ["*"], verb: .delete, module: "inventory", isPermitted: true),
            Case(scopes: ["sales:view"], verb: .view, module: "sales", isPermitted: true),
            Case(scopes: ["sales:view"], verb: .edit, module: "sales", isPermitted: false),
            Case(scopes: ["sales:view"], verb: .view, module: "support", isPermitted: false),
            Case(scopes: ["sales:*"], verb: .export, module: "sales", isPermitted: true),
            Case(scopes: ["sales:*"], verb: .view, module: "sales_plus", isPermitted: false),
            Case(scopes: ["sales:view", "sales:edit"], verb: .edit, module: "sales", isPermitted: true),
            Case(scopes: ["sales:view", "sales:edit"], verb: .delete, module: "sales", isPermitted: false),
            Case(scopes: ["sales:*", "sales:view"], verb: .delete, module: "sales", isPermitted: true),
            Case(scopes: ["sales:view", "*"], verb: .delete, module: "support", isPermitted: true),
            Case(
                scopes: ["sales:convert_lead"], verb: .utility("convert_lead"), module: "sales",
                isPermitted: true),
        ])
    func permits(_ item: Case) throws {
        #expect(try APIKeyScopes(item.scopes).permits(item.verb, in: item.module) == item.isPermitted)
    }

    @Test(
        "what is no scope is refused",
        arguments: [
            "", "sales", "sales:", ":view", "*:view", "sales:view:all", "Sales:view", "sales view", "**",
        ])
    func refused(text: String) {
        #expect(throws: CRMError.self) { try APIKeyScopes([text]) }
        #expect(throws: CRMError.self) { try APIKeyScopes(["*", text]) }
    }

    @Test("a key has 1 to 100 scopes")
    func limits() throws {
        let hundred = (0..<100).map { "m\($0):view" }
        #expect(throws: CRMError.self) { try APIKeyScopes([]) }
        #expect(try APIKeyScopes(hundred).texts.count == 100)
        #expect(throws: CRMError.self) { try APIKeyScopes(hundred + ["sales:view"]) }
    }

    @Test("what scopes are written as reads as the same scopes")
    func roundTrip() throws {
        for texts in [["*"], ["sales:*", "support:view"], ["a:edit", "a:view", "b:*"]] {
            let scopes = try APIKeyScopes(texts)
            #expect(scopes.texts == texts)
            #expect(try APIKeyScopes(scopes.texts) == scopes)
        }
    }
}
