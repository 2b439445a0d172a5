import SQLite
import Testing

@Suite("SQLite: connections and statements")
struct ConnectionTests {
    private let file: TemporaryFile
    private let connection: Connection

    init() throws {
        file = try TemporaryFile()
        connection = try Connection(path: file.path, access: .create)
        try connection.execute(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT UNIQUE, b BLOB) STRICT")
    }

    struct Sample: Sendable {
        let number: Int64
        let text: String
        let blob: [UInt8]
    }

    @Test(
        "values come back as they were bound",
        arguments: [
            Sample(number: 0, text: "", blob: []),
            Sample(number: .max, text: "Łódź 東京 👩‍👩‍👧", blob: [0, 1, 255]),
            Sample(number: .min, text: "a\u{0}b", blob: [0]),
            Sample(
                number: -1, text: String(repeating: "x", count: 100_000),
                blob: .init(repeating: 7, count: 100_000)),
        ])
    func roundTrip(_ sample: Sample) throws {
        let insert = try connection.checkOut("INSERT INTO t (n, s, b) VALUES (?1, ?2, ?3)")
        try insert.bind(1, sample.number)
        try insert.bind(2, sample.text)
        try insert.bind(3, sample.blob)
        #expect(try insert.step() == false)
        connection.checkIn(insert)

        let select = try connection.checkOut("SELECT n, s, b, NULL FROM t")
        defer { connection.checkIn(select) }
        #expect(try select.step())
        #expect(select.int64(0) == sample.number)
        #expect(select.text(1) == sample.text)
        #expect(select.bytes(2) == sample.blob)
        #expect(select.withUTF8(1) { $0.count } == sample.text.utf8.count)
        #expect(select.withBlob(2) { $0.count } == sample.blob.count)
        #expect(select.type(0) == .integer && select.type(1) == .text && select.type(2) == .blob)
        #expect(select.isNull(3) && select.text(3) == "" && select.bytes(3) == [] && select.int64(3) == 0)
        #expect(try select.step() == false)
    }

    @Test("a null is not an empty text")
    func null() throws {
        let statement = try connection.checkOut("SELECT ?1 IS NULL, ?2 IS NULL")
        defer { connection.checkIn(statement) }
        try statement.bindNull(1)
        try statement.bind(2, "")
        #expect(try statement.step())
        #expect(statement.int64(0) == 1 && statement.int64(1) == 0)
    }

    @Test("an error has its extended code, SQLite's words and the statement, never values")
    func errors() throws {
        try connection.execute("INSERT INTO t (s) VALUES ('secret')")
        let error = #expect(throws: SQLiteError.self) {
            try connection.execute("INSERT INTO t (s) SELECT s FROM t")
        }
        #expect(error?.code == .uniqueConstraint)
        #expect(error?.code.primary == .constraint)
        #expect(error?.message == "UNIQUE constraint failed: t.s")
        #expect(error?.sql == "INSERT INTO t (s) SELECT s FROM t")
        #expect(throws: SQLiteError.self) { _ = try connection.checkOut("SELEKT") }
        #expect(throws: SQLiteError.self) { _ = try connection.checkOut("-- nothing") }
        #expect(throws: SQLiteError.self) { try connection.execute("INSERT INTO t (n) VALUES ('text')") }
    }

    @Test("a statement is prepared once, and a second use of it while it runs gets its own")
    func cache() throws {
        let first = try connection.checkOut("SELECT 1")
        let nested = try connection.checkOut("SELECT 1")
        #expect(first !== nested)
        connection.checkIn(nested)
        connection.checkIn(first)
        let again = try connection.checkOut("SELECT 1")
        #expect(again === first)
        connection.checkIn(again)
    }

    @Test("of the kept statements the one unused for longest goes first")
    func eviction() throws {
        let small = try Connection(path: file.path, access: .readOnly, cachedStatements: 2)
        func use(_ sql: String) throws -> ObjectIdentifier {
            let statement = try small.checkOut(sql)
            defer { small.checkIn(statement) }
            return ObjectIdentifier(statement)
        }
        let one = try small.checkOut("SELECT 1")
        small.checkIn(one)
        _ = try use("SELECT 2")
        #expect(try use("SELECT 1") == ObjectIdentifier(one))
        _ = try use("SELECT 3")
        #expect(try use("SELECT 1") == ObjectIdentifier(one))
    }

    @Test("whatever the order of statements is, each text gets its own")
    func orders() throws {
        var random = SystemRandomNumberGenerator()
        for limit in [0, 1, 2, 3, 8] {
            let connection = try Connection(path: file.path, access: .readOnly, cachedStatements: limit)
            var used: [PreparedStatement] = []
            for step in 0..<400 {
                if step == 200 { connection.forgetStatements() }
                let number = Int64.random(in: 0..<5, using: &random)
                let statement = try connection.checkOut("SELECT \(number)")
                #expect(try statement.step() && statement.int64(0) == number)
                // Some stay in use, as those further up the stack do.
                used.append(statement)
                while used.count > Int.random(in: 0...3, using: &random) {
                    connection.checkIn(used.removeFirst())
                }
            }
            for statement in used { connection.checkIn(statement) }
        }
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let sql: String
        let why: String
        var testDescription: String { why }
    }

    @Test(
        "a hardened connection refuses",
        arguments: [
            Refused(sql: "ATTACH '/tmp/other.sqlite' AS other", why: "a second database"),
            Refused(sql: "SELECT load_extension('x')", why: "extensions"),
            Refused(sql: "SELECT \"no such column\"", why: "a name in double quotes as text"),
            Refused(
                sql: "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql = ''", why: "writing the schema"
            ),
            Refused(sql: "SELECT 1 LIKE hex(zeroblob(501))", why: "a pattern of more than 1,000 bytes"),
            Refused(
                sql: "SELECT " + String(repeating: "(1+", count: 501) + "1"
                    + String(repeating: ")", count: 501),
                why: "an expression deeper than 500"),
        ])
    func hardening(_ refused: Refused) {
        #expect(throws: SQLiteError.self) { try connection.execute(refused.sql) }
    }

    @Test("a pattern of exactly 1,000 bytes is allowed")
    func patternLimit() throws {
        try connection.execute("SELECT 1 LIKE hex(zeroblob(500))")
    }

    @Test("a connection that reads cannot write")
    func readOnly() throws {
        let reader = try Connection(path: file.path, access: .readOnly)
        let error = #expect(throws: SQLiteError.self) { try reader.execute("DELETE FROM t") }
        #expect(error?.code.primary == .readOnly)
    }

    @Test("a missing file is refused unless it may be made")
    func missing() throws {
        let error = #expect(throws: SQLiteError.self) {
            _ = try Connection(path: file.folder + "/none.sqlite", access: .readWrite)
        }
        #expect(error?.code.primary == .cannotOpen)
    }

    @Test("a statement that runs beyond its limit is interrupted, the next one is not")
    func statementLimit() throws {
        connection.limitStatements(milliseconds: 1)
        connection.restartStatementClock()
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        let error = #expect(throws: SQLiteError.self) { _ = try connection.integer(endless) }
        #expect(error?.code.primary == .interrupted)
        connection.restartStatementClock()
        #expect(try connection.integer("SELECT 42") == 42)
    }

    @Test("functions of ours are called with text and pass null through")
    func functions() throws {
        try connection.define("shout") { (text: String) -> String in text.uppercased() + "!" }
        try connection.define("utf8") { (text: String) -> [UInt8] in Array(text.utf8) }
        #expect(try connection.texts("SELECT shout('straße')") == ["STRASSE!"])
        #expect(
            try connection.texts("SELECT hex(utf8('Az')) || typeof(utf8('')) || typeof(shout(NULL))") == [
                "417Ablobnull"
            ])
    }
}

@Suite("SQLite: exact sums")
struct ExactSumTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let values: String
        let answer: String
        let type: String
        var testDescription: String { values }
    }

    @Test(
        "sums stay exact in 128 bits",
        arguments: [
            Case(values: "(1), (2), (3)", answer: "6", type: "integer"),
            Case(values: "(NULL), (5), (NULL)", answer: "5", type: "integer"),
            Case(values: "(0)", answer: "0", type: "integer"),
            Case(values: "(9223372036854775807), (0)", answer: "9223372036854775807", type: "integer"),
            Case(values: "(9223372036854775807), (1)", answer: "9223372036854775808", type: "text"),
            Case(
                values: "(9223372036854775807), (9223372036854775807), (-9223372036854775807)",
                answer: "9223372036854775807", type: "integer"),
            Case(
                values: "(-9223372036854775807), (-9223372036854775807)", answer: "-18446744073709551614",
                type: "text"),
            Case(values: "('18446744073709551614'), (1)", answer: "18446744073709551615", type: "text"),
        ])
    func sum(_ sample: Case) throws {
        let connection = try Connection(path: ":memory:", access: .create)
        try connection.defineExactSum("exact")
        let statement = try connection.checkOut(
            "WITH v(x) AS (VALUES \(sample.values)) SELECT exact(x), typeof(exact(x)) FROM v")
        defer { connection.checkIn(statement) }
        #expect(try statement.step())
        #expect(statement.text(0) == sample.answer)
        #expect(statement.text(1) == sample.type)
    }

    @Test("nothing sums to null, and each group has its own sum")
    func groups() throws {
        let connection = try Connection(path: ":memory:", access: .create)
        try connection.defineExactSum("exact")
        #expect(try connection.texts("SELECT typeof(exact(x)) FROM (SELECT 1 AS x WHERE 0)") == ["null"])
        #expect(try connection.texts("SELECT typeof(exact(NULL))") == ["null"])
        let sums = try connection.texts(
            "WITH v(g, x) AS (VALUES (1, 2), (2, 10), (1, 3)) SELECT exact(x) FROM v GROUP BY g ORDER BY g")
        #expect(sums == ["5", "10"])
        #expect(throws: SQLiteError.self) { _ = try connection.texts("SELECT exact(1.5)") }
        #expect(throws: SQLiteError.self) { _ = try connection.texts("SELECT exact('ten')") }
    }
}

@Suite("SQLite: checkpoints")
struct CheckpointTests {
    @Test("a connection that has read nothing moves the log, and the writer's own count falls back")
    func fresh() throws {
        let file = try TemporaryFile()
        let writer = try Connection(path: file.path, access: .create)
        try writer.execute("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0")
        writer.leaveCheckpointsToOthers()
        try writer.execute("CREATE TABLE t (x TEXT); INSERT INTO t VALUES (hex(zeroblob(100000)))")
        let pages = writer.walPages
        #expect(pages > 20)
        let other = try Connection(path: file.path, access: .readWrite)
        let passive = try other.checkpoint(.passive)
        #expect(passive.logged == pages && passive.moved == pages)
        let truncated = try Connection(path: file.path, access: .readWrite).checkpoint(.truncate)
        #expect(truncated.logged == 0 && truncated.moved == 0)
        try writer.execute("INSERT INTO t VALUES ('a')")
        #expect(writer.walPages < 5)
    }
}
