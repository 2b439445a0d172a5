import CRMSDK

/// `sales.win_rate`: how many deals were won and lost, what they were worth, and the share that was won.
enum WinRate {
    static let action = Action(
        "win_rate", .reads, summary: "Counts deals won and lost, with their values and the share won.",
        description: """
            The rate is won ÷ (won + lost) in percent, half up to two decimals, and null where nothing is closed. Values \
            are in the base currency, by the rate of each closing date. Only potentials that the caller may view count.
            """,
        parameters: DealFigures.selection + [DealFigures.by],
        result: .object([
            Parameter(
                "groups", .list(of: .object(DealFigures.keyShape + shape)),
                "In the order of the keys, null first."),
            Parameter("total", .object(shape), "Over all groups."),
        ]),
        requires: AccessRight(.view, "potential"), winRate)

    private static let shape: [Parameter] = [
        Parameter("open", .integer, "Deals that are neither."), Parameter("won", .integer, "Deals won."),
        Parameter("lost", .integer, "Deals lost."),
        Parameter("win_rate", .field(.percent()), "Percent, or null."),
        Parameter("won_value", .field(.money()), "Sum of amounts won, or null."),
        Parameter("lost_value", .field(.money()), "Sum of amounts lost, or null."),
    ]

    @Sendable
    private static func winRate(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        let rows = try DealFigures.rows(parameters, context)
        var total = DealFigures.Row(key: .null)
        for row in rows { try total.add(row) }
        return .object([
            "groups": .list(rows.map { .object($0.keyMembers + members($0)) }),
            "total": .object(members(total)),
        ])
    }

    private static func members(_ row: DealFigures.Row) -> [StructuredValue.Member] {
        [
            .init("open", .value(.integer(row.open))), .init("won", .value(.integer(row.won))),
            .init("lost", .value(.integer(row.lost))),
            .init("win_rate", .value(share(row.won, of: row.won + row.lost))),
            .init("won_value", .money(row.wonValue)), .init("lost_value", .money(row.lostValue)),
        ]
    }

    /// Percent with two decimals, half up; null of nothing.
    static func share(_ part: Int64, of whole: Int64) -> Value {
        guard whole > 0 else { return .null }
        let units = (Int128(part) * 20_000 + Int128(whole)) / (2 * Int128(whole))
        return .decimal(FixedDecimal(units: Int64(units), scale: 2))
    }
}

extension DealFigures.Row {
    fileprivate mutating func add(_ other: Self) throws(CRMError) {
        open += other.open
        won += other.won
        lost += other.lost
        wonValue = try Money.sum(wonValue, other.wonValue)
        lostValue = try Money.sum(lostValue, other.lostValue)
    }
}
