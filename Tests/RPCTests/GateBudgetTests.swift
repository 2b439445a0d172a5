import CRMSDK
import Testing

@testable import RPC

@Suite("Gates: how many calls")
struct GateBudgetTests {
    private static func at(_ seconds: Int64) -> Instant { Instant(millisecondsSince1970: seconds * 1_000) }

    @Test("so many are let through at once, the next is not, and one comes back in its time")
    func bucket() {
        var budget = GateBudget<Int>(limit: 10)
        let allowance = GateBudget<Int>.Allowance(atOnce: 3, refillMilliseconds: 10_000, backsOff: false)
        for _ in 1...3 { #expect(budget.take(1, allowance, at: Self.at(0)) == nil) }
        #expect(budget.take(1, allowance, at: Self.at(0)) == 10)
        #expect(budget.take(1, allowance, at: Self.at(4)) == 6)
        #expect(budget.take(2, allowance, at: Self.at(4)) == nil, "another's is its own")
        #expect(budget.take(1, allowance, at: Self.at(10)) == nil)
        #expect(budget.take(1, allowance, at: Self.at(10)) == 10)
        #expect(budget.take(1, allowance, at: Self.at(1_000)) == nil)
    }

    @Test("who goes over it again waits twice as long, up to an hour, and is forgiven later")
    func backOff() {
        var budget = GateBudget<Int>(limit: 10)
        let allowance = GateBudget<Int>.Allowance(atOnce: 1, refillMilliseconds: 1_000, backsOff: true)
        var now: Int64 = 0
        var waits: [Int] = []
        for _ in 1...8 {
            #expect(budget.take(1, allowance, at: Self.at(now)) == nil)
            let wait = budget.take(1, allowance, at: Self.at(now)) ?? 0
            waits.append(wait)
            #expect(
                budget.take(1, allowance, at: Self.at(now + 1)) == wait - 1, "asking does not lengthen it")
            now += Int64(wait)
        }
        #expect(waits == [60, 120, 240, 480, 960, 1_920, 3_600, 3_600])
        now += 3_600
        #expect(budget.take(1, allowance, at: Self.at(now)) == nil)
        #expect(budget.take(1, allowance, at: Self.at(now)) == 60)
    }

    @Test("never more entries than its limit, whoever comes")
    func bounded() {
        var budget = GateBudget<Int>(limit: 100)
        let allowance = GateBudget<Int>.Allowance.hourly(10, backsOff: true)
        var most = 0
        for key in 0..<1_000 {
            #expect(budget.take(key, allowance, at: Self.at(Int64(key))) == nil)
            most = max(most, budget.count)
        }
        #expect(most == 100)
    }

    @Test("when there is no room, those go that are nearest to being forgotten, and who waits stays")
    func room() {
        var budget = GateBudget<Int>(limit: 16)
        let allowance = GateBudget<Int>.Allowance(atOnce: 1, refillMilliseconds: 1_000, backsOff: true)
        _ = budget.take(0, allowance, at: Self.at(0))
        #expect(budget.take(0, allowance, at: Self.at(0)) == 60)
        for key in 1..<200 { _ = budget.take(key, allowance, at: Self.at(0)) }
        #expect(budget.take(0, allowance, at: Self.at(1)) == 59)
    }

    @Test("a clock that is set back keeps nobody out")
    func clockBack() {
        var budget = GateBudget<Int>(limit: 10)
        let allowance = GateBudget<Int>.Allowance(atOnce: 1, refillMilliseconds: 1_000, backsOff: true)
        #expect(budget.take(1, allowance, at: Self.at(100_000)) == nil)
        #expect(budget.take(1, allowance, at: Self.at(100_000)) == 60)
        #expect(budget.take(1, allowance, at: Self.at(0)) == nil)
        let patient = GateBudget<Int>.Allowance.hourly(2, backsOff: false)
        for _ in 1...2 { #expect(budget.take(2, patient, at: Self.at(1_000_000)) == nil) }
        #expect(budget.take(2, patient, at: Self.at(1_000_000)) == 1_800)
        for _ in 1...2 { #expect(budget.take(2, patient, at: Self.at(0)) == nil) }
        #expect(budget.take(2, patient, at: Self.at(0)) == 1_800)
    }

    struct Form: Sendable, CustomTestStringConvertible {
        let body: String
        let pairs: [String]?
        var testDescription: String { body.debugDescription }

        init(_ body: String, _ pairs: [String]?) {
            self.body = body
            self.pairs = pairs
        }
    }

    @Test(
        "the body of a form is read as browsers write it",
        arguments: [
            Form("", []), Form("a=1&b=2", ["a=1", "b=2"]), Form("a=b+c%2Bd%20e", ["a=b c+d e"]),
            Form("a", ["a="]), Form("a==", ["a=="]), Form("&&a=1&", ["a=1"]),
            Form("a=1&b=2&a=3", ["a=1\n3", "b=2"]), Form("a=%C3%A9", ["a=é"]),
            Form("a=x%0D%0Ay%0Dz%0A", ["a=x\ny\nz\n"]), Form("a=%09", ["a=\t"]),
            Form("a=%", nil), Form("a=%4", nil), Form("a=%zz", nil), Form("a=%FF", nil), Form("a=%00", nil),
            Form("a=%1B", nil), Form("a=%7f", nil), Form("=1", nil),
            Form(String(repeating: "n", count: 101) + "=1", nil),
            Form((1...200).map { "f\($0)" }.joined(separator: "&"), (1...200).map { "f\($0)=" }),
            Form((1...201).map { "f\($0)" }.joined(separator: "&"), nil),
        ])
    func forms(_ form: Form) {
        let read = FormBody.read(Array(form.body.utf8))
        #expect(read?.map { "\($0.name)=\($0.text)" } == form.pairs)
    }

    @Test("bytes of any kind are read or refused, and nothing else", arguments: [UInt64(17), 4_711, 90_210])
    func anyBytes(seed: UInt64) {
        var state = seed
        let alphabet = Array("a=&%+0F\u{7F}é\n\0".utf8)
        for _ in 0..<2_000 {
            var bytes: [UInt8] = []
            for _ in 0..<24 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            let read = FormBody.read(bytes) ?? []
            let isClean = read.allSatisfy { !$0.text.utf8.contains(0) && !$0.name.isEmpty }
            #expect(isClean, "seed \(seed)")
        }
    }

    @Test(
        "an origin is a scheme, a host and perhaps a port",
        arguments: [
            ("https://Www.Example.com", "", "https://www.example.com"),
            ("https://example.com:8443", "", "https://example.com:8443"),
            ("", "https://example.com/a/b?c=https://other.example", "https://example.com"),
            ("null", "https://example.com/", nil), ("", "", nil), ("https://", "", nil),
            ("https://user@example.com", "", nil), ("javascript:alert(1)", "", nil),
            ("https://exa mple.com", "", nil),
            ("https://example.com\\@evil.example", "", "https://example.com"),
        ] as [(String, String, String?)])
    func origins(origin: String, referer: String, wanted: String?) {
        #expect(WebOrigin(origin: origin, referer: referer)?.text == wanted)
    }
}
