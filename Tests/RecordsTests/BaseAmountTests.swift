import CRMSDK
import Core
import Query
import Records
import Security
import Storage
import Testing

/// The processes' reference rates: EUR 1, USD 1.0837, JPY 156.42, KWD 0.30712.
@Suite("Amounts in the base currency")
struct BaseAmountTests {
    let office: Office
    private let currencies: [String: RecordID]

    init() throws {
        var core = CoreModule().manifest
        core.entities.append(
            EntityDefinition(
                "deal", label: "Deal", plural: "Deals",
                fields: [
                    .text("title", "Title"), .reference("currency", "Currency", to: "currency"),
                    .money("amount", "Amount", currencyField: "currency"),
                    .date("closing_date", "Closing date"),
                    .baseMoney("amount_base", "Amount in base currency", of: "amount", on: "closing_date"),
                ]
            ).labelled(by: "title").sorted(by: "title"))
        office = try Office(core: core)
        var currencies: [String: RecordID] = ["EUR": RecordID(2)]
        for (code, decimals, rate) in [
            ("USD", 2, 1_083_700), ("JPY", 0, 156_420_000), ("KWD", 3, 307_120),
        ] as [(String, Int64, Int64)] {
            currencies[code] = try office.create(
                "currency",
                [
                    "name": .text(code), "code": .text(code), "decimals": .integer(decimals),
                    "rate": .decimal(FixedDecimal(units: rate, scale: 6)),
                ])
        }
        self.currencies = currencies
    }

    private func id(_ code: String) -> Value { currencies[code].map { .reference($0) } ?? .null }

    private func deal(_ amount: String, _ code: String, closing: String? = nil) throws -> RecordID {
        try office.create(
            "deal",
            [
                "title": "Deal", "currency": id(code),
                "amount": .decimal(try FixedDecimal(parsing: amount, scale: 4)),
                "closing_date": closing.flatMap { CalendarDate($0) }.map { .date($0) } ?? .null,
            ])
    }

    private func base(_ id: RecordID) throws -> String? {
        try office.get(id)["amount_base"].money?.description
    }

    private func addRate(_ code: String, _ day: String, _ rate: String) throws -> RecordID {
        try office.create(
            "exchange_rate",
            [
                "currency": id(code), "valid_from": .date(try #require(CalendarDate(day))),
                "rate": .decimal(try FixedDecimal(parsing: rate, scale: 6)),
            ])
    }

    private func fillAll() throws {
        let filling = BaseAmountFilling(office.records, office.database.writer, batchSize: 2)
        while try filling.step() {}
    }

    // MARK: One record

    @Test(
        "a currency has the decimals of ISO 4217 unless they are given",
        arguments: [
            ("JPY", nil, 0), ("BIF", nil, 0), ("VUV", nil, 0), ("KWD", nil, 3), ("CLF", nil, 4),
            ("SEK", nil, 2), ("KRW", 2, 2),
        ] as [(String, Int64?, Int64)])
    func decimals(_ code: String, _ given: Int64?, _ expected: Int64) throws {
        let office = try Office()
        var values: [String: Value] = [
            "code": .text(code), "name": .text(code),
            "rate": .decimal(FixedDecimal(units: 2_000_000, scale: 6)),
        ]
        values["decimals"] = given.map { .integer($0) }
        let id = try office.create("currency", values)
        #expect(try office.get(id)["decimals"] == .integer(expected))
    }

    @Test(
        "an amount is divided by the rate and rounded half up to the base currency's decimals",
        arguments: [
            ("100.00", "EUR", "100.00 EUR"), ("108.37", "USD", "100.00 EUR"), ("15642", "JPY", "100.00 EUR"),
            ("30.712", "KWD", "100.00 EUR"), ("0.01", "USD", "0.01 EUR"), ("1", "JPY", "0.01 EUR"),
            ("-108.37", "USD", "-100.00 EUR"), ("0.7821", "JPY", "0.01 EUR"), ("-0.7821", "JPY", "-0.01 EUR"),
            ("0.78", "JPY", "0.00 EUR"), ("12.3456", "EUR", "12.3456 EUR"),
        ])
    func conversion(_ amount: String, _ code: String, _ expected: String) throws {
        #expect(try base(deal(amount, code)) == expected)
    }

    @Test("it follows the amount, the currency and the date, and nobody else writes it")
    func follows() throws {
        _ = try addRate("USD", "2026-01-01", "1.25")
        _ = try addRate("USD", "2026-11-22", "2")
        let id = try deal("100.00", "USD")
        // The test's clock stands at 2026-11-22.
        #expect(try base(id) == "50.00 EUR")
        try office.update(id, ["closing_date": .date(try #require(CalendarDate("2026-11-21")))])
        #expect(try base(id) == "80.00 EUR")
        try office.update(id, ["amount": .decimal(try FixedDecimal(parsing: "200", scale: 4))])
        #expect(try base(id) == "160.00 EUR")
        try office.update(id, ["amount": .null])
        #expect(try base(id) == nil)
        let error = #expect(throws: CRMError.self) {
            try office.update(id, ["amount_base": .decimal(FixedDecimal(units: 1, scale: 4))])
        }
        #expect(error?.fields.first?.field == "amount_base")
    }

    @Test("without a rate for its day an amount is refused, with the currency and the day")
    func noRate() throws {
        _ = try addRate("USD", "2026-01-01", "1.25")
        #expect(try base(deal("100", "USD", closing: "2026-01-01")) == "80.00 EUR")
        let error = #expect(throws: CRMError.self) { try deal("100", "USD", closing: "2025-12-31") }
        #expect(error?.kind == .invalidRecord)
        #expect(error?.fields.first?.message.contains("no exchange rate for USD on 2025-12-31") == true)
    }

    @Test("a currency has one rate a day, and the base currency none")
    func rateRules() throws {
        _ = try addRate("USD", "2026-01-01", "1.25")
        for (code, day) in [("USD", "2026-01-01"), ("EUR", "2026-01-01")] {
            let error = #expect(throws: CRMError.self) { try addRate(code, day, "1.5") }
            #expect(error?.kind == .invalidRecord)
        }
        _ = try addRate("JPY", "2026-01-01", "150")
    }

    // MARK: Rates that come later

    @Test("a rate with a past date changes what lies behind it, in batches, and not the records' versions")
    func pastRate() throws {
        _ = try addRate("USD", "2026-01-01", "1.25")
        var ids: [RecordID] = []
        for day in ["2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01", "2026-03-02"] {
            ids.append(try deal("100", "USD", closing: day))
        }
        let euro = try deal("100", "EUR", closing: "2026-02-01")
        try fillAll()
        let march = try addRate("USD", "2026-03-01", "2")
        let february = try addRate("USD", "2026-02-01", "1")
        #expect(try base(ids[1]) == "80.00 EUR")
        // A kill between two batches: another one goes on.
        #expect(try BaseAmountFilling(office.records, office.database.writer, batchSize: 2).step())
        try fillAll()
        #expect(try ids.map(base) == ["80.00 EUR", "100.00 EUR", "100.00 EUR", "50.00 EUR", "50.00 EUR"])
        #expect(try office.get(ids[1]).version == 1)
        #expect(try base(euro) == "100.00 EUR")
        try office.delete(february)
        try office.delete(march)
        try fillAll()
        #expect(try ids.map(base) == Array(repeating: "80.00 EUR", count: 5))
    }

    // MARK: Lists and sums

    @Test("mixed currencies are summed, sorted and compared in the base currency only")
    func sums() throws {
        let ids = [try deal("108.37", "USD"), try deal("50", "EUR"), try deal("15642", "JPY")]
        let snapshot = office.snapshot
        let plan = try office.records.planAggregate(
            office.root, snapshot, entity: "deal", filter: nil, groups: [],
            measures: [.init(operation: .sum, path: "amount_base", name: "total")])
        var total: Value?
        try office.records.aggregate(plan, on: office.database.makeReader()) { row throws(CRMError) in
            total = try plan.value(plan.members[0], row, snapshot)
        }
        #expect(total?.money?.description == "250.00 EUR")
        let large = try office.ids(
            "deal", where: .where("amount_base", .greater, .decimal(FixedDecimal(units: 600_000, scale: 4))))
        #expect(large == [ids[0], ids[2]])
        let error = #expect(throws: CRMError.self) {
            try office.ids(
                "deal", where: .where("amount", .greater, .decimal(FixedDecimal(units: 600_000, scale: 4))))
        }
        #expect(error?.kind == .invalidParameters)
        #expect(error?.hint?.contains("amount_base") == true)
    }

    // MARK: Rights

    @Test("who may not see the amount sees it in no other currency either")
    func hidden() throws {
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        _ = try deal("100", "USD")
        try office.administer { administration throws(CRMError) in
            try administration.setFieldAccess("amount", of: "deal", profile: nil, .hidden)
        }
        let mask = office.snapshot.security.mask(Office.call(ann).principal, "deal")
        #expect(!mask.isVisible("amount"))
        #expect(!mask.isVisible("amount_base"))
        let error = #expect(throws: CRMError.self) {
            try office.ids("deal", where: .where("amount_base", .isNotEmpty), as: Office.call(ann))
        }
        #expect(error?.kind == .invalidParameters)
    }
}
