import CRMSDK
import Query
import Registry
import Storage
import TestRandom
import Testing

@Suite("Storage: the schema")
struct SchemaTests {
    private let test: TestDatabase

    init() throws { test = try TestDatabase() }

    private static let account = EntityDefinition(
        "account", label: "Account", plural: "Accounts",
        fields: [
            .text("name", "Name").mandatory().unique(),
            .picklist("industry", "Industry", labels: ["Banking", "Retail"]),
            .money("revenue", "Revenue"),
            .percent("margin", "Margin", scale: 1),
            .date("founded", "Founded"),
            .datetime("met_at", "Met at"),
            .boolean("active", "Active"),
            .reference("parent", "Parent", to: "account"),
            .text("city", "City"),
            .autonumber("number", "Number", "ACC00000"),
        ]
    ).labelled(by: "name").listing("name", "city").sorted(by: "name").index("industry", "city")

    private func load() throws -> StoredSchema { try SchemaStore.load(test.reader()) }

    @discardableResult
    private func apply(_ wanted: [SchemaPlanner.Wanted]) throws -> SchemaPlan {
        let plan = try SchemaPlanner.plan(load(), wanted: wanted)
        try apply(plan)
        return plan
    }

    private func apply(_ changes: [SchemaChange]) throws {
        try apply(SchemaPlanner.plan(load(), changes: changes))
    }

    private func apply(_ plan: SchemaPlan) throws {
        try test.writer.perform { t throws(CRMError) in try t.apply(plan) }
    }

    private func insert(_ columns: String, _ values: String) throws {
        try test.writer.perform { t throws(CRMError) in
            try t.execute(
                Statement(
                    "INSERT INTO e_account (created_at, modified_at, version, \(columns)) VALUES (0, 0, 1, \(values))"
                ))
        }
    }

    /// Inserts accounts as Records does, with their keys.
    private func insertNamed(_ name: String, deleted: Bool = false) throws {
        try test.writer.perform { t throws(CRMError) in
            try t.execute(
                Statement(
                    """
                    INSERT INTO e_account (created_at, modified_at, version, deleted_at, name, name__k)
                    VALUES (0, 0, 1, ?2, ?1, crm_key(?1))
                    """, [.text(name), deleted ? .integer(1) : .null]))
        }
    }

    @Test("a new entity is one step, its indexes one each, and a second plan is empty")
    func create() throws {
        let plan = try apply([("core", [Self.account], [])])
        #expect(plan.sentences.first == "create the entity \"account\" with 10 fields")
        #expect(plan.sentences.contains("add the unique index \"e_account.unique.name\""))
        #expect(plan.sentences.last == "renew the view \"account\"")
        let loaded = try load()
        #expect(loaded.generation == 1)
        #expect(loaded.entity(named: "account")?.definition == Self.account)
        #expect(try SchemaPlanner.plan(loaded, wanted: [("core", [Self.account], [])]).isEmpty)
    }

    @Test("the table has the indexes that lists walk, and no two for the same walk")
    func indexes() throws {
        try apply([("core", [Self.account], [])])
        let names = try test.texts(
            "SELECT name FROM sqlite_master WHERE tbl_name = 'e_account' AND type = 'index' ORDER BY name")
        #expect(
            names
                == [
                    "e_account.field.name", "e_account.field.number", "e_account.list.industry+city",
                    "e_account.modified",
                    "e_account.owner.modified", "e_account.owner.sort", "e_account.reference.parent",
                    "e_account.sort",
                    "e_account.unique.name", "e_account.unique.number",
                ].filter { $0 != "e_account.field.name" })
        let plan = try test.reader().queryPlan(
            Statement("SELECT id FROM e_account WHERE deleted_at IS NULL ORDER BY name__k, id LIMIT 50"))
        #expect(
            plan.contains { $0.contains("e_account.sort") } && !plan.contains { $0.contains("TEMP B-TREE") })
    }

    @Test("whether a number is taken, by a deleted record too, is looked up and not searched for")
    func numberLookUp() throws {
        try apply([("core", [Self.account], [])])
        let plan = try test.reader().queryPlan(
            Statement(
                "SELECT id FROM e_account WHERE number__k = ?1 AND id <> ?2 LIMIT 1",
                [.blob([1]), .integer(1)]))
        #expect(plan.contains { $0.contains("SEARCH") && $0.contains("e_account.field.number") }, "\(plan)")
    }

    struct Pair: Sendable, CustomTestStringConvertible {
        let first: String
        let second: String
        let collide: Bool
        var testDescription: String { "\(first.prefix(20)) / \(second.prefix(20))" }
    }

    @Test(
        "uniqueness compares texts folded; empty ones and deleted records do not count",
        arguments: [
            Pair(first: "Acme", second: "ACME", collide: true),
            Pair(first: "Müller", second: "muller", collide: true),
            Pair(first: "acme", second: "acme", collide: true),
            Pair(first: "Acme", second: "Acme 2", collide: false),
            Pair(first: "", second: "", collide: false),
            Pair(
                first: String(repeating: "a", count: 600), second: String(repeating: "a", count: 600),
                collide: true),
            Pair(
                first: String(repeating: "a", count: 600) + "1",
                second: String(repeating: "a", count: 600) + "2", collide: false),
            Pair(
                first: String(repeating: "é", count: 380), second: String(repeating: "É", count: 380),
                collide: true),
        ])
    func unique(_ pair: Pair) throws {
        try apply([("core", [Self.account], [])])
        try insertNamed(pair.first, deleted: true)
        try insertNamed(pair.first)
        guard pair.collide else { return try insertNamed(pair.second) }
        let error = #expect(throws: CRMError.self) { try insertNamed(pair.second) }
        #expect(error?.kind == .duplicate)
        #expect(error?.index == "e_account.unique.name")
        #expect(error?.fields.map(\.field) == ["name"])
    }

    @Test("an autonumber stays unique among deleted records")
    func autonumber() throws {
        try apply([("core", [Self.account], [])])
        try insert("number, number__k, deleted_at", "'ACC00001', crm_key('ACC00001'), 5")
        #expect(throws: CRMError.self) { try insert("number, number__k", "'ACC00001', crm_key('ACC00001')") }
        try insert("number, number__k", "'ACC00002', crm_key('ACC00002')")
    }

    @Test("the view shows what people can read, and no deleted records")
    func view() throws {
        try apply([("core", [Self.account], [])])
        try insert(
            "name, revenue, margin, founded, met_at, active, parent",
            "'Acme', -12345600, 125, 20454, 1790000000123, 1, 7")
        try insert("name, deleted_at", "'Gone', 1")
        try insert("name, revenue", "'Small', -5")
        let rows = try test.texts(
            """
            SELECT concat_ws FROM (SELECT name || '|' || revenue || '|' || coalesce(margin, '-') || '|'
            || coalesce(founded, '-') || '|' || coalesce(met_at, '-') || '|' || coalesce(parent, '-') AS concat_ws
            FROM account ORDER BY id)
            """)
        #expect(
            rows == [
                "Acme|-1234.5600|12.5|\(CalendarDate(daysSince1970: 20_454))|\(Instant(millisecondsSince1970: 1_790_000_000_123))|7",
                "Small|-0.0005|-|-|-|-",
            ])
    }

    @Test("instants in the view are exact to the millisecond, before 1970 too")
    func viewInstants() throws {
        try apply([("core", [Self.account], [])])
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed)
        let instants = (0..<200).map { _ in
            Instant(
                millisecondsSince1970: Int64.random(
                    in: -62_135_596_800_000...253_402_300_799_999, using: &random))
        }
        try test.writer.perform { t throws(CRMError) in
            for instant in instants {
                try t.execute(
                    Statement(
                        "INSERT INTO e_account (created_at, modified_at, version) VALUES (?1, 0, 1)",
                        [.integer(instant.millisecondsSince1970)]))
            }
        }
        #expect(
            try test.texts("SELECT created_at FROM account ORDER BY id") == instants.map(\.description),
            "seed \(seed)")
    }

    @Test("a field that becomes indexed gets its keys computed; one that no longer is loses them")
    func keys() throws {
        try apply([("core", [Self.account], [])])
        try insert("name, name__k, city, city__k", "'A', crm_key('A'), 'Köln', crm_key('Köln')")
        var changed = Self.account
        changed.indexes = []
        let drop = try apply([("core", [changed], [])])
        #expect(drop.sentences.contains("drop the keys \"city__k\" of \"account\""))
        #expect(drop.sentences.contains("drop the index \"e_account.list.industry+city\""))
        let rebuild = try apply([("core", [Self.account], [])])
        #expect(rebuild.sentences.contains("compute the keys of \"city\" of \"account\""))
        #expect(try test.integers("SELECT count(*) FROM e_account WHERE city__k = crm_key('Köln')") == [1])
        #expect(try test.texts("SELECT city FROM account") == ["Köln"])
    }

    @Test(
        "fields of administrators have a column by number, are renamed, deleted and restored without losing values"
    )
    func customFields() throws {
        try apply([("core", [Self.account], [])])
        try apply([.createField(entity: "account", .text("x_taste", "Taste").indexed())])
        let field = try #require(try load().entity(named: "account")?.field(named: "x_taste"))
        let column = field.placement.column
        #expect(column == "x\(field.placement.number)")
        try insert("\(column), \(column)__k", "'sweet', crm_key('sweet')")
        #expect(try test.texts("SELECT x_taste FROM account") == ["sweet"])

        try apply([.renameField(FieldName("account", "x_taste"), to: "x_flavour")])
        #expect(try test.texts("SELECT x_flavour FROM account") == ["sweet"])
        try apply([.deleteField(FieldName("account", "x_flavour"))])
        #expect(try load().registryEntities(enabledModules: [])[0]["x_flavour"] == nil)
        try apply([.restoreField(FieldName("account", "x_flavour"))])
        #expect(
            try test.integers("SELECT count(*) FROM e_account WHERE \(column)__k = crm_key('sweet')") == [1])
        // A module's own plan leaves what administrators made alone.
        #expect(try SchemaPlanner.plan(load(), wanted: [("core", [Self.account], [])]).isEmpty)
    }

    @Test("picklist values of administrators stay; those of a new version are appended")
    func picklists() throws {
        try apply([("core", [Self.account], [])])
        let industry = FieldName("account", "industry")
        try apply([
            .picklist(industry, .remove("banking")),
            .picklist(industry, .update("retail", label: "Shops", color: nil, attributes: nil)),
            .picklist(industry, .add([PicklistValue("farming", "Farming")], before: nil)),
        ])
        var next = Self.account
        next.fields[1] = .picklist("industry", "Industry", labels: ["Retail", "Banking", "Software"])
        try apply([("core", [next], [])])
        let values = try load().entity(named: "account")?.field(named: "industry")?.placement.definition.type
            .values
        #expect(values?.map(\.label) == ["Shops", "Farming", "Software"])
    }

    @Test(
        "an extension sleeps until its entity is there, is hidden with its module, and goes with its definition"
    )
    func extensions() throws {
        let addition = EntityExtension("account", fields: [.integer("sales_rank", "Rank")])
        #expect(try SchemaPlanner.plan(load(), wanted: [("sales", [], [addition])]).isEmpty)
        try apply([("sales", [], [addition]), ("core", [Self.account], [])])
        let schema = try load()
        #expect(try schema.registryEntities(enabledModules: ["sales"])[0]["sales_rank"] != nil)
        #expect(try schema.registryEntities(enabledModules: [])[0]["sales_rank"] == nil)
        let plan = try apply([("sales", [], [])])
        #expect(plan.sentences.first == "delete the field \"sales_rank\" of \"account\"; its values are kept")
        try apply([("sales", [], [addition])])
        #expect(try load().registryEntities(enabledModules: ["sales"])[0]["sales_rank"] != nil)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let plan: @Sendable (StoredSchema) throws -> SchemaPlan
        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        Refusal(name: "another type") { schema in
            var changed = account
            changed.fields[8] = .integer("city", "City")
            return try SchemaPlanner.plan(schema, wanted: [("core", [changed], [])])
        },
        Refusal(name: "another scale") { schema in
            var changed = account
            changed.fields[3] = .percent("margin", "Margin", scale: 2)
            return try SchemaPlanner.plan(schema, wanted: [("core", [changed], [])])
        },
        Refusal(name: "another module's entity") { schema in
            try SchemaPlanner.plan(schema, wanted: [("sales", [account], [])])
        },
        Refusal(name: "another module's field") { schema in
            try SchemaPlanner.plan(
                schema, wanted: [("sales", [], [EntityExtension("account", fields: [.text("city", "City")])])]
            )
        },
        Refusal(name: "a definition that breaks a rule") { schema in
            var changed = account
            changed.labelFields = ["nickname"]
            return try SchemaPlanner.plan(schema, wanted: [("core", [changed], [])])
        },
    ]

    @Test("a plan is refused for", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        try apply([("core", [Self.account], [])])
        let schema = try load()
        #expect(throws: CRMError.self) { _ = try refusal.plan(schema) }
    }

    @Test("a plan made for an older schema is refused, and nothing of it is done")
    func stale() throws {
        let plan = try SchemaPlanner.plan(load(), wanted: [("core", [Self.account], [])])
        try apply(plan)
        let error = #expect(throws: CRMError.self) { try apply(plan) }
        #expect(error?.kind == .versionConflict)
        #expect(try load().generation == 1)
    }

    @Test("a unique index over values that are not unique undoes the whole plan")
    func notUnique() throws {
        try apply([("core", [Self.account], [])])
        for _ in 0..<2 { try insert("city, city__k", "'Rome', crm_key('Rome')") }
        var changed = Self.account
        changed.fields[8] = .text("city", "City").unique()
        let before = try load()
        let error = #expect(throws: CRMError.self) { try apply([("core", [changed], [])]) }
        #expect(error?.kind == .duplicate)
        #expect(try load().generation == before.generation)
        #expect(try SchemaPlanner.plan(load(), wanted: [("core", [Self.account], [])]).isEmpty)
    }

    @Test("a module may bring entities and extend older ones in one plan; every field has its own number")
    func extensionBesideEntities() throws {
        try apply([("core", [Self.account], [])])
        let vendor = EntityDefinition(
            "vendor", label: "Vendor", plural: "Vendors", fields: [.text("name", "Name")]
        ).labelled(by: "name")
        let addition = EntityExtension(
            "account", fields: [.reference("trade_vendor", "Vendor", to: "vendor")])
        let wanted: [SchemaPlanner.Wanted] = [("core", [Self.account], []), ("trade", [vendor], [addition])]
        try apply(wanted)
        let loaded = try load()
        let numbers = loaded.entities.flatMap { $0.fields.map(\.placement.number) }
        #expect(numbers.sorted() == Array(1...12))
        #expect(loaded.nextFieldNumber == 13)
        #expect(loaded.nextEntityNumber == 3)
        #expect(try SchemaPlanner.plan(loaded, wanted: wanted).isEmpty)
    }

    @Test("modules are stored and read back")
    func modules() throws {
        let module = StoredModule(
            name: "sales", version: "1.2.3", sha256: "ab", isEnabled: true, label: "Sales",
            manifest: #"{"a":1}"#,
            enabledAt: Instant(millisecondsSince1970: 5))
        try test.writer.perform { t throws(CRMError) in try t.store(module) }
        #expect(try load().modules == [module])
    }

    /// Any sequence of wishes, each applied: the database has what was wished, and wishing again does nothing.
    @Test("after any plan a second plan of the same wish is empty", arguments: 0..<12)
    func property(round: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed)
        for _ in 0..<6 {
            let wanted = Self.randomDefinition(using: &random)
            try apply([("core", [wanted], [])])
            let schema = try load()
            #expect(
                try SchemaPlanner.plan(schema, wanted: [("core", [wanted], [])]).sentences == [],
                "seed \(seed)")
            let stored = try #require(schema.entity(named: "thing"))
            #expect(Set(stored.definition.fields) == Set(wanted.fields), "seed \(seed)")
            // The view names every column: it must be there and read.
            #expect(try test.integers("SELECT count(*) FROM thing") == [0], "seed \(seed)")
            if Bool.random(using: &random) {
                let number = schema.nextFieldNumber
                try apply([.createField(entity: "thing", .text("x_f\(number)", "F").indexed())])
                try apply([.deleteField(FieldName("thing", "x_f\(number)"))])
            }
        }
    }

    private static func randomDefinition(using random: inout SeededRandom) -> EntityDefinition {
        let possible: [FieldDefinition] = [
            .text("title", "Title"), .text("code", "Code"), .integer("count", "Count"),
            .money("price", "Price"),
            .date("day", "Day"), .reference("other", "Other", to: "thing"), .longtext("notes", "Notes"),
            .picklist("kind", "Kind", labels: ["One", "Two"]),
        ]
        var fields = possible.filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
        if fields.isEmpty { fields = [possible[0]] }
        let names = fields.map(\.name)
        for index in fields.indices where fields[index].name != "notes" {
            if Int.random(in: 0..<3, using: &random) == 0 { fields[index].isIndexed = true }
            if Int.random(in: 0..<4, using: &random) == 0 { fields[index].isUnique = true }
            if Bool.random(using: &random) { fields[index].help = "Help \(random.next() % 10)" }
        }
        let sortable = names.filter { $0 != "notes" }
        var definition = EntityDefinition("thing", label: "Thing", plural: "Things", fields: fields)
        definition.labelFields = [names[0]]
        if let sort = sortable.randomElement(using: &random) {
            definition.defaultSort = [Bool.random(using: &random) ? "-" + sort : sort]
            definition.indexes = [[sort], sortable]
        }
        return definition
    }
}
