import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Tasks and events: time")
struct TimeTests {
    @Test("the module passes the checks that every module passes")
    func conforms() throws {
        let module = try BuiltModule.load("collaboration")
        #expect(Conformance.problems(of: type(of: module)) == [])
    }

    struct Due: Sendable, CustomTestStringConvertible {
        let start, day: String
        let time: String?
        /// The caller's clock ahead of UTC, in hours.
        let zone: Int
        /// Nil: taken.
        let refused: String?
        var testDescription: String {
            "start \(start), due \(day) \(time ?? "") at UTC+\(zone) → \(refused ?? "taken")"
        }

        init(_ start: String, _ day: String, _ time: String?, zone: Int = 0, refused: String? = nil) {
            self.start = start
            self.day = day
            self.time = time
            self.zone = zone
            self.refused = refused
        }
    }

    @Test(
        "a task is due when or after it starts, by the caller's clock",
        arguments: [
            Due("2026-03-10T09:00:00Z", "2026-03-10", nil),
            Due("2026-03-10T09:00:00Z", "2026-03-11", "08:00"),
            Due("2026-03-10T09:00:00Z", "2026-03-10", "09:00"),
            Due("2026-03-10T09:00:00Z", "2026-03-10", "08:59:59", refused: "due_time"),
            Due("2026-03-10T09:00:00Z", "2026-03-09", nil, refused: "due_date"),
            // Half past ten in the evening of the ninth in New York.
            Due("2026-03-10T03:30:00Z", "2026-03-09", "23:00", zone: -5),
            Due("2026-03-10T03:30:00Z", "2026-03-09", "22:00", zone: -5, refused: "due_time"),
            // The morning of the eleventh in Tokyo.
            Due("2026-03-10T23:00:00Z", "2026-03-10", nil, zone: 9, refused: "due_date"),
        ])
    func due(_ test: Due) throws {
        let team = try Team()
        team.context.secondsFromUTC = test.zone * 3600
        let error = refusal {
            _ = try team.create(
                "task",
                [
                    "subject": "Call back", "start_at": instant(test.start), "due_date": date(test.day),
                    "due_time": test.time.map { time($0) } ?? .null,
                ])
        }
        #expect(error?.fields.map(\.field) == test.refused.map { [$0] })
    }

    @Test("completing notes the moment, taking up again forgets it")
    func completion() throws {
        let team = try Team()
        var task = try team.create("task", ["subject": "Call back", "due_date": date("2026-03-11")])
        #expect(task["status"] == "not_started")
        #expect(task["completed_at"] == .null)
        task = try team.update(task, ["status": "completed"])
        #expect(task["completed_at"] == instant("2026-03-10T09:00:00Z"))
        team.clock.advance(seconds: 60)
        #expect(
            try team.update(task, ["priority": "high"])["completed_at"] == instant("2026-03-10T09:00:00Z"))
        #expect(try team.update(task, ["status": "deferred"])["completed_at"] == .null)
    }

    @Test("overdue tasks are asked for, not stored")
    func overdue() throws {
        let team = try Team()
        for (subject, day, status) in [
            ("late", "2026-03-09", "in_progress"), ("today", "2026-03-10", "in_progress"),
            ("done", "2026-03-09", "completed"),
        ] {
            _ = try team.create(
                "task", ["subject": .text(subject), "due_date": date(day), "status": .text(status)])
        }
        let overdue = try team.context.list(
            ListRequest(
                "task",
                where: .all([
                    .where("status", .notEqual, "completed"), .where("due_date", .less, date("2026-03-10")),
                ])))
        #expect(overdue.map { $0["subject"] } == ["late"])
        #expect(try team.context.definition(of: "task").fields.allSatisfy { $0.name != "is_overdue" })
    }

    @Test(
        "an event ends when or after it starts",
        arguments: [("09:00", "10:00", true), ("09:00", "09:00", true), ("10:00", "09:59", false)])
    func event(_ start: String, _ end: String, _ isTaken: Bool) throws {
        let team = try Team()
        let error = refusal {
            _ = try team.create(
                "event",
                [
                    "subject": "Demo", "start_at": instant("2026-03-10T\(start):00Z"),
                    "end_at": instant("2026-03-10T\(end):00Z"),
                ])
        }
        #expect(error?.fields.map(\.field) == (isTaken ? nil : ["end_at"]))
    }

    @Test("an event is a private meeting that is planned, unless it says otherwise")
    func eventDefaults() throws {
        let event = try Team().create(
            "event",
            [
                "subject": "Demo", "start_at": instant("2026-03-10T09:00:00Z"),
                "end_at": instant("2026-03-10T10:00:00Z"),
            ])
        #expect(event["activity_type"] == "meeting")
        #expect(event["status"] == "planned")
        #expect(event["visibility"] == "private")
    }
}
