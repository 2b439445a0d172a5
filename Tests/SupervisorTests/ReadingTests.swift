import JSON
import Testing

@testable import Supervisor

@Suite("Supervisor: what it reads and shows")
struct ReadingTests {
    @Test(
        "a wait status tells how a process ended",
        arguments: [
            (
                status: Int32(0), end: ProcessEnd.exited(code: 0), text: "ended", isCrash: false,
                isFault: false
            ),
            (1 << 8, .exited(code: 1), "ended with code 1", false, false),
            (255 << 8, .exited(code: 255), "ended with code 255", false, false),
            (9, .signalled(9), "was ended by SIGKILL", true, false),
            (4, .signalled(4), "was ended by SIGILL", true, true),
            (0x80 | 11, .signalled(11), "was ended by SIGSEGV", true, true),
            (31, .signalled(31), "was ended by signal 31", true, false),
        ])
    func waitStatus(_ status: Int32, _ end: ProcessEnd, _ text: String, _ isCrash: Bool, _ isFault: Bool) {
        let read = ProcessEnd(waitStatus: status)
        #expect(read == end)
        #expect(read.description == text)
        #expect(read.isCrash == isCrash)
        #expect(read.isFault == isFault)
    }

    @Test("the last line explains an end that the program chose, and no other")
    func reason() {
        let line = "kernel ready"
        #expect(
            ProcessEnd.exited(code: 1).withReason(lastLine: "port is taken")
                == "ended with code 1: port is taken")
        #expect(ProcessEnd.exited(code: 1).withReason(lastLine: "") == "ended with code 1")
        #expect(ProcessEnd.exited(code: 0).withReason(lastLine: line) == "ended")
        #expect(ProcessEnd.signalled(9).withReason(lastLine: line) == "was ended by SIGKILL")
    }

    private static func stat(_ name: String, state: String = "S") -> String {
        "812 (\(name)) \(state) 17 812 812 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000 1 18446744073709551615"
    }

    @Test(
        "the start time is found behind any program name",
        arguments: ["crm", "a b", "a) S 1 (b", ")", "(("])
    func processFacts(_ name: String) throws {
        let facts = try #require(ProcessFacts(stat: Self.stat(name)))
        #expect(facts.startTicks == 987_654)
        #expect(facts.parent == 17)
    }

    @Test(
        "a process that has ended, or a text of another form, is no process",
        arguments: ["", "812", "812 (crm) S 17", stat("crm", state: "Z"), stat("crm", state: "X")])
    func noProcess(_ text: String) { #expect(ProcessFacts(stat: text) == nil) }

    @Test("the running process is found")
    func ownProcess() { #expect(ProcessFacts(of: 1) != nil) }

    @Test(
        "a length of time shows its two largest units",
        arguments: [
            (milliseconds: Int64(0), text: "0 s"), (999, "0 s"), (59_999, "59 s"), (60_000, "1 min"),
            (61_000, "1 min 1 s"), (3_600_000, "1 h"), (3_659_000, "1 h"), (90_061_000, "1 d 1 h"),
            (8_640_000_000, "100 d"),
        ])
    func uptime(_ milliseconds: Int64, _ text: String) {
        #expect(Uptime.text(milliseconds: milliseconds) == text)
    }

    @Test("the state file reads as it was written")
    func state() {
        let processes = [
            ServiceState.Process(
                program: "crm-kernel", phase: "ready", process: 12, since: 1_700_000_000_000, restarts: 2,
                lastEnd: "was ended by SIGILL: Fatal error: \"x\""),
            ServiceState.Process(
                program: "crm-rpc", phase: "waiting to start again", process: nil, since: 0, restarts: 0,
                lastEnd: nil),
        ]
        for address in ["127.0.0.1:8443", nil] {
            let state = ServiceState(address: address, processes: processes)
            #expect(ServiceState(decoding: String(decoding: state.encoded(), as: UTF8.self)) == state)
        }
    }

    @Test("another text is no state", arguments: ["", "{}", #"{"processes":[{}]}"#, #"{"processes":{}}"#])
    func noState(_ text: String) { #expect(ServiceState(decoding: text) == nil) }

    @Test("facts are shown a line each, lists of objects a line per object, nothing that a terminal acts on")
    func facts() throws {
        let text = """
            {"ready":true,"data_bytes":1200,"last_error":null,"people":["ada","bob"],"none":[],
             "writer":{"queue_depth":0},
             "modules":[{"name":"sales","version":"1.0"},{"name":"bad\\u001b[2J","reason":"crashed","at":null}]}
            """
        let lines = FactLines.lines(of: try JSONDocument(parsing: text).root, indent: 2)
        #expect(
            lines == [
                "  ready     yes", "  data bytes 1200", "  last error none", "  people    ada, bob",
                "  none      none",
                "  writer", "    queue depth 0", "  modules", "    sales, version 1.0",
                "    bad\u{FFFD}[2J, reason crashed",
            ])
    }
}
