import CRMSDK
import Registry
import Storage
import Testing

@Suite("Schema: what administrators change")
struct SchemaChangeTests {
    private static let account = EntityDefinition(
        "account", label: "Account", plural: "Accounts",
        fields: [
            .text("name", "Name").mandatory(),
            .picklist(
                "stage", "Stage",
                [
                    PicklistValue("open", "Open"), PicklistValue("won", "Won").stateClass("won").system(),
                    PicklistValue("lost", "Lost"),
                ]
            ).defaulting(to: "open"),
            .integer("size", "Size").section("Figures"), .text("city", "City"),
        ]
    ).labelled(by: "name").sorted(by: "name").listing("name", "city")

    /// A schema in memory: plans are laid over it as applying them would.
    private static func schema(after changes: [SchemaChange] = []) throws -> StoredSchema {
        let test = try TestDatabase()
        func apply(_ plan: (StoredSchema) throws -> SchemaPlan) throws {
            let plan = try plan(SchemaStore.load(test.reader()))
            try test.writer.perform { transaction throws(CRMError) in try transaction.apply(plan) }
        }
        try apply { try SchemaPlanner.plan($0, wanted: [("core", [account], [])]) }
        for change in changes { try apply { try SchemaPlanner.plan($0, changes: [change]) } }
        return try SchemaStore.load(test.reader())
    }

    private static func site(_ name: String = "x_site") -> SchemaChange {
        var site = EntityDefinition(
            name, label: "Site", plural: "Sites", fields: [.text("x_name", "Name").mandatory()])
        site.labelFields = ["x_name"]
        site.defaultSort = ["x_name"]
        return .createEntity(site)
    }

    private static let taste = FieldName("account", "x_taste")
    private static let withTaste: [SchemaChange] = [
        .createField(entity: "account", .text("x_taste", "Taste"))
    ]

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        var given: [SchemaChange] = []
        let change: SchemaChange
        /// A part of the message.
        let says: String
        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        Refusal(name: "an entity without x_", change: site("site"), says: "must be x_"),
        Refusal(name: "an entity of x_ alone", change: site("x_"), says: "must be x_"),
        Refusal(name: "an entity in capitals", change: site("x_Site"), says: "must be x_"),
        Refusal(
            name: "an entity of 61 characters", change: site("x_" + String(repeating: "a", count: 59)),
            says: "60"),
        Refusal(name: "an entity twice", given: [site()], change: site(), says: "already"),
        Refusal(
            name: "an entity that was deleted", given: [site(), .deleteEntity("x_site")], change: site(),
            says: "already"),
        Refusal(
            name: "deleting a module's entity", change: .deleteEntity("account"), says: "belongs to a module"),
        Refusal(
            name: "purging what is not deleted", given: [site()], change: .purgeEntity("x_site"),
            says: "not deleted"),
        Refusal(
            name: "a list of a field that is not there",
            change: {
                var patch = EntityPatch(); patch.listFields = ["nickname"];
                return .updateEntity("account", patch)
            }(),
            says: "no field \"nickname\""),
        Refusal(
            name: "a field without x_", change: .createField(entity: "account", .text("taste", "Taste")),
            says: "x_"),
        Refusal(
            name: "a field twice", given: withTaste,
            change: .createField(entity: "account", .text("x_taste", "T")),
            says: "already"),
        Refusal(
            name: "a field of no entity", change: .createField(entity: "nothing", .text("x_a", "A")),
            says: "does not exist"),
        Refusal(
            name: "a reference to nothing",
            change: .createField(entity: "account", .reference("x_a", "A", to: "nothing")),
            says: "does not exist"),
        Refusal(
            name: "a system field", change: .deleteField(FieldName("account", "owner")), says: "the system's"),
        Refusal(
            name: "deleting a module's field", change: .deleteField(FieldName("account", "city")),
            says: "module"),
        Refusal(
            name: "renaming a module's field",
            change: .renameField(FieldName("account", "city"), to: "x_town"),
            says: "module"),
        Refusal(
            name: "another type for a module's field",
            change: .changeType(FieldName("account", "city"), to: .integer, emptiesUnfit: false),
            says: "module"),
        Refusal(
            name: "renaming to a name without x_", given: withTaste, change: .renameField(taste, to: "taste"),
            says: "x_"),
        Refusal(
            name: "the type that it has", given: withTaste,
            change: .changeType(taste, to: .text(), emptiesUnfit: false),
            says: "already"),
        Refusal(
            name: "a type that nothing converts to", given: withTaste,
            change: .changeType(taste, to: .autonumber("A000"), emptiesUnfit: true),
            says: "cannot change its type"),
        Refusal(
            name: "what a module needs mandatory",
            change: {
                var patch = FieldPatch()
                patch.isMandatory = false
                return .updateField(FieldName("account", "name"), patch)
            }(), says: "its module needs it so"),
        Refusal(
            name: "another range for a module's field",
            change: {
                var patch = FieldPatch()
                patch.maximum = "5"
                return .updateField(FieldName("account", "size"), patch)
            }(), says: "range"),
        Refusal(
            name: "a list for what has none",
            change: .picklist(FieldName("account", "city"), .retire("rome")), says: "no list"),
        Refusal(
            name: "a value that is there",
            change: .picklist(stage, .add([PicklistValue("won", "Won")], before: nil)),
            says: "already"),
        Refusal(
            name: "a value that is not there", change: .picklist(stage, .retire("wn")),
            says: "no value \"wn\""),
        Refusal(
            name: "retiring a system value", change: .picklist(stage, .retire("won")), says: "behaviour hangs"
        ),
        Refusal(
            name: "removing a system value", change: .picklist(stage, .remove("won")), says: "behaviour hangs"
        ),
        Refusal(
            name: "another meaning for a system value",
            change: .picklist(stage, .update("won", label: nil, color: nil, attributes: ["class": "lost"])),
            says: "behaviour hangs"),
        Refusal(
            name: "another probability for a system value",
            change: .picklist(
                stage, .update("won", label: nil, color: nil, attributes: nil, setting: ["probability": "90"])
            ),
            says: "given another probability"),
        Refusal(
            name: "a next state that is not there",
            change: .picklist(
                stage,
                .update("open", label: nil, color: nil, attributes: nil, setting: ["next_states": "won lst"])),
            says: "no value \"lst\""),
        Refusal(
            name: "a demand of a field that is not there",
            change: .picklist(
                stage,
                .update(
                    "lost", label: nil, color: nil, attributes: nil, setting: ["required_fields": "city sise"]
                )),
            says: "names \"sise\", and \"account\" has no such field"),
        Refusal(
            name: "merging a system value away", change: .picklist(stage, .merge("won", into: "lost")),
            says: "behaviour hangs"),
        Refusal(
            name: "removing the default", change: .picklist(stage, .remove("open")), says: "is the default"),
        Refusal(
            name: "merging a value into itself", change: .picklist(stage, .merge("lost", into: "lost")),
            says: "itself"),
        Refusal(
            name: "1,001 values",
            change: .picklist(stage, .add((0..<998).map { PicklistValue("v\($0)", "V") }, before: nil)),
            says: "1000 is the most"),
        Refusal(
            name: "a section twice",
            change: .section(entity: "account", .create(SectionDefinition("Figures"), before: nil)),
            says: "already"),
        Refusal(
            name: "a section that is not there",
            change: .section(entity: "account", .update("Figure", label: "F")),
            says: "no section"),
        Refusal(
            name: "a label in no language",
            change: .label(.entity("account"), language: "d?", texts: ["label": "F"]),
            says: "not a language"),
        Refusal(
            name: "a label in English",
            change: .label(.entity("account"), language: "EN", texts: ["label": "F"]),
            says: "definition's own"),
    ]

    private static let stage = FieldName("account", "stage")

    @Test("is refused, and says why:", arguments: refusals)
    func refused(_ refusal: Refusal) throws {
        let schema = try Self.schema(after: refusal.given)
        let error = #expect(throws: CRMError.self) {
            try SchemaPlanner.plan(schema, changes: [refusal.change])
        }
        #expect(error?.message.contains(refusal.says) == true, "\(error?.message ?? "")")
    }

    @Test("attributes change one by one beside the others, or all at once; a system value keeps its meaning")
    func attributes() throws {
        func edit(_ key: String, _ whole: [String: String]?, _ setting: [String: String]) -> SchemaChange {
            .picklist(Self.stage, .update(key, label: nil, color: nil, attributes: whole, setting: setting))
        }
        let schema = try Self.schema(after: [
            edit("open", ["limit_days": "30", "next_states": "won"], [:]),
            edit("open", nil, ["limit_days": "", "required_fields": "city owner"]),
            edit("won", nil, ["required_fields": "size"]),
        ])
        let values = try #require(
            schema.entity(named: "account")?.field(named: "stage")?.placement.definition.type.values)
        let found = Dictionary(uniqueKeysWithValues: values.map { ($0.key, $0.attributes) })
        #expect(found["open"] == ["next_states": "won", "required_fields": "city owner"])
        #expect(found["won"] == ["class": "won", "required_fields": "size"])
        #expect(found["lost"] == [:])
    }

    @Test("400 fields are taken, one more is not")
    func fieldLimit() throws {
        let schema = try Self.schema()
        let changes = (0..<396).map { SchemaChange.createField(entity: "account", .integer("x_f\($0)", "F")) }
        #expect(try SchemaPlanner.plan(schema, changes: changes).steps.count > 396)
        let error = #expect(throws: CRMError.self) {
            try SchemaPlanner.plan(
                schema, changes: changes + [.createField(entity: "account", .text("x_a", "A"))])
        }
        #expect(error?.message.contains("400 is the most") == true)
    }

    @Test("500 entities are taken, one more is not")
    func entityLimit() throws {
        let schema = try Self.schema()
        let changes = (0..<499).map { Self.site("x_e\($0)") }
        _ = try SchemaPlanner.plan(schema, changes: changes)
        let error = #expect(throws: CRMError.self) {
            try SchemaPlanner.plan(schema, changes: changes + [Self.site("x_more")])
        }
        #expect(error?.kind == .limitExceeded)
    }

    @Test("what an administrator has set, a later version of the module leaves; the rest it changes")
    func keptFromModules() throws {
        let test = try TestDatabase()
        func apply(_ make: (StoredSchema) throws -> SchemaPlan) throws {
            let plan = try make(SchemaStore.load(test.reader()))
            try test.writer.perform { transaction throws(CRMError) in try transaction.apply(plan) }
        }
        try apply { try SchemaPlanner.plan($0, wanted: [("core", [Self.account], [])]) }
        var patch = FieldPatch()
        patch.label = "Town"
        patch.isMandatory = true
        var lists = EntityPatch()
        lists.label = "Customer"
        lists.listFields = ["city", "name"]
        try apply {
            try SchemaPlanner.plan(
                $0,
                changes: [
                    .updateField(FieldName("account", "city"), patch), .updateEntity("account", lists),
                    .section(entity: "account", .update("Figures", label: "Numbers")),
                    .picklist(Self.stage, .remove("lost")),
                ])
        }
        var next = Self.account
        next.label = "Company"
        next.pluralLabel = "Companies"
        next.fields[3] = .text("city", "Place").help("Where they are.")
        try apply { try SchemaPlanner.plan($0, wanted: [("core", [next], [])]) }
        let stored = try #require(try SchemaStore.load(test.reader()).entity(named: "account"))
        #expect(stored.facts.label == "Customer")
        #expect(stored.facts.pluralLabel == "Companies")
        #expect(stored.facts.listFields == ["city", "name"])
        #expect(stored.facts.sections.map(\.label) == ["Numbers"])
        let city = try #require(stored.field(named: "city")?.placement.definition)
        #expect(city.label == "Town" && city.isMandatory && city.help == "Where they are.")
        let keys = stored.field(named: "stage")?.placement.definition.type.values.map(\.key)
        #expect(keys == ["open", "won"])
        // A field that a later version takes away leaves the administrator's list whole.
        next.fields.remove(at: 3)
        next.listFields = ["name"]
        try apply { try SchemaPlanner.plan($0, wanted: [("core", [next], [])]) }
        #expect(try SchemaStore.load(test.reader()).entity(named: "account")?.facts.listFields == ["name"])
    }

    @Test(
        "a whole list of values leaves those that it names their attributes, and the module's values in use")
    func wholeList() throws {
        var patch = FieldPatch()
        patch.values = [
            PicklistValue("won", "Gained"), PicklistValue("new", "New"), PicklistValue("open", "Open"),
        ]
        let list = FieldName("account", "stage")
        let stored = try Self.schema(after: [.updateField(list, patch)])
        let values = try #require(
            stored.entity(named: "account")?.field(named: "stage")?.placement.definition.type.values)
        #expect(values.map(\.key) == ["won", "new", "open", "lost"])
        #expect(values.map(\.label) == ["Gained", "New", "Open", "Lost"])
        #expect(values.map(\.isSystem) == [true, false, false, false])
        #expect(values[0].attributes == ["class": "won"])
        #expect(values.map(\.retired) == [false, false, false, true])
        patch.values?[0].retired = true
        #expect(throws: CRMError.self) { try Self.schema(after: [.updateField(list, patch)]) }
    }

    struct Conversion: Sendable, CustomTestStringConvertible {
        let from: FieldType
        let value: StoredValue
        let to: FieldType
        let becomes: StoredValue?
        var testDescription: String { "\(from.name) \(value) → \(to.name)" }
    }

    @Test(
        "a value is what its new type reads of its print",
        arguments: [
            Conversion(from: .text(), value: .text("12"), to: .integer, becomes: .integer(12)),
            Conversion(from: .text(), value: .text("12.5"), to: .integer, becomes: nil),
            Conversion(from: .text(), value: .text("12.5"), to: .decimal(scale: 2), becomes: .integer(1250)),
            Conversion(from: .text(), value: .text("a  b"), to: .longtext, becomes: .text("a  b")),
            Conversion(from: .longtext, value: .text("a\nb"), to: .text(), becomes: .text("a b")),
            Conversion(from: .text(), value: .text("long text"), to: .text(maximumLength: 4), becomes: nil),
            Conversion(from: .integer, value: .integer(-7), to: .text(), becomes: .text("-7")),
            Conversion(from: .decimal(scale: 2), value: .integer(1200), to: .integer, becomes: .integer(12)),
            Conversion(from: .decimal(scale: 2), value: .integer(1250), to: .integer, becomes: nil),
            Conversion(
                from: .decimal(scale: 2), value: .integer(1250), to: .decimal(scale: 4),
                becomes: .integer(125_000)),
            Conversion(
                from: .money(), value: .integer(123_400), to: .decimal(scale: 2), becomes: .integer(1234)),
            Conversion(
                from: .date, value: .integer(20_454), to: .datetime, becomes: .integer(20_454 * 86_400_000)),
            Conversion(
                from: .datetime, value: .integer(20_454 * 86_400_000 + 5), to: .date,
                becomes: .integer(20_454)),
            Conversion(from: .text(), value: .text("yes"), to: .boolean, becomes: .integer(1)),
            Conversion(from: .boolean, value: .integer(0), to: .text(), becomes: .text("false")),
            Conversion(
                from: .picklist([PicklistValue("a", "Ä one")]), value: .text("a"), to: .text(),
                becomes: .text("Ä one")),
            Conversion(
                from: .text(), value: .text("ä ONE"), to: .picklist([PicklistValue("a", "Ä one")]),
                becomes: .text("a")),
            Conversion(
                from: .picklist([PicklistValue("a", "A")]), value: .text("a"),
                to: .multipicklist([PicklistValue("a", "A")]), becomes: .text(#"["a"]"#)),
            Conversion(from: .text(), value: .text("nobody"), to: .email, becomes: nil),
            Conversion(from: .text(), value: .null, to: .integer, becomes: .null),
        ])
    func conversion(_ conversion: Conversion) throws {
        let values = try ValueConversion(FieldDefinition("x_a", "A", conversion.from), to: conversion.to)
        #expect(values.convert(conversion.value) == conversion.becomes)
    }
}
