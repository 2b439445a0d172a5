import CRMSDK

/// `collaboration.busy`: when people have no time. Of events that the caller may not view it tells no more than that.
enum BusyTimes {
    static let daysLimit: Int64 = 62
    static let peopleLimit = 50

    static let action = Action(
        "busy", .reads, summary: "When people are busy: stretches of time, without what they do in them.",
        description: """
            From their own events and those to which they are invited, unless they declined or the event was not held; \
            events that touch or overlap are one stretch, cut at both ends. At most \(peopleLimit) people and \
            \(daysLimit) days at once.
            """,
        parameters: [
            Parameter("from", .field(.datetime), "The beginning.", required: true),
            Parameter("to", .field(.datetime), "The end.", required: true),
            Parameter("users", .list(of: .id(of: "user")), "Who; the caller unless given."),
        ],
        result: .list(
            of: .object([
                Parameter("user", .id(of: "user"), "Who is busy."),
                Parameter("start", .field(.datetime), "From when."),
                Parameter("end", .field(.datetime), "Until when."),
            ])),
        requires: AccessRight(.view, "event"), busy)

    @Sendable
    private static func busy(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let from = parameters["from"]?.value.instant, let to = parameters["to"]?.value.instant,
            from < to
        else { throw CRMError(.invalidParameters, "\"from\" must be before \"to\"") }
        let length = to.millisecondsSince1970 - from.millisecondsSince1970
        guard length <= daysLimit * 86_400_000 else {
            throw CRMError(.limitExceeded, "more than \(daysLimit) days", hint: "Ask for less at once.")
        }
        var users = (parameters["users"]?.elements ?? []).compactMap(\.value.reference)
        if users.isEmpty { users = [context.caller.user] }
        guard users.count <= peopleLimit else {
            throw CRMError(.limitExceeded, "more than \(peopleLimit) people", hint: "Ask for fewer at once.")
        }
        // Of people who are not there it is refused, as everywhere.
        for user in users { _ = try context.get("user", user) }
        let times = try context.elevated(reason: "busy times") { (context) throws(CRMError) in
            try stretches(of: users, from, to, context)
        }
        var answer: [StructuredValue] = []
        for user in users {
            for stretch in merged(times[user] ?? []) {
                answer.append(
                    .object([
                        "user": .value(.reference(user)), "start": .value(.instant(max(stretch.start, from))),
                        "end": .value(.instant(min(stretch.end, to))),
                    ]))
            }
        }
        return .list(answer)
    }

    private struct Stretch {
        let start: Instant
        var end: Instant

        init?(_ event: Record) {
            guard let start = event["start_at"].instant, let end = event["end_at"].instant, start < end else {
                return nil
            }
            self.start = start
            self.end = end
        }
    }

    /// - Parameter context: With the module's rights.
    private static func stretches(
        of users: [RecordID], _ from: Instant, _ to: Instant, _ context: any ModuleContext
    ) throws(CRMError) -> [RecordID: [Stretch]] {
        let isThen = [
            Filter.where("start_at", .less, .instant(to)), .where("end_at", .greater, .instant(from)),
            .where("status", .notEqual, "not_held"),
        ]
        let owned = Filter.where("owner", .isIn, .list(users.map { .reference($0) }))
        var list = ListRequest("event", where: .all([owned] + isThen), sort: ["start_at"], limit: listLimit)
        list.fields = ["owner", "start_at", "end_at"]
        var times: [RecordID: [Stretch]] = [:]
        for event in try whole(try context.list(list)) {
            guard let owner = event["owner"].reference, let stretch = Stretch(event) else { continue }
            times[owner, default: []].append(stretch)
        }
        var invitations = RelatedRequest("event_user", sort: ["start_at"], limit: listLimit)
        invitations.filter = .all(isThen + [.where("link.response", .notEqual, "declined")])
        invitations.fields = ["start_at", "end_at"]
        for (user, events) in try context.related(toEach: users, invitations) {
            times[user, default: []] += try whole(events).compactMap { Stretch($0.record) }
        }
        return times
    }

    private static let listLimit = 1000

    /// What a list could not hold is refused: part of the truth would say that somebody is free.
    private static func whole<Element>(_ found: [Element]) throws(CRMError) -> [Element] {
        guard found.count < listLimit else {
            throw CRMError(
                .limitExceeded, "there are \(listLimit) events or more", hint: "Ask for less at once.")
        }
        return found
    }

    private static func merged(_ stretches: [Stretch]) -> [Stretch] {
        var merged: [Stretch] = []
        for next in stretches.sorted(by: { $0.start < $1.start }) {
            if let last = merged.last, next.start <= last.end {
                merged[merged.count - 1].end = max(last.end, next.end)
            } else {
                merged.append(next)
            }
        }
        return merged
    }
}
