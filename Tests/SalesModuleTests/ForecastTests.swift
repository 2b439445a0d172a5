import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Potential: forecast amount")
struct ForecastAmountTests {
    struct Figure: Sendable, CustomTestStringConvertible {
        let amount: String, probability: String, currency: String, forecast: String
        var testDescription: String { "\(amount) \(currency) @ \(probability) → \(forecast)" }

        init(_ amount: String, _ probability: String, _ forecast: String, _ currency: String = "EUR") {
            (self.amount, self.probability, self.forecast, self.currency) = (
                amount, probability, forecast, currency
            )
        }
    }

    @Test(
        "is amount × probability ÷ 100, half up, to the currency's decimals",
        arguments: [
            Figure("12000.00", "10", "1200.00"), Figure("8499.99", "65", "5524.99"),
            Figure("150.05", "50", "75.03"), Figure("999.99", "80", "799.99"),
            Figure("0.05", "10", "0.01"), Figure("0.04", "10", "0.00"), Figure("-0.05", "10", "-0.01"),
            Figure("0.00", "80", "0.00"), Figure("1250", "50.5", "631", "JPY"), Figure("1", "50", "1", "JPY"),
            Figure("1", "49.99", "0", "JPY"), Figure("12.345", "10", "1.235", "KWD"),
            Figure("922337203685477.58", "100", "922337203685477.58"),
        ])
    func amount(_ figure: Figure) throws {
        let office = try Office()
        let potential = try office.potential([
            "amount": money(figure.amount, figure.currency), "probability": percent(figure.probability),
        ])
        #expect(potential["forecast_amount"] == money(figure.forecast, figure.currency))
    }

    @Test("follows the amount and the stage, and is empty without an amount")
    func follows() throws {
        let office = try Office()
        let potential = try office.potential(["amount": money("1000.00")])
        #expect(potential["forecast_amount"] == money("100.00"))
        let grown = try office.update(potential, ["amount": money("2000.00")])
        #expect(grown["forecast_amount"] == money("200.00"))
        let won = try office.update(grown, ["sales_stage": "closed_won"])
        #expect(won["forecast_amount"] == money("2000.00"))
        #expect(try office.update(won, ["amount": .null])["forecast_amount"].isNull)
    }
}

@Suite("sales.forecast and sales.pipeline")
struct ForecastActionTests {
    /// The worked example of four open deals, one won and one lost.
    private func sell(_ office: Office) throws {
        for (amount, probability) in [
            ("12000.00", "10"), ("8499.99", "65"), ("150.05", "50"), ("999.99", "80"),
        ] {
            _ = try office.potential(["amount": money(amount), "probability": percent(probability)])
        }
        _ = try office.potential(["sales_stage": "closed_won", "amount": money("500.00")])
        _ = try office.potential([
            "sales_stage": "closed_lost", "loss_reason": "price", "amount": money("77.00"),
        ])
    }

    @Test("the forecast adds up what the records show: 7600.01")
    func workedExample() throws {
        let office = try Office()
        try sell(office)
        let answer = try office.context.call("sales.forecast", .object([]))
        let groups = answer["groups"]?.elements ?? []
        #expect(groups.count == 1)
        #expect(groups.first?["month"]?.value == "2026-06")
        #expect(groups.first?["count"]?.value == 4)
        #expect(groups.first?["weighted"]?.value == money("7600.01"))
        #expect(groups.first?["best_case"]?.value == money("21650.03"))
        #expect(groups.first?["committed"]?.value == money("500.00"))
    }

    @Test("months are apart, in order, and bounded by from and to inclusive")
    func months() throws {
        let office = try Office()
        for day in ["2026-04-30", "2026-05-01", "2026-05-31", "2026-06-01"] {
            _ = try office.potential(["closing_date": date(day), "amount": money("100.00")])
        }
        func months(_ parameters: StructuredValue) throws -> [String] {
            let groups = try office.context.call("sales.forecast", parameters)["groups"]?.elements ?? []
            return groups.map { "\($0["month"]?.value.text ?? "") \($0["count"]?.value.integer ?? 0)" }
        }
        #expect(try months(.object([])) == ["2026-04 1", "2026-05 2", "2026-06 1"])
        #expect(
            try months(.object(["from": .value(date("2026-05-01")), "to": .value(date("2026-05-31"))]))
                == ["2026-05 2"])
    }

    @Test("a month in which only won deals lie is there, with nothing open")
    func onlyWon() throws {
        let office = try Office()
        _ = try office.potential(["sales_stage": "closed_won", "amount": money("5.00")])
        let group = try office.context.call("sales.forecast", .object([]))["groups"]?.elements.first
        #expect(group?["count"]?.value == 0)
        #expect(group?["weighted"]?.value.isNull == true)
        #expect(group?["committed"]?.value == money("5.00"))
    }

    @Test("the pipeline lists every stage in order, with count and amounts")
    func pipeline() throws {
        let office = try Office()
        try sell(office)
        let stages = try office.context.call("sales.pipeline", .object([]))["stages"]?.elements ?? []
        #expect(stages.count == 10)
        #expect(stages.first?["stage"]?.value == "prospecting")
        #expect(stages.first?["count"]?.value == 4)
        #expect(stages.first?["amounts"]?.elements.first?["amount"]?.value == money("21650.03"))
        #expect(stages.first?["amounts"]?.elements.first?["weighted"]?.value == money("7600.01"))
        #expect(stages[1]["count"]?.value == 0)
        #expect(stages[8]["class"]?.value == "won")
        #expect(stages[9]["amounts"]?.elements.first?["weighted"]?.value == money("0.00"))
    }
}
