import CRMSDK
import JSON
import Query
import Records
import Registry

extension RecordMethods {
    static let aggregate = Method(
        "record.aggregate", needs: .session, .reads, "Groups records and measures each group.",
        "group_by takes field names, or {field, by, as} with by one of day, week, month, quarter, year. measures take "
            + "{op, field, as} with op one of count, count_distinct, sum, avg, min, max; count needs no field. Without "
            + "group_by there is one group. Amounts of different currencies are never added: group by the currency.",
        parameters: [
            entity, filter,
            Parameter("group_by", .list(of: .any), "Field names or {field, by, as}; at most 10."),
            Parameter(
                "measures",
                .list(
                    of: .object([
                        Parameter(
                            "op", .choice("count", "count_distinct", "sum", "avg", "min", "max"),
                            "What to measure.",
                            required: true),
                        Parameter("field", .text, "A field or a path over references."),
                        Parameter("as", .text(maximumLength: 60), "The member's name in the answer."),
                    ])), "At most 20; a count where it is not given."),
            asOf,
        ],
        result: .object([
            Parameter(
                "groups", .list(of: .object([])), "In the order of the groups, empty ones first.",
                required: true)
        ]), errors: [.limitExceeded],
        example: .init(
            parameters:
                #"{"entity": "account", "group_by": ["industry"], "measures": [{"op": "sum", "field": "annual_revenue", "as": "total"}]}"#,
            result:
                #"{"groups": [{"industry": "banking", "total": {"amount": "1200000.00", "currency": "EUR"}}]}"#
        )
    ) { scope throws(CRMError) in
        let entity = try scope.readableEntity()
        let (records, call, snapshot) = (scope.services.records, try scope.context(), scope.snapshot)
        let moment = scope.arguments.momentIfGiven("as_of")
        let plan = try records.planAggregate(
            call, snapshot, entity: entity.name, filter: try filter(scope, on: entity),
            groups: try groups(scope.arguments["group_by"]), measures: measures(scope.arguments["measures"]),
            isPast: moment != nil)
        let json = AggregateJSON(snapshot)
        return .scan { reader, writer throws(CRMError) in
            writer.beginObject()
            writer.key("groups")
            writer.beginArray()
            if let moment {
                try records.aggregate(call, snapshot, plan, asOf: moment, on: reader) {
                    row throws(CRMError) in
                    try json.write(row, plan.members, to: &writer)
                }
            } else {
                try records.aggregate(plan, on: reader) { row throws(CRMError) in
                    try json.write(row, plan.members, to: &writer)
                }
            }
            writer.endArray()
            writer.endObject()
        }
    }

    private static let groupMembers = [
        Parameter("field", .text, "A field or a path over references.", required: true),
        Parameter("by", .choice("day", "week", "month", "quarter", "year"), "A stretch of time, for dates."),
        Parameter("as", .text(maximumLength: 60), "The member's name in the answer."),
    ]

    /// A name, or an object with one.
    private static func groups(_ node: JSONNode?) throws(CRMError) -> [AggregateQuery.Group] {
        var groups: [AggregateQuery.Group] = []
        guard let node else { return groups }
        for (index, element) in node.elements.enumerated() {
            if let path = element.string {
                groups.append(.init(path: path, interval: nil, name: path))
                continue
            }
            try ParameterReading.check(element, against: groupMembers, at: "group_by[\(index)]")
            let members = Arguments(element)
            let path = try members.text("field")
            groups.append(
                .init(
                    path: path,
                    interval: members.textIfGiven("by").flatMap { AggregateQuery.Interval(rawValue: $0) },
                    name: members.textIfGiven("as") ?? path))
        }
        return groups
    }

    private static func measures(_ node: JSONNode?) -> [AggregateQuery.Measure] {
        guard let node else { return [.init(operation: .count, path: nil, name: "count")] }
        return node.elements.compactMap { element in
            let members = Arguments(element)
            guard let word = members.textIfGiven("op"),
                let operation = AggregateQuery.Operation(rawValue: word)
            else { return nil }
            let path = members.textIfGiven("field")
            let name = path.map { "\(word)_\($0)" } ?? word
            return .init(operation: operation, path: path, name: members.textIfGiven("as") ?? name)
        }
    }
}
