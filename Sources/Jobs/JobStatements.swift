import CRMSDK
import Query
import Registry

/// The ledger of jobs: a row each, written in the transaction of the run.
enum JobStatements {
    static let all = Statement(
        "SELECT name, due_at, last_run_at, runs, failures, last_error FROM crm_job ORDER BY name")

    static func due(_ name: String) -> Statement {
        Statement("SELECT due_at FROM crm_job WHERE name = ?1", [.text(name)])
    }

    static func succeeded(_ name: String, at now: Instant, due: Instant) -> Statement {
        Statement(
            """
            INSERT INTO crm_job (name, due_at, last_run_at, runs) VALUES (?1, ?2, ?3, 1)
            ON CONFLICT (name) DO UPDATE SET due_at = ?2, last_run_at = ?3, runs = runs + 1, last_error = NULL
            """, values(name, now, due))
    }

    static func failed(_ name: String, at now: Instant, due: Instant, _ message: String) -> Statement {
        Statement(
            """
            INSERT INTO crm_job (name, due_at, last_run_at, failures, last_error) VALUES (?1, ?2, ?3, 1, ?4)
            ON CONFLICT (name) DO UPDATE SET due_at = ?2, last_run_at = ?3, failures = failures + 1, last_error = ?4
            """, values(name, now, due) + [.text(message)])
    }

    private static func values(_ name: String, _ now: Instant, _ due: Instant) -> [StoredValue] {
        [.text(name), .integer(due.millisecondsSince1970), .integer(now.millisecondsSince1970)]
    }
}
