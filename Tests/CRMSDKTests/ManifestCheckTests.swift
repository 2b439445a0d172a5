import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Manifest checks")
struct ManifestCheckTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let problem: String
        let make: @Sendable (inout ModuleManifest) -> Void
        var testDescription: String { problem }

        init(_ problem: String, _ make: @escaping @Sendable (inout ModuleManifest) -> Void) {
            self.problem = problem
            self.make = make
        }
    }

    private static func sound() -> ModuleManifest {
        var manifest = ModuleManifest("parts", version: "1.2.0", label: "Parts", summary: "Keeps parts.")
        manifest.entities = [part]
        return manifest
    }

    private static let part = EntityDefinition(
        "part", label: "Part", plural: "Parts",
        fields: [
            .text("name", "Name"), .reference("currency", "Currency", to: "currency"),
            .money("price", "Price", currencyField: "currency"), .autonumber("part_no", "Number", "PRT000"),
            .picklist("kind", "Kind", labels: ["300-Bolt", "Nut"]).defaulting(to: "nut"),
        ]
    ).labelled(by: "name").sorted(by: "name").listing("name", "owner").index("owner", "price")

    private static func withField(_ field: FieldDefinition) -> @Sendable (inout ModuleManifest) -> Void {
        { $0.entities[0].fields.append(field) }
    }

    @Test("a sound manifest has no problems")
    func sound() {
        #expect(ManifestCheck.problems(Self.sound()) == [])
    }

    @Test(
        "each fault is named",
        arguments: [
            Fault("entity \"part\" is defined twice", { $0.entities.append(part) }),
            Fault("label names the unknown field \"title\"", { $0.entities[0].labelFields = ["title"] }),
            Fault(
                "default sort names the unknown field \"size\"", { $0.entities[0].defaultSort = ["-size"] }),
            Fault("list names the unknown field \"size\"", { $0.entities[0].listFields = ["size"] }),
            Fault("index names the unknown field \"size\"", { $0.entities[0].indexes = [["size"]] }),
            Fault("no field labels its records", { $0.entities[0].labelFields = [] }),
            Fault("a label is empty", { $0.entities[0].pluralLabel = "" }),
            Fault("field \"name\" is defined twice", withField(.text("name", "Name"))),
            Fault("\"version\" is a system field", withField(.integer("version", "Version"))),
            Fault("field \"Size\" is not snake case", withField(.integer("Size", "Size"))),
            Fault("begins with x_", withField(.integer("x_size", "Size"))),
            Fault("has no label", withField(.integer("size", ""))),
            Fault("has a scale beyond 0–6", withField(.decimal("size", "Size", scale: 7))),
            Fault("has no room for text", withField(.text("size", "Size", maximumLength: 0))),
            Fault("has no values", withField(.picklist("size", "Size", []))),
            Fault("has the value \"a\" twice", withField(.picklist("size", "Size", labels: ["A", "a"]))),
            Fault(
                "has the default \"c\"",
                withField(.picklist("size", "Size", labels: ["A"]).defaulting(to: "c"))),
            Fault("has the default \"yes\"", withField(.boolean("size", "Size").defaulting(to: "yes"))),
            Fault("has the default \"1.5\"", withField(.integer("size", "Size").defaulting(to: "1.5"))),
            Fault("has no pattern", withField(.autonumber("size", "Size", "P0A0"))),
            Fault("has no pattern", withField(.autonumber("size", "Size", "PART"))),
            Fault("refers to \"Part\"", withField(.reference("size", "Size", to: "Part"))),
            Fault("is not a reference to currency", withField(.money("cost", "Cost", currencyField: "name"))),
            Fault(
                "does not begin with \"parts_\"",
                {
                    $0.extensions = [EntityExtension("account", fields: [.integer("size", "Size")])]
                }),
            Fault(
                "the entity is the module's own",
                {
                    $0.extensions = [EntityExtension("part", fields: [.integer("parts_size", "Size")])]
                }),
            Fault(
                "hook \"check\" is defined twice",
                {
                    $0.hooks = [
                        .init("check", on: "part", [.beforeCreate], pass),
                        .init("check", on: "part", [.afterCreate], pass),
                    ]
                }),
            Fault("hook \"check\" never runs", { $0.hooks = [Hook("check", on: "part", [], pass)] }),
            Fault("action \"Count\" is not snake case", { $0.actions = [action("Count", "Counts.")] }),
            Fault("action \"count\" has no summary", { $0.actions = [action("count", "")] }),
            Fault(
                "job \"tidy\" has no time between runs", { $0.jobs = [Job("tidy", everySeconds: 0, rest)] }),
            Fault("not numbered 1, 2, 3", { $0.migrations = [Migration(2, version: "1.0.0", "x", rest)] }),
            Fault(
                "later than the module's 1.2.0",
                { $0.migrations = [Migration(1, version: "1.3.0", "x", rest)] }),
            Fault(
                "not in the order of their versions",
                {
                    $0.migrations = [
                        Migration(1, version: "1.2.0", "x", rest), Migration(2, version: "1.1.0", "y", rest),
                    ]
                }),
            Fault(
                "the module depends on itself",
                { $0.dependencies = [ModuleDependency("parts", from: "1.0.0")] }),
            Fault("the module has no summary", { $0.summary = "" }),
        ])
    func fault(_ fault: Fault) {
        var manifest = Self.sound()
        fault.make(&manifest)
        let problems = ManifestCheck.problems(manifest)
        #expect(problems.contains { $0.contains(fault.problem) }, "\(problems)")
    }

    @Test(
        "a name is snake case, begins with a letter and has at most 47 characters",
        arguments: [
            ("sales", true), ("price_book2", true), ("a", true), ("", false), ("Sales", false), ("2d", false),
            ("_a", false), ("a_", false), ("a__b", false), ("a-b", false), ("a b", false), ("å", false),
            (String(repeating: "a", count: 47), true), (String(repeating: "a", count: 48), false),
        ])
    func name(_ name: String, _ isName: Bool) {
        #expect(ManifestCheck.isName(name) == isName)
    }

    private static func action(_ name: String, _ summary: String) -> Action {
        Action(name, .reads, summary: summary) { (_, _) throws(CRMError) in .value(.null) }
    }

    @Sendable private static func pass(_ change: inout RecordChange, _ context: any ModuleContext)
        throws(CRMError)
    {}

    @Sendable private static func rest(_ context: any ModuleContext) throws(CRMError) {}
}
