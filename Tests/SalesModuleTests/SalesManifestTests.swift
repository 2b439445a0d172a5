import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Sales: manifest")
struct SalesManifestTests {
    @Test("the module passes the checks that every module passes")
    func conforms() throws {
        let module = try BuiltModule.load("sales")
        #expect(Conformance.problems(of: type(of: module)) == [])
    }

    @Test("stages have the classes and probabilities that the pipeline is known by")
    func stages() throws {
        let potential = try Office().context.definition(of: "potential")
        let stages = potential.fields.first { $0.name == "sales_stage" }?.type.values ?? []
        let facts = stages.map {
            "\($0.label) \($0.attributes["class"] ?? "") \($0.attributes["probability"] ?? "")"
        }
        #expect(
            facts == [
                "Prospecting open 10", "Qualification open 20", "Needs Analysis open 25",
                "Value Proposition open 30", "Id. Decision Makers open 40", "Perception Analysis open 50",
                "Proposal/Price Quote open 65", "Negotiation/Review open 80", "Closed Won won 100",
                "Closed Lost lost 0",
            ])
    }
}
