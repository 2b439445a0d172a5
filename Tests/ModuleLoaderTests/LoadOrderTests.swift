import CRMSDK
import ModuleLoader
import TestRandom
import Testing

@Suite("Load order")
struct LoadOrderTests {
    private func manifest(_ name: String, _ version: SemanticVersion = "1.0.0", needs: String...)
        -> ModuleManifest
    {
        manifest(name, version, dependencies: needs.map { ModuleDependency($0, from: "1.0.0") })
    }

    private func manifest(
        _ name: String, _ version: SemanticVersion, dependencies: [ModuleDependency]
    ) -> ModuleManifest {
        var manifest = ModuleManifest(name, version: version, label: name, summary: name)
        manifest.dependencies = dependencies
        return manifest
    }

    private func names(_ manifests: [ModuleManifest]) throws -> [String] {
        try LoadOrder.order(manifests).map(\.name)
    }

    @Test("dependencies come first, the rest by name, whatever the order given")
    func order() throws {
        let set = [
            manifest("zeta"), manifest("alpha", needs: "zeta", "beta"), manifest("beta", needs: "zeta"),
            manifest("gamma"),
        ]
        #expect(try names(set) == ["gamma", "zeta", "beta", "alpha"])
        #expect(try names(set.reversed()) == ["gamma", "zeta", "beta", "alpha"])
        #expect(try names([]) == [])
    }

    @Test("every random acyclic set is ordered with dependencies first")
    func property() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        for _ in 0..<200 {
            let count = Int.random(in: 1...12, using: &random)
            let all = (0..<count).map { index in
                let needs = (0..<index).filter { _ in Bool.random(using: &random) }
                return manifest(
                    "m\(index)", "1.0.0",
                    dependencies: needs.map { ModuleDependency("m\($0)", from: "1.0.0") })
            }.shuffled(using: &random)
            var placed: Set<String> = []
            for manifest in try LoadOrder.order(all) {
                #expect(manifest.dependencies.allSatisfy { placed.contains($0.name) }, "seed \(seed)")
                placed.insert(manifest.name)
            }
            #expect(placed.count == count, "seed \(seed)")
        }
    }

    @Test("what is missing, too old, of another major number, circular or double is named")
    func refusals() {
        let cases: [([ModuleManifest], String)] = [
            (
                [manifest("quotes", needs: "sales")],
                "module \"quotes\" needs module \"sales\", which is not enabled"
            ),
            (
                [
                    manifest("quotes", "1.0.0", dependencies: [ModuleDependency("sales", from: "1.2.0")]),
                    manifest("sales", "1.1.9"),
                ], "module \"quotes\" needs module \"sales\" 1.2.0, but 1.1.9 is there"
            ),
            (
                [
                    manifest("quotes", "1.0.0", dependencies: [ModuleDependency("sales", from: "1.2.0")]),
                    manifest("sales", "2.0.0"),
                ], "module \"quotes\" needs module \"sales\" 1.2.0, but 2.0.0 is there"
            ),
            (
                [manifest("a", needs: "b"), manifest("b", needs: "c"), manifest("c", needs: "b")],
                "modules need each other in a circle: b → c → b"
            ),
            ([manifest("a", needs: "a")], "modules need each other in a circle: a → a"),
            ([manifest("a"), manifest("a")], "there are two modules named \"a\""),
        ]
        for (set, message) in cases {
            let error = #expect(throws: CRMError.self) { try LoadOrder.order(set) }
            #expect(error?.message == message)
            #expect(error?.hint != nil)
        }
    }

    @Test("who must be disabled with a module, those that nobody needs first")
    func dependants() {
        let set = [
            manifest("base"), manifest("a", needs: "base", "b"), manifest("b", needs: "base"),
            manifest("c", needs: "a"), manifest("other"),
        ]
        #expect(LoadOrder.dependants(of: "base", among: set) == ["c", "a", "b"])
        #expect(LoadOrder.dependants(of: "c", among: set) == [])
        #expect(LoadOrder.dependants(of: "unknown", among: set) == [])
    }
}
