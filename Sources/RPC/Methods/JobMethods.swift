import CRMSDK
import JSON
import Jobs
import Records
import Registry
import Storage

/// What modules do by themselves, at their times.
enum JobMethods {
    static let all: [Method] = [
        Method(
            "job.list", needs: .administrator, .reads, "The scheduled jobs of the enabled modules, by name.",
            "A job that has failed is tried again at its next time; its failures are counted and the last one is told "
                + "until a run succeeds.",
            result: .object([
                Parameter(
                    "jobs",
                    .list(
                        of: .object([
                            Parameter("name", .text, "MODULE.JOB.", required: true),
                            Parameter("every_seconds", .integer, "Between two runs.", required: true),
                            Parameter(
                                "next_run", .any, "Moment, or null before the first look at it.",
                                required: true),
                            Parameter("last_run", .any, "Moment, or null.", required: true),
                            Parameter("runs", .integer, "Those that succeeded.", required: true),
                            Parameter("failures", .integer, "Those that did not.", required: true),
                            Parameter(
                                "last_error", .any, "Why the last run failed; null when it did not.",
                                required: true),
                        ])), "All of them.", required: true)
            ]),
            example: .init(
                parameters: "{}",
                result: #"{"jobs": [{"name": "inventory.invoice_subscriptions", "every_seconds": 3600, "#
                    + #""next_run": "2026-11-22T16:00:00.000Z", "last_run": "2026-11-22T15:00:00.120Z", "#
                    + #""runs": 12, "failures": 0, "last_error": null}]}"#)
        ) { scope throws(CRMError) in
            let ledger = Dictionary(
                try JobScheduler.jobs(scope.reader).map { ($0.name, $0) },
                uniquingKeysWith: { first, _ in first })
            let jobs = scope.snapshot.registry.jobs.map { ("\($0.module).\($0.job.name)", $0.job) }
            scope.writer.beginObject()
            scope.writer.key("jobs")
            scope.writer.beginArray()
            for (name, job) in jobs.sorted(by: { $0.0 < $1.0 }) {
                write(name, job, ledger[name], to: &scope.writer)
            }
            scope.writer.endArray()
            scope.writer.endObject()
            return .done
        }
    ]

    private static func write(_ name: String, _ job: Job, _ facts: JobFacts?, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(name)
        writer.key("every_seconds")
        writer.int(job.everySeconds)
        for (key, moment) in [("next_run", facts?.dueAt), ("last_run", facts?.lastRunAt)] {
            writer.key(key)
            if let moment {
                writer.instantString(millisecondsSince1970: moment.millisecondsSince1970)
            } else {
                writer.null()
            }
        }
        writer.key("runs")
        writer.int(facts?.runs ?? 0)
        writer.key("failures")
        writer.int(facts?.failures ?? 0)
        writer.key("last_error")
        if let error = facts?.lastError { writer.string(error) } else { writer.null() }
        writer.endObject()
    }
}
