import CRMSDK
import Security
import Testing

/// The cases about one record, one row each: what the user may do and which step says so.
@Suite("Decisions about a record")
struct RecordCaseTests {
    @Test("a record is opened by exactly the step that should", arguments: RecordCase.all)
    func decide(_ row: RecordCase) throws {
        let company = try row.company()
        let snapshot = company.snapshot()
        for (verb, expected) in zip([AccessVerb.view, .edit, .delete], row.expected) {
            let decision = snapshot.decide(
                company.principal(row.user), verb, row.entity, record: row.record(in: company))
            #expect(decision.allowed == expected.allowed, "\(verb.name): \(decision.message)")
            // "rule via potential" leaves out which rule it was; "rule 1 via potential" does not.
            #expect(
                [decision.decidedBy, decision.reason.name].contains(expected.decidedBy),
                "\(verb.name): \(decision.message)")
        }
    }

    @Test("the predicate of a list says of every record what the decision says", arguments: RecordCase.all)
    func listIsDetail(_ row: RecordCase) throws {
        let company = try row.company()
        let snapshot = company.snapshot()
        for (verb, expected) in zip([AccessVerb.view, .edit, .delete], row.expected) {
            let predicate = snapshot.predicate(company.principal(row.user), verb, row.entity)
            #expect(predicate.matches(row.record(in: company)) == expected.allowed, "\(verb.name)")
        }
    }

    @Test("all forty-eight cases are read")
    func count() { #expect(RecordCase.all.map(\.number) == Array(1...48)) }
}

/// One row: number, user, entity, owner (and parents' owners), changed default, rule, three answers, three reasons.
struct RecordCase: Sendable, CustomTestStringConvertible {
    let number: Int
    let user, entity, owner: String
    let parents: [String: String]
    let changedDefault, rule: String?
    let expected: [(allowed: Bool, decidedBy: String)]
    let testDescription: String

    init?(_ line: Substring) {
        let cells = line.split(separator: "|").map { $0.trimming() }
        guard cells.count == 10, let number = Int(cells[0]) else { return nil }
        self.number = number
        (user, entity) = (cells[1], cells[2])
        let owners = cells[3].split(separator: "·")
        owner = owners[0].trimming()
        var parents: [String: String] = [:]
        for parent in owners.dropFirst().joined().split(separator: ";") {
            let words = parent.split(separator: " ")
            parents[String(words[0])] = String(words[words.count - 1])
        }
        self.parents = parents
        changedDefault = cells[4] == "–" ? nil : cells[4]
        rule = cells[5] == "–" ? nil : cells[5]
        let reasons = cells[9].split(separator: "/").map { $0.trimming() }
        expected = zip(cells[6...8], reasons).map { ($0 == "yes", $1) }
        testDescription = String(line)
    }

    func company() throws -> Company {
        var company = Company.sample()
        if let rule { company.facts.rules = [try #require(company.rule(rule))] }
        if let changedDefault {
            let parts = changedDefault.split(separator: "=").map(String.init)
            let sharing: SharingDefault = try #require(SharingDefault.all.first { $0.name == parts[1] })
            company.facts.defaults[parts[0]] = sharing
        }
        return company
    }

    func record(in company: Company) -> RecordFacts { company.record(ownedBy: owner, parents: parents) }

    static let all = table.split(separator: "\n").compactMap(RecordCase.init)

    private static let table = """
        | 1 | root | account | ann | – | – | yes | yes | yes | admin / admin / admin |
        | 2 | ann | account | ann | – | – | yes | yes | yes | owner / owner / owner |
        | 3 | bob | account | ann | – | – | no | no | no | no grant / no grant / org default |
        | 4 | mia | account | ann | – | – | yes | yes | yes | superior / superior / superior |
        | 5 | vic | account | ann | – | – | yes | yes | yes | superior / superior / superior |
        | 6 | ann | account | mia | – | – | no | no | no | no grant / no grant / org default |
        | 7 | sam | account | ann | – | – | no | no | no | no grant / action not granted / action not granted |
        | 8 | cleo | ticket | tom | – | – | yes | no | no | superior / action not granted / action not granted |
        | 9 | sam | ticket | tom | – | – | yes | yes | yes | superior / superior / superior |
        | 10 | bob | ticket | tom | – | – | yes | no | no | org default / action not granted / action not granted |
        | 11 | tom | ticket | sam | – | – | yes | no | no | org default / no grant / org default |
        | 12 | bob | lead | ann | – | – | yes | yes | no | org default / org default / org default |
        | 13 | tom | lead | ann | – | – | yes | no | no | org default / action not granted / action not granted |
        | 14 | bob | campaign | ann | – | – | yes | yes | yes | org default / org default / org default |
        | 15 | tom | campaign | ann | – | – | yes | no | no | org default / action not granted / action not granted |
        | 16 | ann | account | G_north | – | – | yes | yes | yes | group member / group member / group member |
        | 17 | bob | account | G_north | – | – | no | no | no | no grant / no grant / org default |
        | 18 | mia | account | G_north | – | – | no | no | no | no grant / no grant / org default |
        | 19 | bob | account | G_field | – | – | yes | yes | yes | group member / group member / group member |
        | 20 | mia | account | G_sales | – | – | yes | yes | yes | group member / group member / group member |
        | 21 | tom | account | G_hub | – | – | yes | no | no | group member / action not granted / action not granted |
        | 22 | ann | account | G_hub | – | – | yes | yes | yes | group member / group member / group member |
        | 23 | tom | account | ann | – | S1 | yes | no | no | rule 1 / action not granted / action not granted |
        | 24 | sam | account | ann | – | S1 | no | no | no | no grant / action not granted / action not granted |
        | 25 | tom | contact | ann | – | S1 | yes | no | no | rule 1 / no grant / action not granted |
        | 26 | tom | account | vic | – | S1 | no | no | no | no grant / action not granted / action not granted |
        | 27 | tom | account | vic | – | S2 | yes | no | no | rule 1 / action not granted / action not granted |
        | 28 | sam | account | ann | – | S3 | yes | no | no | rule 1 / action not granted / action not granted |
        | 29 | sam | account | G_north | – | S3 | yes | no | no | rule 1 / action not granted / action not granted |
        | 30 | sam | account | bob | – | S3 | no | no | no | no grant / action not granted / action not granted |
        | 31 | tom | ticket | bob · account owned by ann | – | S4 | yes | yes | no | org default / rule 1 via account / org default |
        | 32 | tom | ticket | bob · account owned by vic | – | S4 | yes | no | no | org default / no grant / org default |
        | 33 | tom | potential | ann · account owned by ann | – | S4 | no | no | no | module off / module off / module off |
        | 34 | bob | potential | ann | – | – | no | no | no | no grant / no grant / org default |
        | 35 | bob | potential | ann | – | S6 | yes | yes | no | rule 1 / rule 1 / org default |
        | 36 | bob | quote | ann · potential owned by ann | – | S7 | yes | yes | no | rule via potential / rule 1 via potential / org default |
        | 37 | bob | sales_order | ann · potential owned by ann; quote owned by ann | – | S7 | no | no | no | no grant / no grant / org default |
        | 38 | aud | account | ann | – | – | yes | no | no | view_all / module off / module off |
        | 39 | edi | account | ann | – | – | yes | yes | no | view_all / edit_all / action not granted |
        | 40 | max | account | ann | – | – | no | no | no | no grant / action not granted / action not granted |
        | 41 | max | account | max | – | – | yes | no | no | owner / action not granted / action not granted |
        | 42 | max | lead | ann | – | – | yes | no | no | org default / action not granted / action not granted |
        | 43 | ann | faq | sam | – | – | yes | yes | yes | not shareable / not shareable / not shareable |
        | 44 | tom | faq | sam | – | – | yes | yes | no | not shareable / not shareable / action not granted |
        | 45 | tom | potential | tom | – | – | no | no | no | module off / module off / module off |
        | 46 | bob | account | ann | account=public_read | – | yes | no | no | org default / no grant / org default |
        | 47 | bob | contact | ann | account=public_read | – | yes | no | no | org default / no grant / org default |
        | 48 | tom | contact | ann | account=public_read | S2 | yes | yes | no | org default / rule 1 / action not granted |
        """
}

extension StringProtocol {
    func trimming() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
