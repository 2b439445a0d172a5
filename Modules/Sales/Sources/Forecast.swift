import CRMSDK

/// `sales.forecast`: what open potentials promise, by month of closing date, owner and currency.
///
/// Weighted is the sum of the stored forecast amounts, best case that of the amounts, committed that of deals won
/// already. Currencies are never added up; every figure is a sum of figures that people see on the records. Beside each
/// stands the sum of the same amounts in the base currency, by the rate of each potential's closing date.
enum Forecast {
    static let action = Action(
        "forecast", .reads, summary: "Sums potentials by month of closing date, owner and currency.",
        description: """
            Per group: the number of open potentials, their weighted sum (forecast_amount), their best case \
            (amount), and what is committed (amount of those won). Only potentials that the caller may view count. \
            The group of open potentials without a closing date has a null month. Figures named …_base are in the base \
            currency and may be added over groups. Totals are in the base currency alone, by what "by" names.
            """,
        parameters: DealFigures.selection + [DealFigures.by],
        result: .object([
            Parameter(
                "groups",
                .list(
                    of: .object([
                        Parameter("month", .text, "Such as 2026-11, or null."),
                        Parameter("owner", .field(.owner), "The user or group."),
                        Parameter("currency", .id(of: "currency"), "Null is the base currency."),
                        Parameter("count", .integer, "Open potentials."),
                        Parameter("weighted", .field(.money()), "Sum of forecast amounts, or null."),
                        Parameter("best_case", .field(.money()), "Sum of amounts, or null."),
                        Parameter("committed", .field(.money()), "Sum of amounts won, or null."),
                        Parameter("weighted_base", .field(.money()), "Weighted, in the base currency."),
                        Parameter("best_case_base", .field(.money()), "Best case, in the base currency."),
                        Parameter("committed_base", .field(.money()), "Committed, in the base currency."),
                    ])), "In the order of month, owner and currency."),
            Parameter(
                "totals",
                .list(
                    of: .object(
                        DealFigures.keyShape + [
                            Parameter("count", .integer, "Open potentials."),
                            Parameter("weighted", .field(.money()), "Sum of forecast amounts, or null."),
                            Parameter("best_case", .field(.money()), "Sum of open amounts, or null."),
                            Parameter("committed", .field(.money()), "Sum of amounts won, or null."),
                        ])), "In the base currency; without the keys that have nothing open and nothing won."),
        ]),
        requires: AccessRight(.view, "potential"), forecast)

    private static let groups: [AggregateRequest.Grouping] = [
        .init("closing_date", by: .month), .init("owner"), .init("currency"),
    ]

    @Sendable
    private static func forecast(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        let open = try figures(
            .open,
            [
                .count, .sum("forecast_amount"), .sum("amount"), .sum("forecast_amount_base"),
                .sum("amount_base"),
            ], parameters, context)
        let won = try figures(.won, [.sum("amount"), .sum("amount_base")], parameters, context)
        let committed = Dictionary(won.map { ($0.keys, $0.figures) }) { first, _ in first }
        let known = Set(open.map(\.keys))
        let all =
            open
            + won.filter { !known.contains($0.keys) }.map {
                AggregateGroup(keys: $0.keys, figures: [0, .null, .null, .null, .null])
            }
        let totals = try DealFigures.rows(parameters, context).filter { $0.open + $0.won > 0 }
        return .object([
            "groups": .list(all.sorted(by: precedes).map { row($0, committed[$0.keys] ?? [.null, .null]) }),
            "totals": .list(totals.map(total)),
        ])
    }

    private static func figures(
        _ class: Stage.Class, _ measures: [AggregateRequest.Measure], _ parameters: StructuredValue,
        _ context: any ModuleContext
    ) throws(CRMError) -> [AggregateGroup] {
        let stages = try Stage.keys(of: `class`, in: context)
        let conditions = [.where("sales_stage", .isIn, stages)] + DealFigures.conditions(parameters)
        return try context.aggregate(
            AggregateRequest("potential", where: .all(conditions), groupBy: groups, measures: measures))
    }

    private static func total(_ row: DealFigures.Row) -> StructuredValue {
        .object(
            row.keyMembers + [
                .init("count", .value(.integer(row.open))), .init("weighted", .money(row.weighted)),
                .init("best_case", .money(row.bestCase)), .init("committed", .money(row.wonValue)),
            ])
    }

    private static func row(_ group: AggregateGroup, _ committed: [Value]) -> StructuredValue {
        .object([
            "month": .value(group.keys[0]), "owner": .value(group.keys[1]), "currency": .value(group.keys[2]),
            "count": .value(group.figures[0]), "weighted": .value(group.figures[1]),
            "best_case": .value(group.figures[2]), "committed": .value(committed[0]),
            "weighted_base": .value(group.figures[3]), "best_case_base": .value(group.figures[4]),
            "committed_base": .value(committed[1]),
        ])
    }

    /// Null months first, as nulls sort lowest everywhere.
    private static func precedes(_ left: AggregateGroup, _ right: AggregateGroup) -> Bool {
        sortKey(left) < sortKey(right)
    }

    private static func sortKey(_ group: AggregateGroup) -> (String, RecordID, RecordID) {
        (
            group.keys[0].text ?? "", group.keys[1].reference ?? RecordID(0),
            group.keys[2].reference ?? RecordID(0)
        )
    }
}
