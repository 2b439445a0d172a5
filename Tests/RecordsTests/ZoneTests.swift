import CRMSDK
import Core
import Query
import Records
import Security
import Storage
import Testing

/// Days, months and "today" are the caller's: the same moments, seen from three places. The test's clock stands at
/// 2026-11-22T12:00Z.
@Suite("Each caller's zone")
struct ZoneTests {
    let office: Office

    init() throws {
        var core = CoreModule().manifest
        core.entities.append(
            EntityDefinition(
                "visit", label: "Visit", plural: "Visits",
                fields: [.text("title", "Title"), .datetime("at", "At"), .date("day", "Day")]
            ).labelled(by: "title").sorted(by: "title"))
        office = try Office(core: core)
        // The ends of a day and of a month in Auckland, Berlin and Los Angeles, before and after summer time.
        for moment in [
            "2026-10-31T22:30:00Z", "2026-10-31T23:30:00Z", "2026-11-01T07:30:00Z", "2026-11-21T23:30:00Z",
            "2026-11-22T00:30:00Z", "2026-11-22T11:30:00Z", "2026-11-22T23:30:00Z", "1969-12-31T23:30:00Z",
        ] {
            let at = try #require(Instant(moment))
            try office.create("visit", ["title": .text(moment), "at": .instant(at)])
        }
    }

    private func call(_ zone: String) -> CallContext {
        CallContext(
            principal: office.root.principal, source: .api, method: "test", requestID: "r1", timeZone: zone)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let zone: String
        let phrase: String
        let titles: Set<String>
        var testDescription: String { "\(phrase) in \(zone)" }
    }

    @Test(
        "\"within\" means the caller's days",
        arguments: [
            Case(
                zone: "UTC", phrase: "today",
                titles: ["2026-11-22T00:30:00Z", "2026-11-22T11:30:00Z", "2026-11-22T23:30:00Z"]),
            Case(
                zone: "Europe/Berlin", phrase: "today",
                titles: ["2026-11-21T23:30:00Z", "2026-11-22T00:30:00Z", "2026-11-22T11:30:00Z"]),
            // Auckland is 13 hours ahead: its 23 November has begun.
            Case(
                zone: "Pacific/Auckland", phrase: "today",
                titles: ["2026-11-22T11:30:00Z", "2026-11-22T23:30:00Z"]),
            Case(
                zone: "America/Los_Angeles", phrase: "yesterday",
                titles: ["2026-11-21T23:30:00Z", "2026-11-22T00:30:00Z"]),
            Case(zone: "Europe/Berlin", phrase: "last month", titles: ["2026-10-31T22:30:00Z"]),
            Case(
                zone: "America/Los_Angeles", phrase: "last month",
                titles: ["2026-10-31T22:30:00Z", "2026-10-31T23:30:00Z"]),
        ])
    func within(_ test: Case) throws {
        let ids = try office.ids(
            "visit", where: .where("at", .within, .text(test.phrase)), as: call(test.zone))
        var titles = Set<String>()
        for id in ids { titles.insert(try office.get(id)["title"].text ?? "") }
        // 2026-11-22T11:30Z is 00:30 of the 23rd in Auckland.
        #expect(titles == test.titles)
    }

    @Test(
        "a moment beside a date is beside the caller's whole day",
        arguments: ["UTC", "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"])
    func days(_ zone: String) throws {
        let day = try #require(CalendarDate("2026-11-22"))
        let value = Value.date(day)
        func found(_ comparison: FilterOperator, _ value: Value) throws -> Set<RecordID> {
            Set(try office.ids("visit", where: .where("at", comparison, value), as: call(zone)))
        }
        // By the same zone's own grouping, which is another piece of code.
        let plan = CallerClock(now: Instant("2026-11-22T12:00:00Z")!, timeZone: zone)
        let (start, end) = (plan.startOfDay(day), plan.startOfDay(day.adding(days: 1)))
        let moments = try office.ids("visit", where: nil).map { ($0, try office.get($0)["at"]) }
        func expected(_ holds: (Instant) -> Bool) -> Set<RecordID> {
            Set(
                moments.compactMap { id, value in
                    guard case .instant(let at) = value else { return nil }
                    return holds(at) ? id : nil
                })
        }
        let within = expected { start <= $0 && $0 < end }
        #expect(try !within.isEmpty && Int64(within.count) == counts(by: .day, zone)["2026-11-22"])
        #expect(try found(.equal, value) == within)
        #expect(try found(.notEqual, value) == expected { $0 < start || end <= $0 })
        #expect(try found(.isIn, .list([value])) == within)
        #expect(try found(.less, value) == expected { $0 < start })
        #expect(try found(.lessOrEqual, value) == expected { $0 < end })
        #expect(try found(.greater, value) == expected { $0 >= end })
        #expect(try found(.greaterOrEqual, value) == expected { $0 >= start })
        let span = Value.list([.date(day.adding(days: -1)), value])
        #expect(
            try found(.between, span) == expected { plan.startOfDay(day.adding(days: -1)) <= $0 && $0 < end })
    }

    @Test("moments are grouped by the caller's days and months")
    func groups() throws {
        let expected: [String: [String: Int64]] = [
            "UTC": ["1969-12": 1, "2026-10": 2, "2026-11": 5],
            "Europe/Berlin": ["1970-01": 1, "2026-10": 1, "2026-11": 6],
            "Pacific/Auckland": ["1970-01": 1, "2026-11": 7],
            "America/Los_Angeles": ["1969-12": 1, "2026-10": 2, "2026-11": 5],
        ]
        for (zone, months) in expected { #expect(try counts(by: .month, zone) == months, "\(zone)") }
        let days = try counts(by: .day, "America/Los_Angeles")
        // Before the clocks were set back on 1 November: 07:30Z is 00:30 there.
        #expect(days["2026-11-01"] == 1)
        #expect(days["2026-10-31"] == 2)
    }

    private func counts(by interval: AggregateQuery.Interval, _ zone: String) throws -> [String: Int64] {
        let plan = try office.records.planAggregate(
            call(zone), office.snapshot, entity: "visit", filter: nil,
            groups: [.init(path: "at", interval: interval, name: "g")],
            measures: [.init(operation: .count, path: nil, name: "n")])
        var counts: [String: Int64] = [:]
        let snapshot = office.snapshot
        try office.records.aggregate(plan, on: office.database.makeReader()) { row throws(CRMError) in
            let key = try plan.value(plan.members[0], row, snapshot).text ?? ""
            counts[key] = try plan.value(plan.members[1], row, snapshot).integer
        }
        return counts
    }

    @Test(
        "a zone or a language that there is not is refused by name",
        arguments: [
            ("user", "time_zone", "Atlantis/Nowhere", "is not in the IANA database"),
            ("user", "time_zone", "europe/berlin", "is not in the IANA database"),
            ("user", "time_zone", "../../etc/passwd", "is not in the IANA database"),
            ("user", "language", "German", "is no tag such as de or pt-BR"),
            ("contact", "language", "de_DE", "is no tag such as de or pt-BR"),
            ("account", "language", "d", "is no tag such as de or pt-BR"),
        ])
    func refusals(_ entity: String, _ field: String, _ value: String, _ message: String) throws {
        let role = try #require(try office.ids("role", where: nil).first)
        let id =
            switch entity {
            case "user":
                try office.create("user", ["username": "bob", "last_name": "Y", "role": .reference(role)])
            case "contact": try office.create("contact", ["last_name": "Y"])
            default: try office.create("account", ["account_name": "Y"])
            }
        let error = #expect(throws: CRMError.self) { try office.update(id, [field: .text(value)]) }
        #expect(error?.fields.map(\.field) == [field])
        #expect(error?.fields.first?.message.contains("\"\(value)\" \(message)") == true)
        let good: Value = field == "language" ? "pt-BR" : "Europe/Berlin"
        try office.update(id, [field: good])
        #expect(try office.get(id)[field] == good)
    }
}
