import CRMSDK

extension Potential {
    /// In this order: each rule reads what the ones before it have set.
    static let hooks = [
        Hook("enter_stage", on: "potential", [.beforeCreate, .beforeUpdate], enterStage),
        Hook("note_stage_change", on: "potential", [.beforeCreate, .beforeUpdate], noteStageChange),
        Hook("close_won_today", on: "potential", [.beforeCreate, .beforeUpdate], closeWonToday),
        Hook("check_required_fields", on: "potential", [.beforeCreate, .beforeUpdate], checkRequired),
        Hook("set_forecast_amount", on: "potential", [.beforeCreate, .beforeUpdate], setForecastAmount),
    ]

    /// Holds the deal to its pipeline; then a stage change sets the stage's probability unless the same write gives
    /// one; won is 100 and lost 0, always.
    @Sendable
    private static func enterStage(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard ["sales_stage", "pipeline", "probability"].contains(where: { change.changes($0) }) else {
            return
        }
        let definition = try context.definition(of: "potential")
        try PipelineStages.keep(&change, definition, context)
        guard change.changes("sales_stage") || change.changes("probability"),
            let stage = LifeCycle.state(change, "sales_stage", in: definition).map({ Stage($0) })
        else { return }
        switch stage.class {
        case .won: change["probability"] = .decimal(FixedDecimal(units: 10_000, scale: 2))
        case .lost: change["probability"] = .decimal(FixedDecimal(units: 0, scale: 2))
        case .open:
            let isGiven = change.given.contains("probability") && !change["probability"].isNull
            if !isGiven, let probability = stage.probability {
                change["probability"] = .decimal(probability)
            }
        }
    }

    /// Notes when the stage changed and when the deal was closed. Re-opening forgets the closing and its reason;
    /// the record's history keeps both.
    @Sendable
    private static func noteStageChange(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard change.changes("sales_stage"), let stage = try Stage.named(change["sales_stage"], in: context)
        else {
            return
        }
        let moment = momentOfClosing(change, stage, context)
        change["stage_changed_at"] = .instant(moment)
        change["closed_at"] = stage.isClosed ? .instant(moment) : .null
        change["stages_entered"] = StagesEntered.adding(stage, to: change)
        if stage.class != .lost, !change.isNew {
            for field in ["loss_reason", "loss_note"] where !change.given.contains(field) {
                change[field] = .null
            }
        }
    }

    /// Now; but an imported deal that was closed in the past was closed on its closing date.
    private static func momentOfClosing(
        _ change: RecordChange, _ stage: Stage, _ context: any ModuleContext
    ) -> Instant {
        guard stage.isClosed, RequiredFields.isImport(context), let date = change["closing_date"].date else {
            return context.now
        }
        return min(Instant(millisecondsSince1970: date.daysSince1970 * 86_400_000), context.now)
    }

    /// A deal that is won before its expected day closed today, unless the same write names a day.
    @Sendable
    private static func closeWonToday(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard change.changes("sales_stage"), !change.given.contains("closing_date"),
            try Stage.named(change["sales_stage"], in: context)?.class == .won,
            let expected = change["closing_date"].date, expected > context.now.dateInUTC
        else { return }
        change["closing_date"] = .date(context.now.dateInUTC)
    }

    @Sendable
    private static func checkRequired(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard !RequiredFields.isImport(context) else { return }
        try RequiredFields.check(change, in: try context.definition(of: "potential"), context)
    }

    /// Amount × probability ÷ 100, rounded half up once, to the currency's decimals; empty without an amount.
    @Sendable
    private static func setForecastAmount(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard change.isNew || ["amount", "probability", "currency"].contains(where: { change.changes($0) })
        else { return }
        guard let amount = change["amount"].money, let probability = change["probability"].decimal else {
            change["forecast_amount"] = .null
            return
        }
        let decimals = try decimals(of: amount.currency, context)
        change["forecast_amount"] = .money(
            try forecastAmount(amount, probability: probability, decimals: decimals))
    }

    /// - Parameters:
    ///   - probability: Percent.
    ///   - decimals: The currency's, 0–4.
    static func forecastAmount(
        _ amount: Money, probability: FixedDecimal, decimals: Int
    ) throws(CRMError) -> Money {
        let factor = FixedDecimal(units: probability.units, scale: probability.scale + 2)
        return try amount.multiplied(by: factor, decimals: decimals)
    }

    /// The decimals of a currency as its record says; 2 where the caller cannot see it.
    private static func decimals(of code: CurrencyCode, _ context: any ModuleContext) throws(CRMError) -> Int
    {
        guard context.hasEntity("currency") else { return 2 }
        let known = try context.list(
            ListRequest("currency", where: .where("code", .equal, .text(code.description)), limit: 1))
        guard let decimals = known.first?["decimals"].integer else { return 2 }
        return Int(min(max(decimals, 0), 4))
    }
}
