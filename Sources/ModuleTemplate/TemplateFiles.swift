/// The files of a new module. `@NAME@` is the module's name, `@TYPE@` the one of its Swift types, `@LABEL@` what people
/// read; `@SDK@` and `@TESTING@` are folders.
enum TemplateFiles {
    static let all: [(path: String, text: String)] = [
        ("Package.swift", package),
        ("README.md", readme),
        (".gitignore", ".build/\n"),
        ("Sources/Entry.swift", entry),
        ("Sources/@TYPE@Module.swift", manifest),
        ("Sources/Item.swift", entity),
        ("Sources/ItemSummary.swift", action),
        ("Sources/Migrations.swift", migrations),
        ("Tests/@TYPE@ModuleTests/ItemTests.swift", tests),
    ]

    private static let package = #"""
        // swift-tools-version: 6.2
        import PackageDescription

        let strict: [SwiftSetting] = [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
        ]

        let package = Package(
            name: "@TYPE@",
            products: [.library(name: "@TYPE@Module", type: .dynamic, targets: ["@TYPE@Module"])],
            dependencies: [.package(path: "@SDK@"), .package(path: "@TESTING@")],
            targets: [
                .target(
                    name: "@TYPE@Module",
                    dependencies: [
                        .product(name: "CRMSDK", package: "CRMSDK"), .product(name: "CModuleABI", package: "CRMSDK"),
                    ],
                    path: "Sources",
                    // The name in the library's stamp, which the kernel reads before it loads the file.
                    swiftSettings: strict + [.unsafeFlags(["-Xcc", "-DCRM_MODULE_NAME=@NAME@"])]),
                .testTarget(
                    name: "@TYPE@ModuleTests",
                    dependencies: [
                        "@TYPE@Module", .product(name: "CRMSDK", package: "CRMSDK"),
                        .product(name: "CRMSDKTesting", package: "CRMSDKTesting"),
                    ],
                    swiftSettings: strict),
            ]
        )

        """#

    private static let readme = """
        # @LABEL@

        What this module is for, and for whom, in a sentence or two.

        ## Records

        | entity | what it is |
        |---|---|
        | `@NAME@_item` | an item with a quantity; New → Active → Finished |

        ## Methods

        | method | what it does |
        |---|---|
        | `@NAME@.summary` | counts the items that the caller may view, by status |

        ## Build, test, enable

        ```sh
        swift test                # the conformance checks of every module, and this one's own tests
        swift build --configuration release
        crm-admin module enable .build/release/lib@TYPE@Module.so
        ```

        The module must be built by the compiler that built the kernel; otherwise the kernel refuses it and says so.

        """

    private static let entry = """
        import CModuleABI
        import CRMSDK

        /// The library's entry point, called once by the kernel after it has read the stamp from the file.
        @_cdecl("@NAME@_module_create")
        public func create@TYPE@Module() -> UnsafeMutableRawPointer {
            ModuleEntry.make(@TYPE@Module.self, stamp: crm_module_stamp_here())
        }

        """

    private static let manifest = """
        public import CRMSDK

        /// The module's table of contents; each line's meaning is in the file of its name.
        public struct @TYPE@Module: CRMModule {
            public init() {}

            public var manifest: ModuleManifest {
                var manifest = ModuleManifest(
                    "@NAME@", version: "1.0.0", label: "@LABEL@", summary: "Items with a quantity and a status.")
                manifest.entities = [Item.definition]
                manifest.relations = [Item.people]
                manifest.hooks = Item.hooks
                manifest.linkHooks = Item.linkHooks
                manifest.actions = [ItemSummary.action]
                manifest.migrations = Migrations.all
                manifest.fixtures = Item.fixtures
                return manifest
            }
        }

        """

    private static let entity = """
        import CRMSDK

        /// Something that there is a quantity of, with a life from new to finished. Rename it to what you deal in.
        enum Item {
            static let entity = "@NAME@_item"

            static let definition = EntityDefinition(
                entity, label: "Item", plural: "Items",
                fields: [
                    .text("item_name", "Name").mandatory().indexed(),
                    .autonumber("item_no", "Item number", "ITM00000"),
                    .decimal("quantity", "Quantity", scale: 2).range("0", nil),
                    .picklist("status", "Status", statuses).mandatory().defaulting(to: "new"),
                    .reference("account", "Account", to: "account").indexed(),
                    .datetime("finished_at", "Finished at").readOnly(),
                ]
            )
            .labelled(by: "item_no", "item_name")
            .sorted(by: "item_name")
            .listing("item_no", "item_name", "quantity", "status", "owner")
            .index("status", "item_name")

            static let hooks = [
                Hook("check_item_move", on: entity, [.beforeUpdate], checkMove),
                Hook("note_item_end", on: entity, [.beforeCreate, .beforeUpdate], noteEnd),
            ]

            /// Who has to do with an item, and since when.
            static let people = RelationDefinition(
                "@NAME@_people", from: entity, to: "contact", label: "People",
                fields: [.date("since", "Since")]
            ).inverse(label: "Items")

            static let linkHooks = [
                LinkHook("check_people", on: people.name, [.beforeLink], checkPeople)
            ]

            /// Records that come with the module, each under a key that stays.
            static let fixtures = [
                Fixture("example", entity, ["item_name": "Example"])
            ]

            /// Where each status leads is data: an administrator who adds one says with it what may follow.
            static let statuses = [
                PicklistValue("New").next("active", "finished").system(),
                PicklistValue("Active").next("finished").system(),
                PicklistValue("Finished").next("active").system(),
            ]

            @Sendable
            private static func checkMove(
                _ change: inout RecordChange, _ context: any ModuleContext
            ) throws(CRMError) {
                try LifeCycle.checkMove(change, "status", in: try context.definition(of: entity), context)
            }

            /// Nobody comes to an item that is finished; since when is today unless it is said.
            @Sendable
            private static func checkPeople(
                _ change: inout LinkChange, _ context: any ModuleContext
            ) throws(CRMError) {
                guard change.isNew else { return }
                let item = try context.get(entity, change.from)
                guard item["status"] != "finished" else {
                    throw CRMError(
                        .invalidRecord, "item \\(item.id) is finished", hint: "Take it up again first.")
                }
                if change["since"].isNull { change["since"] = .date(context.now.dateInUTC) }
            }

            @Sendable
            private static func noteEnd(
                _ change: inout RecordChange, _ context: any ModuleContext
            ) throws(CRMError) {
                guard change.changes("status") else { return }
                change["finished_at"] = change["status"] == "finished" ? .instant(context.now) : .null
            }
        }

        """

    private static let action = """
        import CRMSDK

        /// The method `@NAME@.summary`.
        enum ItemSummary {
            static let action = Action(
                "summary", .reads, summary: "Counts items by status.",
                description: "Counts the items that the caller may view, one row per status, in the statuses' order.",
                result: .object([
                    Parameter(
                        "statuses",
                        .list(
                            of: .object([
                                Parameter("status", .text, "The status's key."),
                                Parameter("count", .integer, "Items that have it."),
                            ])), "In their order.")
                ])
            ) { _, context throws(CRMError) in
                var rows: [StructuredValue] = []
                let definition = try context.definition(of: Item.entity)
                let statuses = definition.fields.first { $0.name == "status" }?.type.values ?? []
                for status in statuses {
                    let count = try context.count(Item.entity, where: .where("status", .equal, .text(status.key)))
                    rows.append(
                        .object([
                            "status": .value(.text(status.key)), "count": .value(.integer(Int64(count))),
                        ]))
                }
                return .object(["statuses": .list(rows)])
            }
        }

        """

    private static let migrations = """
        import CRMSDK

        /// The steps from older versions' data to this version's. Numbered from 1, append-only, each run once.
        enum Migrations {
            static let all: [Migration] = []
        }

        """

    private static let tests = """
        import CRMSDK
        import CRMSDKTesting
        import Testing

        @testable import @TYPE@Module

        @Suite("@LABEL@: items")
        struct ItemTests {
            private let context = TestModuleContext(
                modules: [@TYPE@Module()],
                entities: [
                    EntityDefinition(
                        "contact", label: "Contact", plural: "Contacts",
                        fields: [.text("last_name", "Last name").mandatory()])
                ], clock: TestClock("2026-03-10T09:00:00Z"))

            @Test("the module is what every module must be")
            func conformance() {
                #expect(Conformance.problems(of: @TYPE@Module.self) == [])
            }

            @Test("a finished item has its time, and loses it when it is taken up again")
            func end() throws {
                let item = try context.create(Item.entity, ["item_name": "First"])
                #expect(item["status"] == "new")
                let finished = try context.update(Item.entity, item.id, ["status": "finished"])
                #expect(finished["finished_at"] == .instant(context.now))
                let again = try context.update(Item.entity, item.id, ["status": "active"])
                #expect(again["finished_at"] == .null)
            }

            @Test("people come to an item until it is finished, and the day is noted")
            func people() throws {
                let item = try context.create(Item.entity, ["item_name": "First"])
                let people = try ["Noor", "Lin"].map {
                    try context.create("contact", ["last_name": .text($0)]).id
                }
                try context.link(item.id, Item.people.name, to: people[0])
                let linked = try context.related(item.id, RelatedRequest(Item.people.name))
                #expect(linked.map(\\.record.id) == [people[0]])
                #expect(linked.first?.link["since"] == .date(context.now.dateInUTC))
                _ = try context.update(Item.entity, item.id, ["status": "finished"])
                #expect(throws: CRMError.self) {
                    try context.link(item.id, Item.people.name, to: people[1])
                }
            }

            @Test("an active item does not become new again")
            func move() throws {
                let item = try context.create(Item.entity, ["item_name": "First", "status": "active"])
                #expect(throws: CRMError.self) {
                    try context.update(Item.entity, item.id, ["status": "new"])
                }
            }
        }

        """
}
