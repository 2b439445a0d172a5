import CRMSDK

/// Counts and sums of potentials by one key, in the base currency: what forecast and win rate are read from.
///
/// One aggregate over the potentials that the caller may view, by the key and the stage. The key is `month`, `quarter`
/// or `year` of the closing date, `team`, or any field of the potential that the caller may see. The team of a deal is
/// the person to whom its owner reports; deals of groups, and of people who report to nobody, are in the group null.
enum DealFigures {
    static let selection: [Parameter] = [
        Parameter("from", .date, "First closing date, inclusive."),
        Parameter("to", .date, "Last closing date, inclusive."),
        Parameter("owner", .field(.owner), "Only this owner's."),
        Parameter("pipeline", .text, "Only this pipeline's."),
    ]

    static let by = Parameter(
        "by", .text,
        "month, quarter or year of the closing date, team (whom the owner reports to), or a field of the potential; "
            + "month where not given.")

    static let keyShape: [Parameter] = [
        Parameter("key", .any, "The group's value, or null."),
        Parameter("label", .text, "What people read, for owners, teams and lists; else null."),
    ]

    struct Row {
        let key: Value
        var label: Value = .null
        var open: Int64 = 0
        var won: Int64 = 0
        var lost: Int64 = 0
        var weighted: Money?
        var bestCase: Money?
        var wonValue: Money?
        var lostValue: Money?

        var keyMembers: [StructuredValue.Member] {
            [.init("key", .value(key)), .init("label", .value(label))]
        }
    }

    /// The conditions of `selection`, as far as they are given.
    static func conditions(_ parameters: StructuredValue) -> [Filter] {
        [
            ("from", "closing_date", FilterOperator.greaterOrEqual), ("to", "closing_date", .lessOrEqual),
            ("owner", "owner", .equal), ("pipeline", "pipeline", .equal),
        ].compactMap { parameter, field, comparison in
            guard let value = parameters[parameter]?.value, !value.isNull else { return nil }
            return .where(field, comparison, value)
        }
    }

    /// In the order of the keys, null first.
    static func rows(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> [Row] {
        let by = parameters["by"]?.value.text ?? "month"
        let groups = try context.aggregate(
            AggregateRequest(
                "potential", where: .all(conditions(parameters)),
                groupBy: [grouping(by), .init("sales_stage")],
                measures: [.count, .sum("amount_base"), .sum("forecast_amount_base")]))
        let people = ["owner", "team"].contains(by) ? try People(groups.map(\.keys[0]), context) : nil
        let classes = Dictionary(try Stage.all(in: context).map { ($0.key, $0.class) }) { first, _ in first }
        var rows: [Row] = []
        var places: [Value: Int] = [:]
        for group in groups {
            let key = by == "team" ? people?.superior(of: group.keys[0]) ?? .null : group.keys[0]
            let place = places[key] ?? rows.count
            if place == rows.count {
                places[key] = place
                rows.append(Row(key: key))
            }
            try rows[place].add(group, classes[group.keys[1].text ?? ""] ?? .open)
        }
        if by == "team" {
            rows.sort { ($0.key.reference?.rawValue ?? 0) < ($1.key.reference?.rawValue ?? 0) }
        }
        let values = try context.definition(of: "potential").fields.first { $0.name == by }?.type.values ?? []
        for index in rows.indices {
            let key = rows[index].key
            rows[index].label =
                people?.name(of: key) ?? values.first { .text($0.key) == key }.map { .text($0.label) }
                ?? .null
        }
        return rows
    }

    private static func grouping(_ by: String) -> AggregateRequest.Grouping {
        switch by {
        case "month": .init("closing_date", by: .month)
        case "quarter": .init("closing_date", by: .quarter)
        case "year": .init("closing_date", by: .year)
        case "team": .init("owner")
        default: .init(by)
        }
    }
}

extension DealFigures.Row {
    fileprivate mutating func add(_ group: AggregateGroup, _ class: Stage.Class) throws(CRMError) {
        let count = group.figures[0].integer ?? 0
        let amount = group.figures[1].money
        switch `class` {
        case .open:
            open += count
            bestCase = try Money.sum(bestCase, amount)
            weighted = try Money.sum(weighted, group.figures[2].money)
        case .won:
            won += count
            wonValue = try Money.sum(wonValue, amount)
        case .lost:
            lost += count
            lostValue = try Money.sum(lostValue, amount)
        }
    }
}

extension Money {
    /// Nil is nothing to add.
    static func sum(_ left: Money?, _ right: Money?) throws(CRMError) -> Money? {
        guard let left, let right else { return left ?? right }
        return try left.adding(right)
    }
}

extension StructuredValue {
    static func money(_ money: Money?) -> Self { .value(money.map { .money($0) } ?? .null) }
}

/// The owners of deals and whom they report to, as far as the caller may see them.
private struct People {
    private var records: [Value: Record] = [:]

    init(_ owners: [Value], _ context: any ModuleContext) throws(CRMError) {
        guard context.hasEntity("user") else { return }
        try read(Set(owners), context)
        try read(Set(records.values.map { $0["reports_to"] }).subtracting(records.keys), context)
    }

    private mutating func read(_ ids: Set<Value>, _ context: any ModuleContext) throws(CRMError) {
        var rest = Array(ids.filter { !$0.isNull })[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(500))
            rest = rest.dropFirst(500)
            let request = ListRequest("user", where: .where("id", .isIn, .list(some)), limit: 1000)
            for user in try context.list(request) { records[.reference(user.id)] = user }
        }
    }

    func superior(of owner: Value) -> Value { records[owner]?["reports_to"] ?? .null }

    func name(of person: Value) -> Value? {
        guard let user = records[person] else { return nil }
        let names = ["first_name", "last_name"].compactMap { user[$0].text }
        let text = names.isEmpty ? user["username"].text : names.joined(separator: " ")
        return text.map { .text($0) }
    }
}
