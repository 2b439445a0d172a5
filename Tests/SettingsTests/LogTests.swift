import Glibc
import Log
import Testing

@Suite("Log: lines")
struct LogTests {
    private func lines(_ level: Log.Level = .debug, _ write: (Log) -> Void) -> [String] {
        let sink = MemorySink()
        write(Log(room: "storage", level: level, sink: sink, now: { 1_795_361_060_123 }))
        return sink.lines
    }

    @Test("a line is instant, level, room, message and fields")
    func layout() {
        let lines = lines { log in
            log.warning("checkpoint is late", ["wal_bytes": 73_400_320, "lane": "fast lane", "note": ""])
            log.child(room: "storage.writer").info("started")
        }
        #expect(
            lines == [
                #"2026-11-22T15:24:20.123Z warning storage checkpoint is late wal_bytes=73400320 lane="fast lane" note="""#,
                "2026-11-22T15:24:20.123Z info storage.writer started",
            ])
    }

    @Test(
        "no value ends the line, forges a field or moves the terminal's cursor",
        arguments: [
            ("a\nb", #""a\nb""#), ("a\r\u{1B}[2J", #""a\r\u{1b}[2J""#), ("x=1", #""x=1""#),
            ("say \"hi\"", #""say \"hi\"""#),
            ("C:\\dir", #""C:\\dir""#), ("\u{0}", #""\u{0}""#), ("\u{2028}", #""\u{2028}""#),
            ("\u{202E}abc", #""\u{202e}abc""#), ("\u{9B}m", #""\u{9b}m""#), ("Łódź", "\"Łódź\""),
            ("plain", "plain"),
        ])
    func escaping(_ value: String, _ expected: String) {
        let lines = lines { $0.info("m", ["key": value]) }
        #expect(lines == ["2026-11-22T15:24:20.123Z info storage m key=\(expected)"])
        let message = self.lines { $0.info(value) }.joined()
        #expect(
            message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x2028 && $0.value != 0x9B })
    }

    @Test("what is below the level is not written, nor its message built", arguments: Log.Level.allCases)
    func levels(_ level: Log.Level) {
        var built = 0
        func message(_ text: String) -> String {
            built += 1
            return text
        }
        let lines = lines(level) { log in
            log.error(message("e"))
            log.warning(message("w"))
            log.info(message("i"))
            log.debug(message("d"))
        }
        #expect(lines.count == level.rawValue + 1)
        #expect(built == lines.count)
    }

    @Test("levels have names")
    func names() {
        #expect(Log.Level(name: "warning") == .warning)
        #expect(Log.Level(name: "Warning") == nil)
        #expect(Log.Level.allCases.map(\.name) == ["error", "warning", "info", "debug"])
    }

    @Test(
        "instants before and after 1970",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_007, "2000-02-29T00:00:00.007Z"),
        ] as [(Int64, String)])
    func instants(_ milliseconds: Int64, _ expected: String) {
        #expect(UTCClock.format(millisecondsSince1970: milliseconds) == expected)
    }

    @Test("a descriptor receives each line whole, in order")
    func descriptor() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        let log = Log(room: "r", level: .info, sink: DescriptorSink(borrowing: ends[1]), now: { 0 })
        log.info("one")
        log.info("two", ["k": 2])
        var buffer = [UInt8](repeating: 0, count: 200)
        let count = read(ends[0], &buffer, buffer.count)
        #expect(
            String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
                == "1970-01-01T00:00:00.000Z info r one\n1970-01-01T00:00:00.000Z info r two k=2\n")
    }

    @Test("a descriptor that cannot be written to is no trouble")
    func closedDescriptor() {
        Log(room: "r", level: .info, sink: DescriptorSink(borrowing: -1)).error("lost")
    }
}
