import Foundation
import JSON
import TestKit
import Testing

/// The demo company as `crm up --demo` makes it, against the figures that are known of its files.
@Suite("End to end: the Northwind company", .demoPlatform)
struct NorthwindTests {
    private let platform: TestPlatform
    private let admin: Caller
    private let files: NorthwindFiles

    init() throws {
        platform = try OnePlatform.current
        admin = try platform.logIn()
        files = try NorthwindFiles.all.get()
    }

    /// One row of an aggregate without groups, or all rows by the text of their group.
    private func groups(_ parameters: String) throws -> [JSONNode] {
        try admin.call("record.aggregate", "{\(parameters)}").array("groups")
    }

    private func fact(_ names: String...) throws -> String {
        var node = files.facts
        for name in names { node = try #require(node[name], "facts.json lacks \(name)") }
        return node.string ?? node.text
    }

    private func factDecimal(_ names: String...) throws -> Decimal {
        var node = files.facts
        for name in names { node = try #require(node[name], "facts.json lacks \(name)") }
        return try NorthwindFiles.decimal(node.string ?? node.text)
    }

    @Test("the files, added up here, are what facts.json says of them")
    func filesAndFacts() throws {
        #expect(files.orders.count == 830)
        #expect(
            try files.sum(\.exact)
                == factDecimal("order_lines", "net_exact_sum(UnitPrice*Quantity*(1-Discount))"))
        #expect(try files.sum(\.halfUp) == factDecimal("order_lines", "net_sum_of_lines_rounded_half_up_2dp"))
        #expect(
            try files.sum(\.halfEven) == factDecimal("order_lines", "net_sum_of_lines_rounded_half_even_2dp"))
        // A discount that is rounded up takes its half cent off the net: that is the whole difference.
        #expect(files.halves == 53)
        #expect(files.sum(\.stated) == files.sum(\.halfUp) - Decimal(files.halves) / 100)
        #expect(files.sum(\.stated) == Decimal(string: "1265792.76"))
    }

    @Test("every record is there once")
    func counts() throws {
        for (entity, fact) in [
            ("contact", "customers"), ("account", "customers"), ("product", "products"),
            ("vendor", "suppliers"),
            ("sales_order", "orders"),
        ] {
            #expect(try admin.count(entity) == Int64(self.fact("rows", fact)), "\(entity)")
        }
        #expect(
            try admin.count("user", #"["x_employee_id","is not empty"]"#) == Int64(fact("rows", "employees")))
        let lines = try groups(
            #""entity":"sales_order_line","measures":[{"op":"count","as":"lines"},{"op":"sum","field":"quantity","as":"pieces"}]"#
        )
        #expect(try lines[0].integer("lines") == Int64(fact("rows", "order_details")))
        let pieces = try fact("order_lines", "quantity_sum")
        #expect(try lines[0].string("pieces") == "\(pieces).0000")
        #expect(
            try admin.count("sales_order_line", #"["discount_percent",">","0"]"#)
                == Int64(fact("order_lines", "lines_with_discount")))
        #expect(
            try admin.count("product", #"["active","=",false]"#) == Int64(fact("products", "discontinued")))
        #expect(
            try admin.count("sales_order", #"["x_shipped_date","is empty"]"#)
                == Int64(fact("orders", "not_shipped")))
    }

    @Test(
        "every order's value is that of the stated rounding; the sum differs from the exact one by what was rounded"
    )
    func orderValues() throws {
        let list = try admin.call(
            "record.list",
            #"{"entity":"sales_order","fields":["x_order_id","subtotal"],"sort":["x_order_id"],"limit":1000}"#
        ).array("records")
        #expect(list.count == files.orders.count)
        for record in list {
            let number = try record.string("x_order_id")
            let expected = try #require(files.orders[number])
            let subtotal = try NorthwindFiles.decimal(#require(record["subtotal"]).string("amount"))
            #expect(subtotal == expected.stated, "order \(number)")
        }
        let sums = try groups(
            #"""
            "entity":"sales_order","measures":[{"op":"sum","field":"subtotal","as":"value"},
             {"op":"sum","field":"shipping_amount","as":"freight"},{"op":"sum","field":"grand_total","as":"total"}]
            """#)[0]
        let value = try NorthwindFiles.decimal(#require(sums["value"]).string("amount"))
        let freight = try factDecimal("freight_sum")
        #expect(value == files.sum(\.stated))
        #expect(try NorthwindFiles.decimal(#require(sums["freight"]).string("amount")) == freight)
        #expect(try NorthwindFiles.decimal(#require(sums["total"]).string("amount")) == value + freight)
    }

    @Test("orders and their value by customer and by employee")
    func byCustomerAndEmployee() throws {
        for (group, key, count) in [
            ("account.x_customer_id", \NorthwindFiles.Order.customer, 89),
            ("owner.x_employee_id", \NorthwindFiles.Order.employee, 9),
        ] {
            let rows = try groups(
                #"""
                "entity":"sales_order","group_by":["\#(group)"],
                 "measures":[{"op":"count","as":"orders"},{"op":"sum","field":"subtotal","as":"value"}]
                """#)
            #expect(rows.count == count)
            for row in rows {
                let name = try row.string(group)
                let own = files.orders.values.filter { $0[keyPath: key] == name }
                #expect(try row.integer("orders") == own.count, "\(name)")
                let value = try NorthwindFiles.decimal(#require(row["value"]).string("amount"))
                #expect(value == files.sum(\.stated) { $0[keyPath: key] == name }, "\(name)")
            }
        }
        // The files' own sums are those that are known of them.
        for (name, facts) in try #require(files.facts["orders_per_customer"]?.members) {
            #expect(
                files.orders.values.filter { $0.customer == name }.count
                    == facts["orders"]?.int64.map { Int($0) })
            let exact = try NorthwindFiles.decimal(facts.string("net_exact"))
            #expect(files.sum(\.exact) { $0.customer == name } == exact, "\(name)")
        }
        for (name, facts) in try #require(files.facts["orders_per_employee"]?.members) {
            let id = String(name.prefix { $0 != " " })
            let rounded = try NorthwindFiles.decimal(facts.string("net_2dp"))
            #expect(NorthwindFiles.rounded(files.sum(\.exact) { $0.employee == id }) == rounded, "\(name)")
        }
        for name in try #require(files.facts["customers_without_orders"]).elements.compactMap(\.string) {
            #expect(try admin.count("account", #"["x_customer_id","=","\#(name)"]"#) == 1)
            #expect(try admin.count("sales_order", #"["account.x_customer_id","=","\#(name)"]"#) == 0)
        }
    }

    @Test("employees report as they do in the file, and their roles stand in the same order")
    func reportingTree() throws {
        for (id, superior) in try #require(files.facts["reports_to"]?.members) {
            let condition =
                superior.string.map { #"["reports_to.x_employee_id","=","\#($0)"]"# }
                ?? #"["reports_to","is empty"]"#
            #expect(
                try admin.count("user", #"{"all":[["x_employee_id","=","\#(id)"],\#(condition)]}"#) == 1,
                "employee \(id)")
        }
        let below = ["Vice President, Sales": 5, "Sales Manager, London": 3, "Organisation": 1]
        for (role, users) in below {
            let condition = #"["role.parent_role.role_name","=","\#(role)"]"#
            let count = try admin.count(
                "user", #"{"all":[["x_employee_id","is not empty"],\#(condition)]}"#)
            #expect(count == users, "\(role)")
        }
    }

    @Test("what behaviour hangs on in a list of values stays when the import adds to it")
    func lifeCycle() throws {
        let fields = try admin.call("entity.describe", #"{"name":"sales_order"}"#).array("fields")
        let values = try #require(fields.first { $0["name"]?.string == "so_status" }).array("values")
        #expect(
            values.map { $0["key"]?.string } == ["created", "approved", "delivered", "cancelled", "shipped"])
        #expect(values.map { $0["system"]?.bool } == [true, true, true, true, false])
    }

    @Test("a second import changes nothing")
    func again() throws {
        let before = try versions()
        let ended = try platform.admin(
            "import", "--mapping", Files.repository("config/import/northwind.json5"), "--from",
            Files.repository("config/demo/northwind"), "--json")
        #expect(ended.code == 0, "\(ended)")
        let report = try JSONDocument(parsing: ended.output).root
        #expect(try report.array("fields").isEmpty && report.array("values").isEmpty)
        for step in try report.array("steps") {
            for count in ["created", "updated", "failed"] {
                #expect(try step.integer(count) == 0, "\(step.text)")
            }
        }
        let orders = try #require(try report.array("steps").last)
        #expect(try orders.integer("unchanged") == 830)
        #expect(try versions() == before)
    }

    @Test(
        "orders become invoices of the same value, and the explanation of each accounts for what was rounded")
    func invoices() throws {
        let customers = try #require(files.facts["orders_per_customer"]?.members).map(\.0)
        let names = customers.map(\.jsonText).joined(separator: ",")
        let wanted = #"""
            "filter":["account.x_customer_id","in",[\#(names)]],"sort":["x_order_date"],"limit":1000,"fields":
             ["x_order_id","x_order_date","x_shipped_date","subtotal","grand_total","invoiced"]
            """#
        let orders = try records("sales_order", wanted)
        let stock = try stockAndPieces(of: orders.filter { $0["x_shipped_date"]?.isNull == true })
        let operations = orders.map(Self.invoicing).joined(separator: ",")
        try admin.call("batch.execute", #"{"operations":[\#(operations)]}"#)

        let invoices = try records(
            "invoice",
            #"""
            "filter":["invoice_no","is not empty"],"sort":["invoice_no"],"limit":1000,
             "fields":["sales_order","invoice_no","invoice_date","subtotal","grand_total"]
            """#)
        #expect(try invoices.map { try $0.string("invoice_no") } == (1...orders.count).map(Self.number))
        #expect(try records("sales_order", wanted).allSatisfy { $0["invoiced"]?.bool == true })
        for (invoice, order) in zip(invoices, orders) {
            let number = try order.string("x_order_id")
            #expect(invoice["sales_order"]?["id"]?.int64 == order["id"]?.int64)
            #expect(invoice["invoice_date"]?.string == order["x_order_date"]?.string, "order \(number)")
            for figure in ["subtotal", "grand_total"] {
                #expect(invoice[figure]?.text == order[figure]?.text, "order \(number)")
            }
            let expected = try #require(files.orders[number])
            let subtotal = try NorthwindFiles.decimal(#require(invoice["subtotal"]).string("amount"))
            #expect(subtotal == expected.stated, "order \(number)")
            guard expected.stated != expected.exact else { continue }
            let difference = try rounded(in: invoice.integer("id"))
            #expect(difference == expected.stated - expected.exact, "order \(number)")
        }
        // The goods of shipped orders had left before; those of the others leave with their invoice.
        #expect(try stockAndPieces(of: []).stock == stock.stock - stock.pieces)
    }

    private func records(_ entity: String, _ parameters: String) throws -> [JSONNode] {
        try admin.call("record.list", #"{"entity":"\#(entity)",\#(parameters)}"#).array("records")
    }

    private static func invoicing(_ order: JSONNode) -> String {
        let hasLeft = order["x_shipped_date"]?.isNull == false
        return #"""
            {"method":"inventory.order_to_invoice","params":{"sales_order":\#(order["id"]?.text ?? ""),
             "values":{"invoice_date":\#(order["x_order_date"]?.text ?? ""),"moves_stock":\#(!hasLeft),
                       "invoice_status":"sent"}}}
            """#
    }

    private static func number(_ index: Int) -> String { "INV" + String(String(100_000 + index).dropFirst()) }

    /// All pieces that lie in stock, and those that some orders are about.
    private func stockAndPieces(of orders: [JSONNode]) throws -> (stock: Decimal, pieces: Decimal) {
        func sum(_ entity: String, _ field: String, _ filter: String = "") throws -> Decimal {
            let row = try groups(
                #""entity":"\#(entity)",\#(filter)"measures":[{"op":"sum","field":"\#(field)","as":"sum"}]"#)[
                    0]
            return try row["sum"]?.string.map { try NorthwindFiles.decimal($0) } ?? 0
        }
        let ids = orders.compactMap { $0["id"]?.text }.joined(separator: ",")
        return (
            try sum("product", "quantity_in_stock"),
            try sum("sales_order_line", "quantity", #""filter":["parent","in",[\#(ids)]],"#)
        )
    }

    /// By how much the subtotal of a document differs from the exact one, by its explanation.
    private func rounded(in document: Int64) throws -> Decimal {
        var difference = Decimal(0)
        for step in try admin.call("inventory.explain_total", #"{"id":\#(document)}"#).array("steps") {
            let (figure, rule) = (try step.string("figure"), try step.string("rule"))
            guard let product = rule.wholeMatch(of: /R\(([0-9.]+) × ([0-9.]+)( %)?\)/) else { continue }
            var exact =
                try NorthwindFiles.decimal(String(product.1)) * NorthwindFiles.decimal(String(product.2))
            if product.3 != nil { exact /= 100 }
            let change = try NorthwindFiles.decimal(step.string("amount")) - exact
            difference += figure.hasSuffix(".discount") ? -change : change
        }
        return difference
    }

    @Test("what the kernel refuses about a line is told with the line's place in its file")
    func refusedLine() throws {
        try platform.folder.write("OrderID,Customer\n20001,ALFKI\n20002,ALFKI\n", to: "orders.csv")
        try platform.folder.write(
            "OrderID,Product,Quantity\n20001,NW-1,2\n20002,NW-2,1\n20002,NW-3,0\n20002,NW-999,1\n",
            to: "details.csv")
        try platform.folder.write(
            """
            { entity: "sales_order", file: "orders.csv", match_on: ["x_order_id"],
              columns: { OrderID: ["x_order_id", "subject"],
                         Customer: { field: "account", lookup: { entity: "account", by: "x_customer_id" } } },
              constants: { currency: { lookup: { entity: "currency", by: "code", value: "USD" } } },
              lines: { field: "lines", file: "details.csv", key: { OrderID: "OrderID" },
                       columns: { Product: { field: "item", lookup: { entity: "product", by: "product_code" } },
                                  Quantity: "quantity" } } }
            """, to: "mapping.json5")
        let ended = try platform.admin(
            "import", "--mapping", platform.folder.path("mapping.json5"), "--dry-run", "--csv")
        #expect(ended.code == 7, "\(ended)")
        #expect(ended.output.hasSuffix("sales_order,2,1,0,0,0,1,0\r\n"), "\(ended)")
        #expect(
            ended.errors.contains(
                #"refused: details.csv:5: lines[2].item: no product has product_code "NW-999""#), "\(ended)")
    }

    @Test("every command in Inventory's README prints what is printed there")
    func readme() throws {
        let session = try ConsoleSession("Modules/Inventory/README.md")
        #expect(session.count == 5)
        try session.check(platform)
    }

    /// The highest version of each entity that only an import writes here.
    private func versions() throws -> [String] {
        try ["account", "contact", "vendor", "user"].map { entity in
            try groups(#""entity":"\#(entity)","measures":[{"op":"max","field":"version","as":"version"}]"#)[
                0
            ].text
        }
    }
}
