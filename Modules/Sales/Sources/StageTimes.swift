import CRMSDK

/// `sales.stage_times`: how long one deal has stood in each stage, revisits added up, and its moves.
///
/// Whoever may see the deal and its stage may see this: the rows of the stage history are read with the module's
/// rights, and no figure of theirs but the time is given.
enum StageTimes {
    static let action = Action(
        "stage_times", .reads, summary: "How long a deal has stood in each stage, and how it moved.",
        description: """
            Visits to the same stage add up. A closed deal stands still: its last stage has no time. Whoever may see the \
            deal and its stage may see this.
            """,
        parameters: [Parameter("potential", .id(of: "potential"), "The deal.", required: true)],
        result: .object([
            Parameter(
                "stages",
                .list(
                    of: .object([
                        Parameter("stage", .text, "The stage's key."),
                        Parameter("label", .text, "What people read; the key of a stage that is no more."),
                        Parameter("seconds", .integer, "All visits together."),
                        Parameter("visits", .integer, "How often it was there."),
                        Parameter("current", .boolean, "Whether it is there now."),
                    ])), "In the order in which it first came there."),
            Parameter(
                "moves",
                .list(
                    of: .object([
                        Parameter("from", .text, "The stage left."),
                        Parameter("to", .text, "The stage entered."),
                        Parameter("at", .field(.datetime), "When."),
                        Parameter("by", .id(of: "user"), "Who."),
                        Parameter("seconds", .integer, "How long it had stood in the stage left."),
                    ])), "Oldest first, the last thousand."),
        ]),
        requires: AccessRight(.view, "potential"), times)

    private struct Stay {
        let stage: String
        var seconds: Int64 = 0
        var visits: Int64 = 0
    }

    @Sendable
    private static func times(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let id = parameters["potential"]?.value.reference else {
            throw CRMError(.invalidParameters, "stage times are of a potential")
        }
        let deal = try context.get("potential", id)
        guard let current = deal["sales_stage"].text else {
            throw CRMError(.forbidden, "the stage of potential \(id) cannot be seen")
        }
        let moves = try context.elevated(reason: "stage times of a potential") {
            (context) throws(CRMError) -> [Record] in
            try context.list(
                ListRequest(
                    "stage_history", where: .where("potential", .equal, .reference(id)),
                    sort: ["-changed_at", "-id"], limit: 1000))
        }.reversed()
        var stays: [Stay] = []
        for move in moves { add(move["from_stage"].text ?? "", move["seconds_in_from"].integer ?? 0, &stays) }
        add(current, secondsInStage(deal, context.now), &stays)
        let labels = Dictionary(try Stage.all(in: context).map { ($0.key, $0.label) }) { first, _ in first }
        return .object([
            "stages": .list(
                stays.map { stay in
                    .object([
                        "stage": .value(.text(stay.stage)),
                        "label": .value(.text(labels[stay.stage] ?? stay.stage)),
                        "seconds": .value(.integer(stay.seconds)),
                        "visits": .value(.integer(stay.visits)),
                        "current": .value(.bool(stay.stage == current)),
                    ])
                }),
            "moves": .list(
                moves.map { move in
                    .object([
                        "from": .value(move["from_stage"]), "to": .value(move["to_stage"]),
                        "at": .value(move["changed_at"]), "by": .value(move["changed_by"]),
                        "seconds": .value(move["seconds_in_from"]),
                    ])
                }),
        ])
    }

    private static func add(_ stage: String, _ seconds: Int64, _ stays: inout [Stay]) {
        let place = stays.firstIndex { $0.stage == stage } ?? stays.count
        if place == stays.count { stays.append(Stay(stage: stage)) }
        stays[place].seconds += seconds
        stays[place].visits += 1
    }

    /// Since it came there: until now for an open deal, nothing for one that is closed.
    private static func secondsInStage(_ deal: Record, _ now: Instant) -> Int64 {
        guard deal["closed_at"].isNull, let since = deal["stage_changed_at"].instant else { return 0 }
        return max(0, (now.millisecondsSince1970 - since.millisecondsSince1970) / 1000)
    }
}
