import CRMSDK
import Registry
import TestRandom
import Testing

@Suite("Field types")
struct FieldKindTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let field: FieldDefinition
        let text: String
        /// Nil: refused.
        let printed: String?
        var testDescription: String { "\(field.type.name) \"\(text)\" → \(printed ?? "refused")" }

        init(_ field: FieldDefinition, _ text: String, _ printed: String?) {
            self.field = field
            self.text = text
            self.printed = printed
        }
    }

    static let stages = FieldDefinition.picklist("stage", "Stage", labels: ["Open", "Closed Won"])

    static let regions = FieldDefinition.multipicklist(
        "regions", "Regions", ["North", "South", "East"].map { PicklistValue($0) })

    @Test(
        "a value is taken in one form or refused",
        arguments: [
            Case(.text("t", "T", maximumLength: 5), "abcde", "abcde"),
            Case(.text("t", "T", maximumLength: 5), "abcdef", nil),
            Case(.text("t", "T", maximumLength: 5), "  ab  ", "ab"), Case(.text("t", "T"), "a\u{0}b", nil),
            Case(.text("t", "T"), "a\nb", nil), Case(.longtext("t", "T"), "a\r\nb", "a\nb"),
            Case(.email("e", "E"), "ann@example.com", "ann@example.com"),
            Case(.email("e", "E"), "ann@example", nil),
            Case(.email("e", "E"), "a@b@c.de", nil), Case(.email("e", "E"), "ann@.example.com", nil),
            Case(.phone("p", "P"), "+49 (30) 12-34", "+49 (30) 12-34"),
            Case(.phone("p", "P"), "call me", nil),
            Case(.url("u", "U"), "example.com", "https://example.com"),
            Case(.url("u", "U"), "http://example.com/x?y", "http://example.com/x?y"),
            Case(.url("u", "U"), "javascript:alert(1)", nil), Case(.url("u", "U"), "ftp://example.com", nil),
            Case(.boolean("b", "B"), "Yes", "true"), Case(.boolean("b", "B"), "2", nil),
            Case(.integer("i", "I").range("0", "10"), "10", "10"),
            Case(.integer("i", "I").range("0", "10"), "11", nil),
            Case(.integer("i", "I"), "9223372036854775808", nil), Case(.integer("i", "I"), "+1", nil),
            Case(.decimal("d", "D", scale: 3), "1.5", "1.500"),
            Case(.decimal("d", "D", scale: 3), "1.2345", nil),
            Case(.decimal("d", "D", scale: 3), "1e3", nil), Case(.percent("p", "P"), "12.5%", "12.50"),
            Case(.percent("p", "P"), "100.01", nil), Case(.percent("p", "P"), "-1", nil),
            Case(.date("d", "D"), "2024-02-29", "2024-02-29"), Case(.date("d", "D"), "2026-02-29", nil),
            Case(.date("d", "D"), "29.02.2024", nil),
            Case(.datetime("d", "D"), "2026-11-22T15:24:20+01:00", "2026-11-22T14:24:20.000Z"),
            Case(.datetime("d", "D"), "2026-11-22T15:24:20", nil), Case(stages, "closed_won", "closed_won"),
            Case(stages, "Closed Won", nil), Case(regions, "east, north", "north, east"),
            Case(regions, "south", "south"), Case(regions, "", ""), Case(regions, "west", nil),
            Case(regions, "north,north", nil), Case(.time("t", "T"), "15:24", "15:24:00"),
            Case(.time("t", "T"), "24:00", nil), Case(.reference("r", "R", to: "account"), "17", "17"),
            Case(.reference("r", "R", to: "account"), "0", nil),
            Case(.money("m", "M"), "12.5 EUR", "12.50 EUR"), Case(.money("m", "M"), "12.34567 EUR", nil),
            Case(.place("p", "P"), "52.5200066, 13.4049540", "52.5200066,13.404954"),
            Case(.place("p", "P"), "geo:-90,180", "-90,-180"),
            Case(.place("p", "P"), "0.0000001,-0.5", "0.0000001,-0.5"),
            Case(.place("p", "P"), "90.0000001,0", nil), Case(.place("p", "P"), "0,180.5", nil),
            Case(.place("p", "P"), "52.52", nil), Case(.place("p", "P"), "52.52,13.405,34", nil),
            Case(.place("p", "P"), "52,52;13,4", nil), Case(.place("p", "P"), "0.00000001,0", nil),
        ])
    func parse(_ test: Case) throws {
        let kind = try #require(FieldKindList.kind(named: test.field.type.name))
        do throws(FieldRefusal) {
            let value = try kind.parse(test.text, for: test.field)
            #expect(printed(value) == test.printed)
        } catch {
            #expect(test.printed == nil, "\(error.message)")
            #expect(error.message.contains(test.field.label), "the message names the field: \(error.message)")
        }
    }

    @Test("what is stored reads back as the same value, for every type")
    func roundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: .min ... .max, using: &generator)
        var random = SeededRandom(seed)
        for _ in 0..<2000 {
            let number = Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random)
            let cases: [(FieldDefinition, Value)] = [
                (.integer("f", "F"), .integer(number)),
                (.decimal("f", "F", scale: 4), .decimal(FixedDecimal(units: number, scale: 4))),
                (.money("f", "F"), .money(Money(tenThousandths: number, currency: CurrencyCode("EUR")!))),
                (.date("f", "F"), .date(CalendarDate(daysSince1970: number % 700_000))),
                (.datetime("f", "F"), .instant(Instant(millisecondsSince1970: number))),
                (.boolean("f", "F"), .bool(number % 2 == 0)),
                (.reference("f", "F", to: "account"), .reference(RecordID(abs(number) + 1))),
                (.text("f", "F"), .text("x\(number)")),
            ]
            for (field, value) in cases {
                let kind = try #require(FieldKindList.kind(named: field.type.name))
                let accepted = try kind.accept(value, for: field)
                let read = kind.value(kind.stored(accepted), field.type, currency: CurrencyCode("EUR")!)
                #expect(read == value, "\(field.type.name), seed \(seed)")
                #expect(
                    try kind.parse(printed(read), for: field) == value, "\(field.type.name), seed \(seed)")
            }
        }
    }

    @Test(
        "several choices are kept as an array of keys",
        arguments: [
            ([], "[]"), (["north"], #"["north"]"#), (["north", "x_1", "2"], #"["north","x_1","2"]"#),
        ])
    func keyLists(_ keys: [String], _ text: String) {
        #expect(KeyList.text(keys) == text)
        #expect(KeyList.keys(in: text) == keys)
    }

    @Test("a list's keys may begin with a digit, and are there once")
    func choiceProblems() throws {
        for kind in ["picklist", "multipicklist"] {
            let kind = try #require(FieldKindList.kind(named: kind))
            func problems(_ keys: String...) -> Int {
                kind.problems(in: .picklist(keys.map { PicklistValue($0, "Label") })).count
            }
            #expect(problems("300_sales", "north") == 0)
            #expect(problems("north", "north") == 1)
            #expect(problems("North") == 1)
            #expect(problems("a\"b") == 1)
        }
    }

    @Test("a number's pattern and counter give text, and the text the counter again")
    func numbers() {
        for (pattern, counter, text) in [
            ("ACC00000", Int64(1), "ACC00001"), ("ACC00000", 123_456, "ACC123456"), ("0", 7, "7"),
            ("A-000/X", 5, "A-005/X"),
        ] {
            #expect(NumberPattern.text(pattern, counter: counter) == text)
            #expect(NumberPattern.counter(of: text, pattern: pattern) == counter)
        }
        #expect(NumberPattern.counter(of: "INV00001", pattern: "ACC00000") == nil)
        #expect(NumberPattern.counter(of: "ACC", pattern: "ACC00000") == nil)
    }

    @Test(
        "a value that the list does not have is answered with what was meant, else with the list",
        arguments: [
            ("opne", #"did you mean "open"?"#), ("Closed Won", #"did you mean "closed_won"?"#),
            ("CLOSED_WON", #"did you mean "closed_won"?"#), ("won", #"did you mean "closed_won"?"#),
            ("lost", "it has open, closed_won"), ("", "it has open, closed_won"),
        ])
    func choiceAdvice(key: String, advice: String) throws {
        let kind = try #require(FieldKindList.kind(named: "picklist"))
        let refusal = #expect(throws: FieldRefusal.self) { try kind.accept(.text(key), for: Self.stages) }
        #expect(refusal?.message == "Stage has no value \"\(key)\"; \(advice)")
    }
}
