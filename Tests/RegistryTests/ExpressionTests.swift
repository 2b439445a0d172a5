import CRMSDK
import Registry
import TestRandom
import Testing

@Suite("Expressions of computed fields")
struct ExpressionTests {
    @Test(
        "an expression is written in one form",
        arguments: [
            ("a+b*c", "a + b * c"), ("(a+b)*c", "(a + b) * c"), ("a-(b-c)", "a - (b - c)"),
            ("a-b-c", "a - b - c"), ("not a = b and c", "not a = b and c"),
            ("not (a and b)", "not (a and b)"),
            ("-(a+1.50)", "-(a + 1.5)"), ("- - a", "-(-a)"),
            ("if(a>=2.0,\"x\",null)", "if(a >= 2, \"x\", null)"),
            (#"concat("a\"b", account.city)"#, #"concat("a\"b", account.city)"#),
            ("(a = b) = c", "(a = b) = c"),
            ("days(from,date(\"2026-01-02\"))", "days(from, date(\"2026-01-02\"))"),
            ("a + (not b)", "a + (not b)"),
        ])
    func written(_ text: String, _ form: String) throws {
        #expect(try Expression(parsing: text).description == form)
    }

    @Test(
        "what is no expression is refused at its place",
        arguments: [
            ("", 1), ("a +", 4), ("a b", 3), ("(a", 3), ("a = b = c", 7), ("frobnicate(a)", 1),
            ("if(a, b)", 1),
            ("1.2345678", 1), ("12a", 3), ("\"open", 1), ("a.b.c", 1), ("a.", 3), ("a $ b", 3), ("and", 1),
            ("99999999999999999999", 1), ("a + not b", 5),
        ])
    func refused(_ text: String, _ position: Int) {
        let error = #expect(throws: ExpressionError.self) { try Expression(parsing: text) }
        #expect(error?.position == position, "\(text): \(error?.message ?? "")")
    }

    @Test("depth and length are bounded")
    func bounds() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "(", count: depth) + "a" + String(repeating: ")", count: depth)
        }
        _ = try Expression(parsing: nested(39))
        #expect(throws: ExpressionError.self) { try Expression(parsing: nested(40)) }
        _ = try Expression(parsing: String(repeating: " ", count: 1999) + "a")
        #expect(throws: ExpressionError.self) {
            try Expression(parsing: String(repeating: " ", count: 2000) + "a")
        }
    }

    @Test("what is written reads back as the same expression", arguments: [UInt64(20_261_123)])
    func backAndForth(seed: UInt64) throws {
        var random = SeededRandom(seed)
        for step in 0..<2000 {
            let expression = Self.expression(depth: 5, &random)
            let text = expression.description
            #expect(try Expression(parsing: text) == expression, "seed \(seed), step \(step): \(text)")
        }
    }

    @Test("random text is an expression or refused, and nothing else", arguments: [UInt64(20_261_124)])
    func noise(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let pieces = [
            "a", "if(", ")", "(", ",", "+", "-", "not ", "\"", "\\", "1.", "=", "!", ".", " ", "é", "<",
        ]
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            if let expression = try? Expression(parsing: text) {
                #expect(try Expression(parsing: expression.description) == expression, "\(text)")
            }
        }
    }

    private static func expression(depth: Int, _ random: inout SeededRandom) -> Expression {
        func inner() -> Expression { expression(depth: depth - 1, &random) }
        switch depth == 0 ? Int.random(in: 0..<5, using: &random) : Int.random(in: 0..<12, using: &random) {
        case 0: return .null
        case 1: return .flag(Bool.random(using: &random))
        case 2:
            let scale = Int.random(in: 0...2, using: &random)
            let units = Int64.random(in: 1..<1000, using: &random) * 10 + 3
            return .number(FixedDecimal(units: units, scale: scale))
        case 3: return .text(["", "a \"b\"", "back\\slash", "Łódź"].randomElement(using: &random) ?? "")
        case 4: return .path(Bool.random(using: &random) ? ["amount"] : ["account", "city"])
        case 5: return .negated(inner())
        case 6: return .not(inner())
        case 7: return .call(.if, [inner(), inner(), inner()])
        case 8: return .call(.coalesce, [inner()])
        default:
            let sign = Expression.Operator.allCases.randomElement(using: &random) ?? .plus
            return .binary(sign, inner(), inner())
        }
    }
}

@Suite("Rules of computed fields")
struct ComputedRulesTests {
    private static let account = EntityDefinition(
        "account", label: "A", plural: "A",
        fields: [
            .text("name", "N"), .money("revenue", "R"), .integer("staff", "S"), .date("since", "D"),
            .reference("parent_account", "P", to: "account"), .datetime("met", "M"),
        ])
    private static let deal = EntityDefinition(
        "deal", label: "D", plural: "D",
        fields: [
            .money("amount", "A"), .reference("account", "A", to: "account"), .boolean("won", "W"),
            .text("stage", "S"),
        ])

    private func problems(_ field: FieldDefinition, in name: String = "account") -> [String] {
        var definitions = [Self.account, Self.deal]
        for index in definitions.indices where definitions[index].name == name {
            definitions[index].fields.append(field)
        }
        return ComputedRules.problems(in: definitions)
    }

    @Test(
        "expressions whose types fit are taken",
        arguments: [
            FieldDefinition.decimal("x", "X", scale: 2).computed("staff / 3"),
            .money("x", "X").computed("revenue * 2 + 5"),
            .decimal("x", "X", scale: 1).computed("revenue / revenue"),
            .text("x", "X").computed("concat(name, \"!\")"), .date("x", "X").computed("since + 30"),
            .boolean("x", "X").computed("staff > 5 and not empty(met)"),
            .money("x", "X").computed("coalesce(parent_account.revenue, 0)"),
            .integer("x", "X").computed("days(since, date(\"2026-01-01\"))"),
            .money("x", "X").rollingUp("sum", of: "amount", over: "deal", by: "account", where: "won"),
            .integer("x", "X").rollingUp("count", over: "deal", by: "account", where: "stage != \"lost\""),
        ])
    func taken(_ field: FieldDefinition) { #expect(problems(field) == []) }

    @Test(
        "others are refused in a sentence",
        arguments: [
            (FieldDefinition.decimal("x", "X", scale: 2).computed("revenue"), "cannot hold"),
            (.money("x", "X").computed("revenue + name"), "joins amount and text; concat joins texts"),
            (.money("x", "X").computed("revenue * revenue"), "joins"),
            (.text("x", "X").computed("staff"), "cannot hold"),
            (.text("x", "X").computed("met"), "cannot hold"),
            (.integer("x", "X").computed("nothing_here"), "has no field"),
            (.integer("x", "X").computed("parent_account.nothing"), "has a field"),
            (.integer("x", "X").computed("name.staff"), "is no reference"),
            (.integer("x", "X").computed("staff +"), "at character 8"),
            (.integer("x", "X").computed("staff").unique(), "neither unique"),
            (.integer("x", "X").computed("staff").mandatory(), "neither unique"),
            (.integer("x", "X").computed("round(staff, name)"), "rounds to"),
            (.integer("x", "X").rollingUp("sum", of: "amount", over: "deal", by: "account"), "cannot hold"),
            (.integer("x", "X").rollingUp("sum", over: "deal", by: "account"), "needs the field"),
            (.integer("x", "X").rollingUp("mode", over: "deal", by: "account"), "is one of"),
            (.integer("x", "X").rollingUp("count", over: "deal", by: "stage"), "is no reference to"),
            (.integer("x", "X").rollingUp("count", over: "dealt", by: "account"), "does not exist"),
            (
                .integer("x", "X").rollingUp("count", over: "deal", by: "account", where: "amount > 1"),
                "amounts"
            ),
            (
                .integer("x", "X").rollingUp("count", over: "deal", by: "account", where: "stage"),
                "true or false"
            ),
        ])
    func refused(_ field: FieldDefinition, _ words: String) {
        #expect(problems(field).first?.contains(words) == true, "\(problems(field))")
    }

    @Test("a field that depends on itself is refused, and the way is named")
    func cycle() {
        var (account, deal) = (Self.account, Self.deal)
        account.fields.append(.money("total", "T").rollingUp("sum", of: "share", over: "deal", by: "account"))
        deal.fields.append(.money("share", "S").computed("account.total / 2"))
        let problems = ComputedRules.problems(in: [account, deal])
        #expect(problems.first?.contains("account.total → deal.share → account.total") == true, "\(problems)")
    }
}
