import CRMSDK
import Core
import Installation
import Query
import Records
import Registry
import Storage
import TestRandom
import Testing

@Suite("Computed fields")
struct ComputedTests {
    /// Orders of customers, with lines; figures of both.
    private static let customer = EntityDefinition(
        "customer", label: "Customer", plural: "Customers",
        fields: [
            .text("name", "Name").mandatory(),
            .percent("discount", "Discount").defaulting(to: "0"),
            .integer("orders", "Orders").rollingUp("count", over: "order", by: "customer").indexed(),
            .money("volume", "Volume").rollingUp("sum", of: "payable", over: "order", by: "customer"),
            .money("largest", "Largest").rollingUp(
                "max", of: "payable", over: "order", by: "customer", where: "not held"),
            .decimal("mean_rush", "Mean rush", scale: 2).rollingUp(
                "average", of: "rush", over: "order", by: "customer"),
            .text("rank", "Rank").computed("if(volume >= 100, \"big\", \"small\")"),
        ]
    ).labelled(by: "name").sorted(by: "name").listing("name")

    private static let order = EntityDefinition(
        "order", label: "Order", plural: "Orders",
        fields: [
            .text("subject", "Subject").mandatory(), .reference("customer", "Customer", to: "customer"),
            .boolean("held", "Held"), .integer("rush", "Rush"),
            .lines("items", "Items", of: "order_item"),
            .money("total", "Total").rollingUp(
                "sum", of: "total", over: "order_item", where: "name != \"free\""),
            .money("payable", "Payable").computed("round(total * (1 - customer.discount / 100), 2)"),
            .money("share", "Share").computed("total / rush"),
            .boolean("loose", "Loose").computed("empty(customer)"),
            .date("due", "Due").computed("date(\"2026-01-01\") + rush"),
        ]
    ).labelled(by: "subject").sorted(by: "subject").listing("subject")

    private static let item = EntityDefinition.line(
        "order_item", of: "order", label: "Item", plural: "Items",
        fields: [
            .text("name", "Name"), .decimal("quantity", "Quantity", scale: 4), .money("price", "Price"),
            .money("total", "Total").computed("round(quantity * price, 2)"),
        ])

    let office: Office

    init() throws {
        var core = CoreModule().manifest
        core.entities += [Self.customer, Self.order, Self.item]
        office = try Office(core: core)
    }

    private func amount(_ tenThousandths: Int64) -> Value {
        .money(Money(tenThousandths: tenThousandths, currency: CurrencyCode("EUR")!))
    }

    private func line(_ name: String, _ quantity: Int64, _ price: Int64) -> Line {
        Line([
            "name": .text(name), "quantity": .integer(quantity),
            "price": .decimal(FixedDecimal(units: price, scale: 4)),
        ])
    }

    private func makeOrder(_ customer: RecordID, _ price: Int64, rush: Int64? = nil) throws -> RecordID {
        try office.create(
            "order",
            [
                "subject": "O", "customer": .reference(customer), "rush": rush.map { .integer($0) } ?? .null,
                "items": .lines([line("wheel", 2, price), line("free", 1, 10_000)]),
            ])
    }

    @Test("lines, their sums and what is computed of them are stored with the record")
    func own() throws {
        let customer = try office.create("customer", ["name": "A", "discount": .integer(10)])
        let id = try makeOrder(customer, 333_333, rush: 7)
        var order = try office.get(id)
        #expect(order.lines("items").map { $0["total"] } == [amount(666_700), amount(10_000)])
        #expect(order["total"] == amount(666_700))
        #expect(order["payable"] == amount(600_000))
        #expect(order.version == 1)
        #expect(order["share"] == amount(95_243))
        try office.update(id, ["rush": .integer(0)])
        #expect(try office.get(id)["share"] == .null)
        order = try office.get(id)
        try office.update(id, ["items": .lineChange(remove: [order.lines("items")[0].id].compactMap { $0 })])
        #expect(try office.get(id)["total"] == amount(0))
    }

    @Test(
        "a day beyond the calendar is none, whatever number leads there",
        arguments: [
            (31, "2026-02-01"), (-1, "2025-12-31"), (10_000_000, nil), (Int64.max, nil), (Int64.min, nil),
        ] as [(Int64, String?)])
    func days(_ days: Int64, _ expected: String?) throws {
        let id = try office.create("order", ["subject": "O", "rush": .integer(days)])
        #expect(try office.get(id)["due"].date == expected.flatMap { CalendarDate($0) })
    }

    @Test("what is computed of a reference follows when a purge empties it")
    func purged() throws {
        let customer = try office.create("customer", ["name": "A", "discount": .integer(10)])
        let id = try makeOrder(customer, 100_000)
        #expect(try office.get(id)["loose"] == false)
        try office.delete(customer)
        try office.unit { unit throws(CRMError) in
            _ = try unit.purge(customer, entity: nil, references: .clear)
        }
        let order = try office.get(id)
        #expect(order["customer"] == .null)
        #expect(order["loose"] == true)
        // Without a customer there is no discount to compute with.
        #expect(order["payable"] == .null)
    }

    @Test("figures over related records follow every way in which they change")
    func related() throws {
        let (a, b) = (
            try office.create("customer", ["name": "A"]), try office.create("customer", ["name": "B"])
        )
        func figures(_ id: RecordID) throws -> [Value] {
            let record = try office.get(id)
            return ["orders", "volume", "largest", "mean_rush", "rank"].map { record[$0] }
        }
        #expect(try figures(a) == [0, amount(0), .null, .null, "small"])
        let one = try makeOrder(a, 100_000, rush: 1)
        let two = try makeOrder(a, 450_000, rush: 2)
        let mean = Value.decimal(FixedDecimal(units: 150, scale: 2))
        #expect(try figures(a) == [2, amount(1_100_000), amount(900_000), mean, "big"])
        try office.update(two, ["held": true])
        #expect(try figures(a)[2] == amount(200_000))
        try office.update(two, ["customer": .reference(b)])
        #expect(try figures(a)[1] == amount(200_000))
        #expect(try figures(b)[0] == 1)
        try office.delete(one)
        #expect(try figures(a).prefix(2) == [0, amount(0)])
        try office.restore(one)
        #expect(try figures(a)[0] == 1)
        #expect(try office.get(a).version == 1)
        #expect(try office.ids("customer", where: .where("orders", .equal, 1)).count == 2)
    }

    @Test("what is read over a reference follows the record that it names")
    func referenced() throws {
        let customer = try office.create("customer", ["name": "A"])
        let id = try makeOrder(customer, 100_000)
        #expect(try office.get(id)["payable"] == amount(200_000))
        try office.update(customer, ["discount": .integer(50)])
        #expect(try office.get(id)["payable"] == amount(100_000))
        #expect(try office.get(id).version == 1)
        #expect(try office.get(customer)["volume"] == amount(100_000))
        try office.delete(customer)
        #expect(try office.get(id)["payable"] == .null)
        let history = try office.records.history(
            office.root, office.snapshot, on: office.database.makeReader(), id: id)
        #expect(history.map(\.kind) == ["create", "compute", "compute"])
    }

    @Test("nobody writes a computed field")
    func readOnly() throws {
        let id = try office.create("customer", ["name": "A"])
        for (entity, values) in [("customer", ["orders": Value.integer(5)]), ("order", ["payable": 1])] {
            let error = #expect(throws: CRMError.self) {
                try office.create(entity, values.merging(["name": "B", "subject": "B"]) { one, _ in one })
            }
            #expect(error?.fields.contains { $0.code == "read_only" } == true)
        }
        #expect(throws: CRMError.self) { try office.update(id, ["orders": .integer(5)]) }
    }

    @Test("after random changes every figure is what an aggregate finds", arguments: [UInt64(20_261_125)])
    func random(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let customers = try (0..<3).map { try office.create("customer", ["name": .text("C\($0)")]) }
        var orders: [RecordID] = []
        var binned: [RecordID] = []
        for _ in 0..<80 {
            let customer = customers.randomElement(using: &random) ?? customers[0]
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1: orders.append(try makeOrder(customer, .random(in: 0..<5_000_000, using: &random)))
            case 2:
                guard let id = orders.randomElement(using: &random) else { continue }
                let new = line(
                    "n", .random(in: 0..<9, using: &random), .random(in: 0..<99_999, using: &random))
                try office.update(id, ["items": .lineChange(set: [new])])
            case 3:
                guard let id = orders.randomElement(using: &random) else { continue }
                try office.update(id, ["customer": .reference(customer)])
            case 4:
                try office.update(customer, ["discount": .integer(.random(in: 0..<100, using: &random))])
            default:
                if Bool.random(using: &random), let id = binned.popLast() {
                    try office.restore(id)
                    orders.append(id)
                } else if let id = orders.popLast() {
                    try office.delete(id)
                    binned.append(id)
                }
            }
            for id in customers {
                let record = try office.get(id)
                let (count, sum) = try children(of: id)
                #expect(record["orders"] == count && record["volume"] == sum, "seed \(seed)")
            }
        }
    }

    private func children(of customer: RecordID) throws -> (Value, Value) {
        let plan = try office.records.planAggregate(
            office.root, office.snapshot, entity: "order",
            filter: .where("customer", .equal, .reference(customer)), groups: [],
            measures: [
                .init(operation: .count, path: nil, name: "n"),
                .init(operation: .sum, path: "payable", name: "s"),
            ])
        var values: [Value] = []
        try office.records.aggregate(plan, on: office.database.makeReader()) { row throws(CRMError) in
            for member in plan.members { values.append(try plan.value(member, row, office.snapshot)) }
        }
        return (values[0], values[1].isNull ? amount(0) : values[1])
    }

    @Test("a field that is added is computed for the records that are there, in batches")
    func fill() throws {
        let ids = try (1...50).map {
            try office.create("account", ["account_name": .text("A\($0)"), "employees": .integer(Int64($0))])
        }
        let field = FieldDefinition.integer("x_double", "Double").computed("employees * 2")
        try office.change(.createField(entity: "account", field))
        #expect(try office.get(ids[9])["x_double"] == .null)
        var steps = 0
        while try office.computeWaiting() { steps += 1 }
        #expect(steps > 1)
        #expect(try ids.map { try office.get($0)["x_double"] } == (1...50).map { .integer(2 * $0) })
        #expect(try office.get(ids[9]).version == 1)
    }

    /// Accounts with a figure, what is computed of it there, at their contacts, and over related accounts.
    private func chain() throws -> (account: RecordID, contact: RecordID) {
        try office.change(
            .createField(entity: "account", .integer("x_a", "A")),
            .createField(entity: "account", FieldDefinition.integer("x_b", "B").computed("x_a * 2")),
            .createField(entity: "account", FieldDefinition.integer("x_c", "C").computed("x_b + 1")),
            .createField(
                entity: "account",
                FieldDefinition.integer("x_below", "Below").rollingUp(
                    "sum", of: "x_a", over: "account", by: "parent_account", where: "x_a > 1")),
            .createField(
                entity: "contact", FieldDefinition.integer("x_d", "D").computed("account.x_a + account.x_c")))
        let acme = try office.create("account", ["account_name": "Acme", "x_a": 5])
        try office.create(
            "account", ["account_name": "Branch", "x_a": 4, "parent_account": .reference(acme)])
        return (acme, try office.create("contact", ["last_name": "Noor", "account": .reference(acme)]))
    }

    private func figures(_ ids: (account: RecordID, contact: RecordID)) throws -> [Value] {
        while try office.computeWaiting() {}
        let (account, contact) = (try office.get(ids.account), try office.get(ids.contact))
        return [account["x_b"], account["x_c"], account["x_below"], contact["x_d"]]
    }

    @Test("what computed fields read cannot go, unless they go too or are computed from something else")
    func inputs() throws {
        let ids = try chain()
        func delete(_ field: String) -> SchemaChange { .deleteField(FieldName("account", field)) }
        let refusal = #expect(throws: CRMError.self) { try office.change(delete("x_a")) }
        #expect(
            refusal?.message
                == #"field "x_a" of "account" cannot go: "x_b" of "account", "x_below" of "account", "x_d" of "contact" are computed from it"#
        )
        let last = #expect(throws: CRMError.self) { try office.change(delete("x_c")) }
        #expect(
            last?.message
                == #"field "x_c" of "account" cannot go: "x_d" of "contact" is computed from it"#)
        var patch = FieldPatch()
        patch.computed = .expression("account.employees")
        try office.change(
            delete("x_a"), delete("x_b"), delete("x_c"), delete("x_below"),
            .updateField(FieldName("contact", "x_d"), patch))
        #expect(try office.get(ids.account)["x_a"].isNull)
    }

    @Test("another expression is computed for all records, and so is what follows from it")
    func otherExpression() throws {
        let ids = try chain()
        #expect(try figures(ids) == [10, 11, 4, 16])
        var patch = FieldPatch()
        patch.computed = .expression("x_a * 3")
        let report = try office.change(.updateField(FieldName("account", "x_b"), patch))
        #expect(
            report.steps.contains(#"compute "x_b" of all records of "account", beside other work"#),
            "\(report.steps)")
        #expect(try figures(ids) == [15, 16, 4, 21])
        var label = FieldPatch()
        label.label = "Thrice"
        let second = try office.change(.updateField(FieldName("account", "x_b"), label))
        #expect(!second.steps.contains { $0.hasPrefix("compute") }, "\(second.steps)")
    }

    @Test(
        "an expression is checked when it changes, and only computed fields of administrators have one",
        arguments: [
            ("account", "x_b", "x_c + 1", "account.x_b → account.x_c → account.x_b"),
            ("account", "x_b", "x_aa * 2", #""account" has no field "x_aa""#),
            ("account", "x_b", "x_a *", "expression"),
            ("account", "x_a", "x_c + 1", "is not computed"),
            ("customer", "rank", "\"big\"", "belongs to a module"),
        ])
    func badExpression(entity: String, field: String, text: String, says: String) throws {
        _ = try chain()
        var patch = FieldPatch()
        patch.computed = .expression(text)
        let error = #expect(throws: CRMError.self) {
            try office.change(.updateField(FieldName(entity, field), patch))
        }
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    }

    @Test("expressions, filters and figures follow a field's new name")
    func renamedInput() throws {
        let ids = try chain()
        try office.change(
            .renameField(FieldName("account", "x_a"), to: "x_first"),
            .renameField(FieldName("account", "x_c"), to: "x_third"))
        try office.update(ids.account, ["x_first": 7])
        while try office.computeWaiting() {}
        let account = try office.get(ids.account)
        #expect([account["x_b"], account["x_third"], account["x_below"]] == [14, 15, 4])
        #expect(try office.get(ids.contact)["x_d"] == 22)
        let contact = try #require(office.snapshot.registry[entity: "contact"]?["x_d"])
        #expect(contact.definition.computed == .expression("account.x_first + account.x_third"))
    }

    @Test("a field that would depend on itself cannot be added")
    func cycle() throws {
        let field = FieldDefinition.integer("x_self", "Self").computed("coalesce(x_self, 0) + 1")
        let error = #expect(throws: CRMError.self) {
            try office.change(.createField(entity: "account", field))
        }
        #expect(error?.message.contains("account.x_self → account.x_self") == true)
    }
}

extension Office {
    /// One batch of the computing that waits, so short that it takes several.
    fileprivate func computeWaiting() throws -> Bool {
        let (service, call) = (records, root)
        return try database.writer.perform { (transaction) throws(CRMError) in
            try service.computeWaiting(transaction, call, for: .nanoseconds(1))
        }
    }
}
