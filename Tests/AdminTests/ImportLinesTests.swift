import Admin
import JSON
import TestKit
import Testing

@Suite("Import: lines of a second file")
struct ImportLinesTests {
    private static let orders = "Order,Customer\n1,Acme\n2,Birch\n3,Acme\n"
    private static let details = "Order,Item,Quantity\n2,Nuts,5\n1,Bolts,2\n1,Nuts,3\n"
    private static let mapping = """
        { entity: "order", file: "orders.csv", match_on: ["number"],
          columns: { Order: "number", Customer: "customer" },
          lines: { field: "lines", file: "details.csv", key: { Order: "Order" },
                   columns: { Item: { field: "item", lookup: { entity: "product", by: "name" } }, Quantity: "quantity" } } }
        """

    private static var kernel: FakeKernel {
        let kernel = FakeKernel()
        kernel.fields = [
            "product": [
                .init(name: "name", type: "text"), .init(name: "kind", type: "picklist", values: ["part"]),
            ],
            "order": [
                .init(name: "number", type: "text"), .init(name: "customer", type: "text"),
                .init(name: "note", type: "text"),
                .init(
                    name: "lines", type: "lines",
                    lines: [
                        .init(name: "item", type: "reference", targets: ["product"]),
                        .init(name: "quantity", type: "integer"),
                    ]),
            ],
        ]
        kernel.records["product"] = [1: ["name": "\"Bolts\""], 2: ["name": "\"Nuts\""]]
        return kernel
    }

    private struct Result {
        let code: ExitCode
        let streams: RecordingStreams
        let kernel: FakeKernel
        let folder: TemporaryFolder

        /// The lines that were sent for each order, as JSON.
        var sent: [String] {
            get throws {
                guard let call = kernel.calls.first(where: { $0.method == "import.rows" }) else { return [] }
                let rows = try #require(try JSONDocument(parsing: call.params).root["rows"]).elements
                return rows.map { String(decoding: $0["values"]?["lines"]?.rawBytes ?? [], as: UTF8.self) }
            }
        }
    }

    private func run(
        _ mapping: String = mapping, orders: String? = orders, details: String? = details, _ more: String...
    ) throws -> Result {
        let folder = try TemporaryFolder()
        if let orders { try folder.write(orders, to: "orders.csv") }
        if let details { try folder.write(details, to: "details.csv") }
        let path = try folder.write(mapping, to: "m.json5")
        let driver = ConsoleDriver(Self.kernel)
        let code = driver.run(
            ["import", "--mapping", path] + more.map { $0.replacing("DIR", with: folder.path) })
        return Result(code: code, streams: driver.streams, kernel: driver.kernel, folder: folder)
    }

    private static func line(_ item: String, _ quantity: Int) -> String {
        #"{"item":{"$lookup":{"entity":"product","field":"name","value":"\#(item)"}},"quantity":\#(quantity)}"#
    }

    @Test(
        "each record gets the rows with its key, in the order of their file; one without rows gets none and is told"
    )
    func together() throws {
        let result = try run(Self.mapping, "--csv")
        #expect(result.code == .done, "\(result.streams.errors)")
        #expect(
            try result.sent == [
                "[\(Self.line("Bolts", 2)),\(Self.line("Nuts", 3))]", "[\(Self.line("Nuts", 5))]", "[]",
            ])
        #expect(result.streams.errors.contains("without lines in details.csv"), "\(result.streams.errors)")
    }

    @Test("a key of several columns, which the files name differently, with spaces around its values")
    func severalColumns() throws {
        let mapping = Self.mapping.replacing(
            #"key: { Order: "Order" }"#, with: #"key: { Order: "No", Customer: "Who" }"#)
        let result = try run(
            mapping, details: "No,Who,Item,Quantity\n1,Birch,Nuts,1\n 2 ,Birch,Bolts,9\n")
        #expect(result.code == .partial)
        #expect(try result.sent == ["[]", "[\(Self.line("Bolts", 9))]", "[]"])
        #expect(
            result.streams.errors.contains(#"refused: Who "Birch", No "1" is not in orders.csv"#),
            "\(result.streams.errors)")
    }

    @Test(
        "lines that belong to no record are refused by their key, counted, and come back with line and reason"
    )
    func strays() throws {
        let details = Self.details + "7,Nuts,1\n7,Bolts,1\n"
        let result = try run(details: details, "--rejects", "DIR/r.csv", "--csv")
        #expect(result.code == .partial)
        #expect(result.kernel.records["order"]?.count == 3)
        #expect(
            result.streams.output.hasSuffix("order,3,3,0,0,0,0,0\r\norder.lines,2,0,0,0,0,2,0\r\n"),
            "\(result.streams.output)")
        #expect(result.streams.errors.contains(#"refused: Order "7" is not in orders.csv"#))
        #expect(
            try result.folder.read("r.order.lines.csv") == """
                Order,Item,Quantity,line,reason\r
                7,Nuts,1,5,"Order ""7"" is not in orders.csv"\r
                7,Bolts,1,6,"Order ""7"" is not in orders.csv"\r

                """)
    }

    @Test(
        "a line that is wrong refuses its record, with the line's place in its file; the other records are kept"
    )
    func wrongLine() throws {
        let details = Self.details.replacing("1,Nuts,3", with: "1,Nuts,many")
        let result = try run(details: details, "--rejects", "DIR/r.csv")
        #expect(result.code == .partial)
        #expect(result.kernel.records["order"]?.count == 2)
        let rejects = try result.folder.read("r.order.csv")
        let reason = #"1,Acme,2,"details.csv:4: Quantity: ""many"" is not a whole number"#
        #expect(rejects.contains(reason), "\(rejects)")
    }

    @Test("a ragged line refuses its record; one too short for its key is refused alone")
    func ragged() throws {
        let result = try run(
            Self.mapping.replacing("Order: \"Order\"", with: "Order: \"No\""),
            details: "Item,Quantity,No\nNuts,1,1\nNuts,1,2,3\nBolts\n", "--rejects", "DIR/r.csv")
        #expect(result.code == .partial)
        #expect(result.kernel.records["order"]?.count == 2)
        #expect(
            try result.folder.read("r.order.csv").contains(
                "details.csv:3: the row has 4 fields, and the header 3"))
        #expect(
            try result.folder.read("r.order.lines.csv").contains("4,the row has too few fields for its key"))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var replacing = ""
        var with = ""
        let message: String
    }

    @Test(
        "what cannot be is refused before anything is written",
        arguments: [
            Refusal(
                testDescription: "a second file that is not there", replacing: "details.csv",
                with: "detail.csv",
                message: "detail.csv\" could not be opened: No such file or directory"),
            Refusal(
                testDescription: "a column that the second file has not", replacing: "Quantity:",
                with: "Quantiy:",
                message:
                    #"lines.columns.Quantiy: "DIR/details.csv" has no column "Quantiy"\#nhint: Did you mean "Quantity"?"#
            ),
            Refusal(
                testDescription: "a key that the second file has not", replacing: #"key: { Order: "Order""#,
                with: #"key: { Order: "Ordr""#,
                message: #"lines.key: "DIR/details.csv" has no column "Ordr"\#nhint: Did you mean "Order"?"#),
            Refusal(
                testDescription: "a key that the first file has not", replacing: "key: { Order:",
                with: "key: { Ordr:",
                message: #"lines.key: "DIR/orders.csv" has no column "Ordr""#),
            Refusal(
                testDescription: "no key", replacing: #"key: { Order: "Order" },"#, with: "",
                message: #"lines lacks "key""#),
            Refusal(
                testDescription: "no file", replacing: #"file: "details.csv", "#, with: "",
                message: #"lines lacks "file""#),
            Refusal(
                testDescription: "a field that holds no lines", replacing: #"field: "lines""#,
                with: #"field: "note""#, message: #"lines: field "note" holds no lines"#),
            Refusal(
                testDescription: "a field of lines that is not there", replacing: #"Quantity: "quantity""#,
                with: #"Quantity: "quantty""#,
                message: #"has no field "quantty"\#nhint: Did you mean "quantity"?"#),
            Refusal(
                testDescription: "a field of lines twice", replacing: #"Quantity: "quantity""#,
                with: #"Quantity: "item""#, message: "gives field \"item\" two values"),
            Refusal(
                testDescription: "a look-up in a number", replacing: #"Quantity: "quantity""#,
                with: #"Quantity: { field: "quantity", lookup: { entity: "product", by: "name" } }"#,
                message: "lines.columns.Quantity: field \"quantity\" is no reference, and takes no lookup"),
            Refusal(
                testDescription: "a member that lines do not have", replacing: "key:",
                with: "match_on: [\"item\"], key:",
                message: #"lines has no member "match_on""#),
        ])
    func refused(_ refusal: Refusal) throws {
        let result = try run(Self.mapping.replacing(refusal.replacing, with: refusal.with))
        #expect(result.code == .failed)
        let message = refusal.message.replacing("DIR", with: result.folder.path)
        #expect(result.streams.errors.contains(message), "\(result.streams.errors)")
        #expect(result.kernel.count(of: "import.rows") == 0)
    }

    @Test("a dry run finds a line's record that is nowhere, without having made the order")
    func dryRun() throws {
        let products = """
            { steps: [
              { entity: "product", name: "products", file: "products.csv", match_on: ["name"], columns: { Name: "name" } },
              \(Self.mapping.replacing("entity: \"order\"", with: "name: \"orders\", entity: \"order\"")) ] }
            """
        let folder = try TemporaryFolder()
        try folder.write("Name\nScrews\n", to: "products.csv")
        try folder.write("Order,Customer\n1,Acme\n2,Birch\n", to: "orders.csv")
        try folder.write("Order,Item,Quantity\n1,Screws,1\n2,Screws,1\n2,Rivets,2\n", to: "details.csv")
        let driver = ConsoleDriver(Self.kernel)
        let code = driver.run(
            "import", "--mapping", try folder.write(products, to: "m.json5"), "--dry-run", "--csv")
        #expect(code == .partial)
        #expect(driver.streams.output.hasSuffix("products,1,1,0,0,0,0,0\r\norders,2,1,0,0,0,1,0\r\n"))
        #expect(driver.streams.errors.contains(#"details.csv:4: lines.item: no product has name "Rivets""#))
        #expect(driver.kernel.records["product"]?.count == 2)
    }

    // MARK: Values of picklists

    private static func adding(_ entity: String, _ field: String) -> String {
        """
        { picklists: [{ entity: "\(entity)", field: "\(field)", values: { part: "Part", tool: "Tool" } }],
          steps: [{ entity: "product", file: "orders.csv", match_on: ["name"],
                    columns: { Customer: ["name", { field: "kind", values: { "*": "tool" } }] } }] }
        """
    }

    @Test("values that a picklist lacks are added, those that it has are left alone; a second run adds none")
    func picklist() throws {
        let result = try run(Self.adding("product", "kind"))
        #expect(result.code == .done, "\(result.streams.errors)")
        let added = result.kernel.calls.filter { $0.method == "picklist.add" }.map(\.params)
        #expect(
            added == [#"{"entity":"product","field":"kind","values":[{"key":"tool","label":"Tool"}]}"#])
        #expect(result.streams.errors.contains("value product.kind: tool added"))
        #expect(result.kernel.fields["product"]?.last?.values == ["part", "tool"])
    }

    @Test(
        "a list that cannot be is refused before anything is written",
        arguments: [
            ("product", "kin", #"picklists[0]: product has no field "kin"\#nhint: Did you mean "kind"?"#),
            ("product", "name", #"picklists[0]: field "name" is of type text, no picklist"#),
            ("prodct", "kind", #"entity "prodct" does not exist"#),
        ])
    func noPicklist(_ entity: String, _ field: String, _ message: String) throws {
        let result = try run(Self.adding(entity, field))
        #expect(result.code == .failed)
        #expect(result.streams.errors.contains(message), "\(result.streams.errors)")
        #expect(result.kernel.count(of: "import.rows") + result.kernel.count(of: "picklist.add") == 0)
    }
}
