import Admin
import JSON
import Testing

@Suite("Import: the sales-pipeline set")
struct SalesPipelineImportTests {
    private func driver(_ kernel: FakeKernel = .withSales()) -> ConsoleDriver {
        var driver = ConsoleDriver(kernel)
        driver.environment["CRM_OUTPUT"] = "json"
        return driver
    }

    private func importAll(_ driver: ConsoleDriver, _ more: String...) -> ExitCode {
        driver.streams.output = ""
        return driver.run(
            [
                "import", "--mapping", Repository.path("config/import/sales-pipeline.json5"), "--from",
                Repository.path("Tests/Fixtures/sales-pipeline"),
            ] + more)
    }

    private func report(_ driver: ConsoleDriver) throws -> JSONNode {
        try JSONDocument(parsing: driver.streams.output).root
    }

    private func counts(_ driver: ConsoleDriver, _ member: String) throws -> [String: Int64] {
        var counts: [String: Int64] = [:]
        for step in try #require(try report(driver)["steps"]).elements {
            counts[step["step"]?.string ?? ""] = step[member]?.int64
        }
        return counts
    }

    private func findings(_ driver: ConsoleDriver) throws -> [String] {
        try #require(try report(driver)["findings"]).elements.map {
            "\($0["step"]?.string ?? ""): \($0["rows"]?.int64 ?? 0) \($0["finding"]?.string ?? "")"
        }
    }

    private static let made: [String: Int64] = [
        "currency": 1, "regions": 3, "manager-roles": 6, "team-roles": 6, "managers": 6, "agents": 35,
        "accounts": 85, "parents": 0, "potentials": 8800,
    ]

    @Test("one command makes everything, sixteen calls at most under way")
    func wholeImport() throws {
        let driver = driver()
        #expect(importAll(driver) == .done, "\(driver.streams.errors)")
        #expect(try counts(driver, "created") == Self.made)
        #expect(try counts(driver, "failed").values.allSatisfy { $0 == 0 })
        #expect(try counts(driver, "updated")["parents"] == 15)
        #expect(driver.kernel.mostUnderWay == 16)
        #expect(driver.kernel.records["account"]?.count == 85)
        let won =
            driver.kernel.records["potential"]?.values.filter { $0["sales_stage"] == "\"closed_won\"" } ?? []
        #expect(won.count == 4238)
        #expect(won.reduce(0) { $0 + (Int($1["amount"]?.filter(\.isNumber) ?? "") ?? 0) } == 10_005_534)
    }

    @Test("running it again changes nothing")
    func again() throws {
        let driver = driver()
        #expect(importAll(driver) == .done)
        let before = driver.kernel.records
        #expect(importAll(driver) == .done)
        #expect(try counts(driver, "created").values.allSatisfy { $0 == 0 })
        #expect(try counts(driver, "updated").values.allSatisfy { $0 == 0 })
        #expect(try counts(driver, "unchanged")["potentials"] == 8800)
        #expect(try counts(driver, "skipped")["currency"] == 1)
        #expect(driver.kernel.records == before)
    }

    @Test("a dry run on an empty system writes nothing and says what the run then does")
    func dryRun() throws {
        let driver = driver()
        let before = driver.kernel.records
        #expect(importAll(driver, "--dry-run") == .done, "\(driver.streams.errors)")
        #expect(try counts(driver, "created") == Self.made)
        #expect(try counts(driver, "updated")["parents"] == 15)
        #expect(driver.kernel.records == before)
        #expect(driver.kernel.fields["potential"]?.contains { $0.name == "x_product" } == false)
        #expect(
            driver.kernel.calls.allSatisfy {
                !["import.rows", "field.create"].contains($0.method) || $0.params.contains("\"dry_run\":true")
            })
    }

    @Test("every known defect of the set is told, with its count")
    func defects() throws {
        let driver = driver()
        #expect(importAll(driver) == .done)
        let findings = try findings(driver)
        for expected in [
            "accounts: 12 sector \"technolgy\" corrected to \"technology\"",
            "accounts: 1 office_location \"Philipines\" corrected to \"Philippines\"",
            "potentials: 1480 product \"GTXPro\" is not in products.csv; corrected to \"GTX Pro\"",
            "potentials: 1425 without account", "potentials: 500 without engage_date",
            "potentials: 2089 without close_date", "potentials: 2089 without close_value",
            "accounts: 85 annual_revenue left out: its amounts are in USD, and the base currency is EUR",
        ] {
            #expect(findings.contains(expected), "\(expected) is not among \(findings)")
        }
    }

    @Test("revenue in millions becomes an exact amount where the base currency is the file's")
    func revenue() throws {
        let driver = driver(.withSales(baseCurrency: "USD"))
        #expect(importAll(driver) == .done)
        let acme = driver.kernel.records["account"]?.values.first {
            $0["account_name"] == "\"Acme Corporation\""
        }
        #expect(acme?["annual_revenue"] == "\"1100040000\"")
        #expect(acme?["x_revenue_musd"] == "\"1100.04\"")
        #expect(acme?["x_year_established"] == "1996")
        #expect(acme?["industry"] == "\"technology\"")
        #expect(try counts(driver, "skipped")["currency"] == 1)
    }

    @Test("without the module the mapping is refused before anything is written")
    func withoutModule() {
        let kernel = FakeKernel.withSales()
        kernel.fields["potential"] = nil
        let driver = driver(kernel)
        #expect(importAll(driver) == .failed)
        #expect(driver.streams.errors.contains("entity \"potential\" does not exist"))
        #expect(kernel.count(of: "import.rows") == 0)
        #expect(kernel.count(of: "field.create") == 0)
    }
}
