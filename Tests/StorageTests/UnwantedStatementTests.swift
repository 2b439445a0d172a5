import CRMSDK
import Query
import Storage
import Synchronization
import Testing

@Suite("Statements that nobody waits for")
struct UnwantedStatementTests {
    /// Wanted for some looks, then no more.
    private final class Patience: Sendable {
        private let looks = Mutex(0)

        var isOver: Bool {
            looks.withLock {
                $0 += 1
                return $0 > 3
            }
        }
    }

    private let endless = Statement(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")

    @Test("a read that nobody waits for any more is ended, and the connection reads on")
    func ended() throws {
        let test = try TestDatabase()
        let reader = try test.reader()
        reader.statementLimitMilliseconds = 600_000
        let patience = Patience()
        reader.isUnwanted = { patience.isOver }
        #expect(throws: CRMError.self) { try reader.rows(endless) { _ in .next } }
        reader.isUnwanted = nil
        let one = try reader.first(Statement("SELECT 1")) { $0.int64(0) }
        #expect(one == 1)
    }
}
