package import CRMSDK
package import Registry

/// What to aggregate.
package struct AggregateQuery: Sendable {
    package struct Group: Sendable {
        package let path: String
        package let interval: Interval?
        /// The member's name in the answer.
        package let name: String

        package init(path: String, interval: Interval?, name: String) {
            self.path = path
            self.interval = interval
            self.name = name
        }
    }

    package struct Measure: Sendable {
        package let operation: Operation
        /// Nil only for `count`.
        package let path: String?
        package let name: String

        package init(operation: Operation, path: String?, name: String) {
            self.operation = operation
            self.path = path
            self.name = name
        }
    }

    package enum Operation: String, CaseIterable, Sendable {
        case count
        case countDistinct = "count_distinct"
        case sum, avg, min, max
    }

    /// By which stretch of time a date is grouped; moments fall on the days of the caller's zone.
    package enum Interval: String, CaseIterable, Sendable {
        case day, week, month, quarter, year
    }

    package var entity: Entity
    package var filter: Filter?
    package var groups: [Group]
    package var measures: [Measure]
    /// Whether the records are meant as they were, in the scratch tables of `PastStatements`.
    package var isPast = false

    package init(entity: Entity, filter: Filter?, groups: [Group], measures: [Measure]) {
        self.entity = entity
        self.filter = filter
        self.groups = groups
        self.measures = measures
    }
}

/// A statement that aggregates, with what is needed to make sense of its rows.
package struct AggregatePlan: Sendable {
    package enum Column: Sendable {
        /// A value of a field, in the forms of a record's answer.
        case field(OutputColumn)
        /// A stretch of time as text: `2026-11`, `2026-Q4`.
        case interval(Int)
        case integer(Int)
        /// A sum or average of money; the columns hold the smallest and largest currency id that went in.
        case money(Int, lowestCurrency: Int?, highestCurrency: Int?)
        /// An exact decimal: the column is an integer, or decimal text when it left 64 bits.
        case decimal(Int, scale: Int)
        /// An average: a sum and a count, to be divided exactly and rounded half up to the scale.
        case average(sum: Int, count: Int, scale: Int)
        case moneyAverage(sum: Int, count: Int, lowestCurrency: Int?, highestCurrency: Int?)
    }

    package struct Member: Sendable {
        package let name: String
        package let column: Column
    }

    package let entity: Entity
    package let statement: Statement
    package let members: [Member]
    package let limit: Int
}

extension Planner {
    package static let maximumGroups = 10_000

    /// Groups and measures what a list of the same filter would show; sorted by the groups, nulls first.
    package static func aggregate(_ viewpoint: Viewpoint, _ query: AggregateQuery) throws(CRMError)
        -> AggregatePlan
    {
        guard query.groups.count <= 10, (1...20).contains(query.measures.count) else {
            throw CRMError(.limitExceeded, "an aggregate has at most 10 groups and 1 to 20 measures")
        }
        let names = query.groups.map(\.name) + query.measures.map(\.name)
        if let twice = names.first(where: { name in names.count(where: { $0 == name }) > 1 }) {
            throw CRMError(
                .invalidParameters, "two members of the answer would be called \"\(twice.prefix(80))\"",
                hint: "Name one with \"as\".")
        }
        var builder = StatementBuilder(viewpoint, query.entity)
        if query.isPast { builder.table = PastStatements.all(query.entity) }
        var select = AggregateSelection()
        for group in query.groups { try select.add(group, &builder) }
        for measure in query.measures { try select.add(measure, &builder) }
        var conditions: [String] = []
        if let bin = RecycleBin.outside.condition(query.entity, builder.base) { conditions.append(bin) }
        let access = query.isPast ? builder.pastAccess(query.entity) : builder.access()
        if let access { conditions.append(access) }
        if let filter = query.filter { conditions.append(try builder.condition(filter)) }
        let grouping = select.groupColumns.map { String($0 + 1) }.joined(separator: ", ")
        let text =
            "SELECT \(select.expressions.joined(separator: ", ")) \(builder.from)"
            + (conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))")
            + (grouping.isEmpty ? "" : " GROUP BY \(grouping) ORDER BY \(grouping)")
            + " LIMIT \(maximumGroups + 1)"
        return AggregatePlan(
            entity: query.entity, statement: Statement(text, builder.bindings), members: select.members,
            limit: maximumGroups)
    }
}

/// The select list of an aggregate.
private struct AggregateSelection {
    var expressions: [String] = []
    var groupColumns: [Int] = []
    var members: [AggregatePlan.Member] = []

    mutating func append(_ expression: String) -> Int {
        expressions.append(expression)
        return expressions.count - 1
    }

    mutating func add(_ group: AggregateQuery.Group, _ builder: inout StatementBuilder) throws(CRMError) {
        let path = try builder.resolve(group.path)
        let column = builder.column(path)
        if let interval = group.interval {
            guard path.field.wire == .date || path.field.wire == .instant else {
                throw CRMError(
                    .invalidParameters,
                    "\"\(group.path)\" is no date, so it cannot be grouped by \(interval.rawValue)")
            }
            let days = path.field.wire == .date ? column : builder.localDays(column)
            let place = append(interval.expression(days))
            groupColumns.append(place)
            members.append(.init(name: group.name, column: .interval(place)))
            return
        }
        guard path.field.kind.ordering != nil, path.field.wire != .money else {
            throw CRMError(
                .invalidParameters,
                "\"\(group.path)\", of the type \(path.field.kind.name), cannot be grouped by")
        }
        if path.field.isReference {
            let place = append(column)
            groupColumns.append(place)
            members.append(.init(name: group.name, column: .field(reference(path, place, &builder))))
            return
        }
        let place = append(column)
        groupColumns.append(place)
        members.append(
            .init(name: group.name, column: .field(OutputColumn(field: path.field, form: .plain(place)))))
    }

    /// The facts about a group's record. A group's rows agree in the reference, so any row's label is the group's.
    private mutating func reference(
        _ path: FieldPath, _ place: Int, _ builder: inout StatementBuilder
    ) -> OutputColumn {
        if builder.isPerson(path.field) {
            return OutputColumn(field: path.field, form: .person(place))
        }
        guard path.aliases == [builder.base] else {
            // Further away than a reference of the entity's own: the id is what is known.
            return OutputColumn(field: path.field, form: .plain(place))
        }
        let directory = builder.joinDirectory(path.field, of: builder.base)
        let targets =
            path.field.type.targets.isEmpty
            ? builder.viewpoint.registry.entities
            : path.field.type.targets.compactMap { builder.viewpoint.registry[entity: $0] }
        let label = builder.visibleLabel(directory, targets: targets)
        return OutputColumn(
            field: path.field,
            form: .reference(
                id: place, entity: append("max(\(directory).entity)"), label: append("max(\(label))"),
                deletedAt: append("max(\(directory).deleted_at)")))
    }

    mutating func add(_ measure: AggregateQuery.Measure, _ builder: inout StatementBuilder) throws(CRMError) {
        guard let name = measure.path else {
            guard measure.operation == .count else {
                throw CRMError(.invalidParameters, "\"\(measure.operation.rawValue)\" needs a field")
            }
            let place = append("count(*)")
            members.append(.init(name: measure.name, column: .integer(place)))
            return
        }
        let path = try builder.resolve(name)
        guard path.field.wire != .lines else { throw notANumber(measure, path) }
        let column = builder.column(path)
        switch measure.operation {
        case .count: members.append(.init(name: measure.name, column: .integer(append("count(\(column))"))))
        case .countDistinct:
            members.append(.init(name: measure.name, column: .integer(append("count(DISTINCT \(column))"))))
        case .min, .max: try addExtreme(measure, path, column, &builder)
        case .sum: try addSum(measure, path, column, &builder)
        case .avg: try addAverage(measure, path, column, &builder)
        }
    }

    private mutating func currencies(_ path: FieldPath, _ builder: StatementBuilder) -> (Int?, Int?) {
        guard path.field.type.currencyField != nil else { return (nil, nil) }
        let base = builder.viewpoint.currencies.base.id
        // Only amounts that are there say which currencies went in.
        let currency = path.aliases.map { alias in
            let id = builder.currency(of: path.field, in: alias) ?? "NULL"
            return "CASE WHEN \(alias).\(path.field.column) IS NOT NULL THEN coalesce(\(id), \(base)) END"
        }.joined(separator: ", ")
        let expression = path.aliases.count == 1 ? currency : "coalesce(\(currency))"
        return (append("min(\(expression))"), append("max(\(expression))"))
    }

    private mutating func addSum(
        _ measure: AggregateQuery.Measure, _ path: FieldPath, _ column: String,
        _ builder: inout StatementBuilder
    ) throws(CRMError) {
        let place = append("crm_sum(\(column))")
        switch path.field.wire {
        case .integer: members.append(.init(name: measure.name, column: .decimal(place, scale: 0)))
        case .decimal(let scale):
            members.append(.init(name: measure.name, column: .decimal(place, scale: scale)))
        case .money:
            let (lowest, highest) = currencies(path, builder)
            members.append(
                .init(
                    name: measure.name,
                    column: .money(place, lowestCurrency: lowest, highestCurrency: highest)))
        default: throw notANumber(measure, path)
        }
    }

    private mutating func addAverage(
        _ measure: AggregateQuery.Measure, _ path: FieldPath, _ column: String,
        _ builder: inout StatementBuilder
    ) throws(CRMError) {
        let sum = append("crm_sum(\(column))")
        let count = append("count(\(column))")
        switch path.field.wire {
        case .integer:
            members.append(.init(name: measure.name, column: .average(sum: sum, count: count, scale: 0)))
        case .decimal(let scale):
            members.append(.init(name: measure.name, column: .average(sum: sum, count: count, scale: scale)))
        case .money:
            let (lowest, highest) = currencies(path, builder)
            members.append(
                .init(
                    name: measure.name,
                    column: .moneyAverage(
                        sum: sum, count: count, lowestCurrency: lowest, highestCurrency: highest)))
        default: throw notANumber(measure, path)
        }
    }

    private mutating func addExtreme(
        _ measure: AggregateQuery.Measure, _ path: FieldPath, _ column: String,
        _ builder: inout StatementBuilder
    ) throws(CRMError) {
        let place = append("\(measure.operation.rawValue)(\(column))")
        switch path.field.wire {
        case .integer, .decimal, .date, .time, .instant:
            members.append(
                .init(
                    name: measure.name, column: .field(OutputColumn(field: path.field, form: .plain(place)))))
        case .money:
            let (lowest, highest) = currencies(path, builder)
            members.append(
                .init(
                    name: measure.name,
                    column: .money(place, lowestCurrency: lowest, highestCurrency: highest)))
        default: throw notANumber(measure, path)
        }
    }

    private func notANumber(_ measure: AggregateQuery.Measure, _ path: FieldPath) -> CRMError {
        CRMError(
            .invalidParameters,
            "\"\(measure.operation.rawValue)\" cannot be taken of \"\(measure.path ?? "")\", a \(path.field.kind.name) field"
        )
    }
}

extension StatementBuilder {
    /// The day since 1970 on which a moment falls for the caller.
    fileprivate mutating func localDays(_ column: String) -> String {
        var moment = column
        if viewpoint.clock.timeZone != "UTC" {
            moment = "(\(column) + crm_zone_offset(\(column), \(bind(.text(viewpoint.clock.timeZone)))))"
        }
        return "(\(moment) - ((\(moment) % 86400000) + 86400000) % 86400000) / 86400000"
    }
}

extension AggregateQuery.Interval {
    /// The stretch that a number of days since 1970 lies in, as text.
    func expression(_ days: String) -> String {
        func format(_ pattern: String, _ days: String) -> String {
            "strftime('\(pattern)', (\(days)) * 86400, 'unixepoch')"
        }
        switch self {
        case .day: return format("%Y-%m-%d", days)
        case .month: return format("%Y-%m", days)
        case .year: return format("%Y", days)
        case .quarter:
            return "\(format("%Y", days)) || '-Q' || ((CAST(\(format("%m", days)) AS INTEGER) + 2) / 3)"
        case .week:
            // ISO 8601: a week belongs to the year that its Thursday is in.
            let thursday = "(\(days)) - (((\(days)) + 3) % 7 + 7) % 7 + 3"
            return
                "\(format("%Y", thursday)) || '-W' || printf('%02d', (CAST(\(format("%j", thursday)) AS INTEGER) - 1) / 7 + 1)"
        }
    }
}
