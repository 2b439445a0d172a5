import CRMSDK
import Core
import Installation
import Query
import Records
import Registry
import Security
import Storage
import Testing

@Suite("Schema at run time, on records")
struct SchemaAtRunTimeTests {
    private let office: Office

    init() throws { office = try Office() }

    private init(_ office: Office) { self.office = office }

    private static let area = FieldName("account", "x_area")

    private func reader() throws -> ReadConnection { try office.database.makeReader() }

    /// An account for each value of the custom field; nil makes one without.
    @discardableResult
    private func accounts(_ values: [Value?], field: String = "x_area") throws -> [RecordID] {
        try values.enumerated().map { index, value in
            var record: [String: Value] = ["account_name": .text("A\(index)")]
            record[field] = value
            return try office.create("account", record)
        }
    }

    private func plan(_ changes: SchemaChange...) throws -> SchemaReport {
        try office.installation.plan(office.root, changes, on: reader())
    }

    private func site(sharing: SharingDefault = .private) -> SchemaChange {
        var site = EntityDefinition(
            "x_site", label: "Site", plural: "Sites",
            fields: [
                .autonumber("x_number", "Number", "S000"), .text("x_name", "Name").mandatory(),
                .reference("x_account", "Account", to: "account"), .money("x_rent", "Rent"),
            ])
        site.labelFields = ["x_name"]
        site.defaultSort = ["x_name"]
        site.listFields = ["x_number", "x_name"]
        site.sharing = sharing
        return .createEntity(site)
    }

    // MARK: Entities

    @Test("an entity of administrators takes records at once, and its default list walks an index")
    func customEntity() throws {
        try office.change(site())
        let account = try office.create("account", ["account_name": "Fabrikam"])
        for name in ["North", "East"] {
            try office.create("x_site", ["x_name": .text(name), "x_account": .reference(account)])
        }
        let ids = try office.walk(ListParameters(entity: "x_site"))
        #expect(try ids.map { try office.get($0)["x_name"].text } == ["East", "North"])
        #expect(try office.get(ids[0])["x_number"] == "S002")
        let byPath = Filter.where("x_account.account_name", .equal, "fabrikam")
        #expect(try office.ids("x_site", where: byPath).count == 2)
        let listed = try office.records.planList(
            office.root, office.snapshot, ListParameters(entity: "x_site"))
        for statement in listed.read.statements {
            let steps = try reader().queryPlan(statement)
            #expect(
                !steps.contains {
                    $0.contains("TEMP B-TREE") || $0.hasPrefix("SCAN") && !$0.contains("INDEX")
                })
        }
    }

    @Test("profiles have no right to it until they are given one; then its sharing decides")
    func rights() throws {
        try office.change(site(sharing: .publicRead))
        let id = try office.create("x_site", ["x_name": "North"])
        let role = try #require(try office.ids("role", where: nil).first)
        let person = try office.create(
            "user", ["username": "bob", "last_name": "Young", "role": .reference(role)])
        let bob = Office.call(person)
        #expect(throws: CRMError.self) { try office.ids("x_site", where: nil, as: bob) }
        let profile = try office.administer { administration throws(CRMError) in
            try administration.createProfile(
                ["profile_name": "Sites"],
                [
                    .init(entity: "x_site", access: true, verbs: [.view]),
                    .init(entity: "*", access: true, verbs: [.view]),
                ])
        }
        _ = try office.administer { administration throws(CRMError) in
            try administration.updateRole(role, [:], profiles: [profile.id].compactMap { $0 })
        }
        #expect(try office.ids("x_site", where: nil, as: bob) == [id])
        #expect(throws: CRMError.self) { try office.create("x_site", ["x_name": "East"], as: bob) }
        // A plan says what a deletion leaves in vain, and so does the deletion.
        _ = try office.create(
            "field_access",
            [
                "entity": "x_site", "field": "x_number",
                "profile": profile.id.map { .reference($0) } ?? .null, "visible": false,
            ])
        let inVain = "a right to field \"x_number\" of x_site will be without effect"
        #expect(try plan(.deleteField(FieldName("x_site", "x_number"))).notes.contains(inVain))
        // What a creating profile cannot write does not become mandatory.
        _ = try office.administer { administration throws(CRMError) in
            try administration.createProfile(
                ["profile_name": "Builders"],
                [.init(entity: "x_site", access: true, verbs: [.view, .create])])
        }
        try office.administer { administration throws(CRMError) in
            try administration.setFieldAccess("x_account", of: "x_site", profile: nil, .hidden)
        }
        var mandatory = FieldPatch()
        mandatory.isMandatory = true
        let refused = #expect(throws: CRMError.self) {
            try office.change(.updateField(FieldName("x_site", "x_account"), mandatory))
        }
        #expect(refused?.rule == "mandatory_field_hidden", "\(String(describing: refused))")
        let notes = try office.change(.deleteEntity("x_site")).notes
        #expect(
            notes.contains(
                "without effect on \"x_site\" from then on: 2 rights of profiles, 2 rights to fields"),
            "\(notes)")
    }

    @Test("deleted it is not there; restored it has its records; purged it is gone and the name is free")
    func life() throws {
        try office.change(site())
        let id = try office.create("x_site", ["x_name": "North"])
        try office.change(.deleteEntity("x_site"))
        #expect(throws: CRMError.self) { try office.ids("x_site", where: nil) }
        #expect(throws: CRMError.self) { try office.get(id) }
        try office.change(.restoreEntity("x_site"))
        #expect(try office.get(id)["x_name"] == "North")
        try office.change(.deleteEntity("x_site"))
        try office.change(.purgeEntity("x_site"))
        office.installation.workOnSchema()
        try office.change(site())
        #expect(try office.ids("x_site", where: nil).isEmpty)
    }

    // MARK: Rules on existing data

    @Test("mandatory is allowed and warns of the records without a value")
    func mandatory() throws {
        try office.change(.createField(entity: "account", .text("x_area", "Area")))
        let ids = try accounts(["North", nil, nil])
        var patch = FieldPatch()
        patch.isMandatory = true
        let report = try plan(.updateField(Self.area, patch))
        #expect(report.findings.map(\.weight) == [.warning])
        #expect(report.findings.first?.records.map(\.id) == Array(ids[1...]))
        #expect(try office.change(.updateField(Self.area, patch)).findings.first?.count == 2)
        #expect(throws: CRMError.self) { try office.create("account", ["account_name": "B"]) }
    }

    @Test("unique is refused where values are there twice, folded, and names the records")
    func unique() throws {
        try office.change(.createField(entity: "account", .text("x_area", "Area")))
        let ids = try accounts(["Köln", "koln", "Bonn", nil, nil])
        var patch = FieldPatch()
        patch.isUnique = true
        #expect(try plan(.updateField(Self.area, patch)).findings.first?.weight == .refusal)
        let error = #expect(throws: CRMError.self) { try office.change(.updateField(Self.area, patch)) }
        #expect(error?.kind == .duplicate)
        #expect(error?.candidates == ids[0...1].map(\.description))
        try office.delete(ids[1])
        try office.change(.updateField(Self.area, patch))
        #expect(throws: CRMError.self) {
            try office.create("account", ["account_name": "B", "x_area": "BONN"])
        }
    }

    @Test("a narrower range warns of the values outside it, which stay as they are")
    func range() throws {
        try office.change(.createField(entity: "account", .integer("x_area", "Area")))
        let ids = try accounts([.integer(3), .integer(30), nil])
        var patch = FieldPatch()
        patch.maximum = "10"
        let report = try plan(.updateField(Self.area, patch))
        #expect(report.findings.first?.code == "unfit")
        #expect(report.findings.first?.records == [.init(id: ids[1], value: "30")])
        try office.change(.updateField(Self.area, patch))
        try office.update(ids[1], ["account_name": "Other"])
        #expect(throws: CRMError.self) { try office.update(ids[0], ["x_area": .integer(11)]) }
    }

    @Test("a plan of several changes is one unit: where one is refused nothing of it is done")
    func together() throws {
        #expect(throws: CRMError.self) {
            try office.change(
                .createField(entity: "account", .text("x_area", "Area")),
                .createField(entity: "account", .text("area", "Area")))
        }
        #expect(office.snapshot.registry[entity: "account"]?["x_area"] == nil)
        var patch = FieldPatch()
        patch.isUnique = true
        try office.change(
            .createField(entity: "account", .text("x_area", "Area")), .updateField(Self.area, patch),
            .renameField(Self.area, to: "x_zone"))
        #expect(office.snapshot.registry[entity: "account"]?["x_zone"]?.definition.isUnique == true)
    }

    @Test("a plan that was made before another change is refused")
    func stale() throws {
        let report = try plan(.createField(entity: "account", .text("x_area", "Area")))
        try office.change(.createField(entity: "account", .text("x_other", "Other")))
        let error = #expect(throws: CRMError.self) {
            try office.change(
                [.createField(entity: "account", .text("x_area", "Area"))], expecting: report.generation)
        }
        #expect(error?.kind == .versionConflict)
    }

    // MARK: Names

    @Test("renamed it keeps its values, and rights, sorts and lists follow")
    func rename() throws {
        try office.change(.createField(entity: "account", .text("x_area", "Area")))
        let ids = try accounts(["North"])
        var lists = EntityPatch()
        lists.listFields = ["account_name", "x_area"]
        lists.defaultSort = ["-x_area"]
        try office.change(.updateEntity("account", lists))
        try office.change(.renameField(Self.area, to: "x_zone"))
        #expect(try office.get(ids[0])["x_zone"] == "North")
        let entity = try #require(office.snapshot.registry[entity: "account"])
        #expect(entity.listFields.map(\.name) == ["account_name", "x_zone"])
        #expect(entity.defaultSort.first?.field.name == "x_zone")
        let error = #expect(throws: CRMError.self) { try plan(.deleteField(Self.area)) }
        #expect(error?.candidates.first == "x_zone")
    }

    @Test("deleted and restored it has its values; purged it has none and the name is free")
    func purge() throws {
        try office.change(.createField(entity: "account", .text("x_area", "Area")))
        let ids = try accounts(["North", "South"])
        try office.change(.deleteField(Self.area))
        try office.change(.restoreField(Self.area))
        #expect(try office.get(ids[1])["x_area"] == "South")
        try office.change(.deleteField(Self.area))
        try office.change(.purgeField(Self.area))
        office.installation.workOnSchema()
        #expect(throws: CRMError.self) { try office.change(.restoreField(Self.area)) }
        try office.change(.createField(entity: "account", .text("x_area", "Area")))
        #expect(try office.get(ids[0])["x_area"].isNull)
    }

    // MARK: Types

    @Test("a text becomes a number, with its keys and its index")
    func changeType() throws {
        try office.change(.createField(entity: "account", .text("x_area", "Area").indexed()))
        let ids = try accounts(["12", nil, "-7"])
        let report = try office.change(.changeType(Self.area, to: .integer, emptiesUnfit: false))
        #expect(report.tasks.map(\.status) == [.done])
        #expect(try ids.map { try office.get($0)["x_area"] } == [.integer(12), .null, .integer(-7)])
        #expect(try office.ids("account", where: .where("x_area", .greater, .integer(0))) == [ids[0]])
        #expect(throws: CRMError.self) { try office.update(ids[0], ["x_area": "twelve"]) }
        office.installation.workOnSchema()
        #expect(try SchemaTaskStore.running(reader()).isEmpty)
    }

    @Test("what does not convert stops it and is listed, or becomes empty and is listed")
    func unfit() throws {
        try office.change(.createField(entity: "account", .text("x_area", "Area")))
        let ids = try accounts(["12", "twelve", "13"])
        let stop = SchemaChange.changeType(Self.area, to: .integer, emptiesUnfit: false)
        #expect(try plan(stop).findings.first?.records == [.init(id: ids[1], value: "twelve")])
        let error = #expect(throws: CRMError.self) { try office.change(stop) }
        #expect(error?.candidates == [ids[1].description])
        #expect(try office.get(ids[1])["x_area"] == "twelve")
        let report = try office.change(.changeType(Self.area, to: .integer, emptiesUnfit: true))
        #expect(report.tasks.first?.unfit == [.init(id: ids[1], value: "twelve")])
        #expect(try ids.map { try office.get($0)["x_area"] } == [.integer(12), .null, .integer(13)])
    }

    @Test(
        "a type that what is computed from the field cannot take is refused by the plan, before anything is converted"
    )
    func computedFromIt() throws {
        try office.change(.createField(entity: "account", .integer("x_area", "Area")))
        let double = FieldDefinition.integer("x_double", "Double").computed("x_area * 2")
        try office.change(.createField(entity: "account", double))
        let id = try accounts([.integer(4)])[0]
        let toText = SchemaChange.changeType(Self.area, to: .text(), emptiesUnfit: false)
        for refused in [{ _ = try plan(toText) }, { try office.change(toText) }] {
            let error = #expect(throws: CRMError.self) { try refused() }
            #expect(
                error?.message.hasPrefix("when \"x_area\" of \"account\" is text, field \"x_double\"") == true
            )
            #expect(error?.hint?.contains("field.update") == true)
        }
        #expect(try SchemaTaskStore.latest(reader(), limit: 10).isEmpty)
        try office.change(.changeType(Self.area, to: .decimal(scale: 2), emptiesUnfit: false))
        #expect(try office.get(id)["x_double"] == .integer(8))
    }

    @Test("while a type changes, nothing is made that is computed from it and could not be afterwards")
    func computedMeanwhile() throws {
        let ids = try leaveHalfDone(10)
        let upper = FieldDefinition.boolean("x_known", "Known").computed("x_area = \"7\"")
        let error = #expect(throws: CRMError.self) {
            try office.change(.createField(entity: "account", upper))
        }
        #expect(error?.message.contains("is integer") == true, "\(error?.message ?? "")")
        office.installation.workOnSchema()
        #expect(try office.get(ids[9])["x_area"] == .integer(9))
    }

    // MARK: The past of a field that changed its type

    private func areas(_ id: RecordID) throws -> [String] {
        let history = try office.records.history(office.root, office.snapshot, on: reader(), id: id)
        return history.flatMap(\.changes).filter { $0.field.name == "x_area" }
            .map { "\($0.field.type.name): \($0.old) → \($0.new)" }
    }

    private func area(_ id: RecordID, asOf moment: Instant) throws -> Value? {
        var found: Value?
        let snapshot = office.snapshot
        try office.records.get(
            office.root, snapshot, on: reader(), id: id, entity: nil, fields: ["x_area"], bin: .both,
            asOf: moment
        ) { (row: borrowing Row, plan: ReadPlan) in
            found = plan.record(row, snapshot)["x_area"]
        }
        return found
    }

    @Test("history keeps what a field held before its type changed, and as_of tells it in the type of today")
    func pastOfType() throws {
        let clock = RandomYear.Clock()
        let office = try Office(clock: { clock.now })
        let past = SchemaAtRunTimeTests(office)
        try office.change(.createField(entity: "account", .text("x_area", "Area")))
        let id = try past.accounts(["north"])[0]
        var moments = [clock.now]
        for area in ["7", "8"] {
            clock.tick()
            try office.update(id, ["x_area": .text(area)])
            moments.append(clock.now)
        }
        clock.tick()
        try office.change(.changeType(Self.area, to: .integer, emptiesUnfit: false))
        clock.tick()
        try office.update(id, ["x_area": .integer(9)])
        moments.append(clock.now)
        let texts = [
            "text: null → \(Value.text("north"))", "text: \(Value.text("north")) → \(Value.text("7"))",
            "text: \(Value.text("7")) → \(Value.text("8"))",
        ]
        let number = "integer: \(Value.integer(8)) → \(Value.integer(9))"
        #expect(try past.areas(id) == texts + [number])
        #expect(
            try moments.map { try past.area(id, asOf: $0) } == [.null, .integer(7), .integer(8), .integer(9)])
        // A second change leaves a second column behind, and both are known to the next kernel.
        clock.tick()
        try office.change(.changeType(Self.area, to: .text(), emptiesUnfit: false))
        clock.tick()
        try office.update(id, ["x_area": "south"])
        moments.append(clock.now)
        let again = SchemaAtRunTimeTests(try office.reopened())
        #expect(
            try again.areas(id) == texts + [number, "text: \(Value.text("9")) → \(Value.text("south"))"])
        #expect(try moments.map { try again.area(id, asOf: $0)?.text } == ["north", "7", "8", "9", "south"])
    }

    @Test("an undo puts back what a field held before its type changed, if it is a value of today's type")
    func undoAcrossTypes() throws {
        try office.change(.createField(entity: "account", .text("x_area", "Area")))
        try office.change(.createField(entity: "account", .text("x_note", "Note")))
        let id = try accounts(["north"])[0]
        try office.update(id, ["x_area": "7"])
        let toSeven = try office.lastChangeSet(id)
        try office.update(id, ["x_area": "8", "x_note": "moved"])
        let toEight = try office.lastChangeSet(id)
        try office.change(.changeType(Self.area, to: .integer, emptiesUnfit: false))
        let report = try office.undo(toEight)
        #expect(report.left.isEmpty && report.restored.map(\.fields) == [["x_area", "x_note"]])
        #expect(try office.get(id)["x_area"] == .integer(7))
        #expect(try office.get(id)["x_note"] == .null)
        for since in [Undo.Changes.kept, .overwritten] {
            let report = try office.undo(toSeven, since: since)
            #expect(report.restored.isEmpty)
            #expect(report.left.map(\.field) == ["x_area"])
            #expect(report.left.first?.why.hasPrefix("its type has changed since") == true)
        }
        // Of a field that is gone the rest is put back.
        try office.update(id, ["x_area": 9, "x_note": "again"])
        let both = try office.lastChangeSet(id)
        try office.change(.deleteField(FieldName("account", "x_note")))
        let rest = try office.undo(both)
        #expect(rest.restored.map(\.fields) == [["x_area"]])
        #expect(rest.left.map(\.why) == ["a field of it is no longer there"])
        #expect(try office.get(id)["x_area"] == .integer(7))
    }

    @Test("what is written while the type changes stands once in the history")
    func pastOfDualWrites() throws {
        let ids = try leaveHalfDone(4)
        try office.update(ids[0], ["x_area": "100"])
        office.installation.workOnSchema()
        try office.update(ids[0], ["x_area": .integer(101)])
        #expect(
            try areas(ids[0]) == [
                "text: null → \(Value.text("0"))", "text: \(Value.text("0")) → \(Value.text("100"))",
                "integer: \(Value.integer(100)) → \(Value.integer(101))",
            ])
    }

    /// A change of type that is left where `records` of them have been converted.
    private func leaveHalfDone(_ count: Int, emptiesUnfit: Bool = false) throws -> [RecordID] {
        try office.change(.createField(entity: "account", .text("x_area", "Area")))
        let ids = try accounts((0..<count).map { .text("\($0)") })
        // Begun in the schema alone: no batch has run.
        let (schema, root) = (try SchemaStore.load(reader()), office.root)
        let plan = try SchemaPlanner.plan(
            schema, changes: [.changeType(Self.area, to: .integer, emptiesUnfit: emptiesUnfit)])
        try office.database.writer.perform { transaction throws(CRMError) in
            try transaction.apply(plan)
            try transaction.sign(tasksOf: root.principal.user)
        }
        try office.republish()
        office.installation.workOnSchema(for: .nanoseconds(1), batch: .nanoseconds(1), page: count / 2)
        return ids
    }

    @Test("records written while it lasts are in both columns, and nothing is lost when they change places")
    func dualWrites() throws {
        let ids = try leaveHalfDone(10)
        #expect(try office.get(ids[0])["x_area"] == "0")
        try office.update(ids[0], ["x_area": "100"])
        try office.update(ids[9], ["x_area": "109"])
        let new = try office.create("account", ["account_name": "New", "x_area": "77"])
        let error = #expect(throws: CRMError.self) { try office.update(ids[1], ["x_area": "one"]) }
        #expect(error?.fields.map(\.code) == ["type"])
        office.installation.workOnSchema()
        #expect(try office.get(ids[0])["x_area"] == .integer(100))
        #expect(try office.get(ids[1])["x_area"] == .integer(1))
        #expect(try office.get(ids[9])["x_area"] == .integer(109))
        #expect(try office.get(new)["x_area"] == .integer(77))
    }

    @Test("it goes on after the kernel was killed in the middle")
    func survives() throws {
        let ids = try leaveHalfDone(10)
        let tasks = try SchemaTaskStore.running(reader())
        #expect(tasks.map(\.doneRecords) == [5])
        // What a kill leaves: the files as the last commit made them.
        let again = try office.reopened()
        #expect(try again.get(ids[9])["x_area"] == "9")
        again.installation.workOnSchema()
        #expect(try ids.map { try again.get($0)["x_area"] } == (0..<10).map { Value.integer(Int64($0)) })
        #expect(try SchemaTaskStore.running(again.database.makeReader()).isEmpty)
    }

    // MARK: Lists

    @Test(
        "a value that is merged is replaced on deleted records too, stands in their history, and is off the list"
    )
    func merge() throws {
        let industry = FieldName("account", "industry")
        let ids = try (0..<3).map { index in
            try office.create(
                "account",
                ["account_name": .text("A\(index)"), "industry": index == 2 ? "retail" : "finance"])
        }
        try office.delete(ids[1])
        try office.change(.picklist(industry, .merge("finance", into: "banking")))
        try office.restore(ids[1])
        #expect(try ids.map { try office.get($0)["industry"] } == ["banking", "banking", "retail"])
        #expect(try office.get(ids[0]).version == 2)
        let values = office.snapshot.registry[entity: "account"]?["industry"]?.type.values.map(\.key)
        #expect(values?.contains("finance") == false)
    }

    @Test(
        "a label with a value that is merged follows it: also where a rule refuses the change, also in the bin"
    )
    func mergedLabels() throws {
        var core = CoreModule().manifest
        core.entities.append(
            EntityDefinition(
                "desk", label: "Desk", plural: "Desks",
                fields: [
                    .text("title", "Title").mandatory(),
                    .picklist("size", "Size", labels: ["Small", "Large", "Huge"]),
                ]
            ).labelled(by: "title", "size").sorted(by: "title"))
        core.hooks.append(
            Hook("keep_desk", on: "desk", [.beforeUpdate]) { change, _ throws(CRMError) in
                guard change["title"] != "Fixed" else { throw CRMError(.invalidRecord, "it is fixed") }
            })
        let office = try Office(core: core)
        let ids = try ["Loose", "Fixed", "Binned"].map {
            try office.create("desk", ["title": .text($0), "size": "huge"])
        }
        try office.delete(ids[2])
        try office.change(.picklist(FieldName("desk", "size"), .merge("huge", into: "large")))
        office.installation.workOnSchema()
        let reader = try office.database.makeReader()
        var labels: [String] = []
        try reader.rows(
            Statement(
                "SELECT label FROM crm_record WHERE id IN (?1, ?2, ?3) ORDER BY id",
                ids.map { .integer($0.rawValue) })
        ) { row in
            labels.append(row.text(0))
            return .next
        }
        #expect(labels == ["Loose Large", "Fixed Large", "Binned Large"])
    }

    @Test("a retired value stays on its records and is refused for others; one in use is not removed")
    func retire() throws {
        let industry = FieldName("account", "industry")
        let old = try office.create("account", ["account_name": "Old", "industry": "finance"])
        try office.change(.picklist(industry, .retire("finance")))
        try office.update(old, ["account_name": "Older", "industry": "finance"])
        #expect(throws: CRMError.self) {
            try office.create("account", ["account_name": "N", "industry": "finance"])
        }
        let error = #expect(throws: CRMError.self) {
            try office.change(.picklist(industry, .remove("finance")))
        }
        #expect(error?.message.contains("1 record has it") == true)
        try office.update(old, ["industry": "retail"])
        try office.change(.picklist(industry, .remove("finance")))
    }

    // MARK: Labels

    @Test("labels and messages are in the caller's language, then English; administrators' come first")
    func labels() throws {
        let registry = office.snapshot.registry
        let account = try #require(registry[entity: "account"])
        let field = try #require(account["industry"])
        #expect(registry.labels.label(of: account, in: "de-AT") == "Firma")
        #expect(registry.labels.label(of: field, of: account, in: "de") == "Branche")
        #expect(registry.labels.label(of: field, of: account, in: "fr") == "Industry")
        try office.change(
            .label(.field(FieldName("account", "industry")), language: "DE", texts: ["label": "Zweig"]))
        let german = CallContext(
            principal: office.root.principal, source: .api, method: "test", requestID: "r", language: "de")
        let error = #expect(throws: CRMError.self) {
            try office.create("account", ["account_name": "N", "industry": "nothing"], as: german)
        }
        #expect(error?.message.hasPrefix("Zweig has no value") == true, "\(error?.message ?? "")")
        let missing = #expect(throws: CRMError.self) { try office.create("account", [:], as: german) }
        #expect(missing?.message == "Firmenname is needed")
    }

    @Test("every change stands in the log as one of the schema")
    func logged() throws {
        let before = try ChangeLog.verify(reader()).entries
        try office.change(.createField(entity: "account", .text("x_area", "Area")))
        #expect(try ChangeLog.verify(reader()).entries == before + 1)
    }
}
