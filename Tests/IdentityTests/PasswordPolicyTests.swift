import CRMSDK
import Crypto
import Testing

@testable import Identity

@Suite("Password policy: long, and nothing that is guessed first")
struct PasswordPolicyTests {
    private func problem(
        _ password: String, of user: String = "anna", _ choice: PasswordPolicy.Choice = .chosen
    ) -> String? {
        var policy = PasswordPolicy()
        policy.names = ["crm", "Müller Werkzeugbau"]
        do throws(CRMError) { try policy.check(password, of: user, choice) } catch {
            return error.fields.first?.code
        }
        return nil
    }

    struct Length: Sendable, CustomTestStringConvertible {
        let count: Int, choice: PasswordPolicy.Choice, isTaken: Bool
        var testDescription: String { "\(count) code points, \(choice): \(isTaken ? "taken" : "refused")" }
    }

    @Test(
        "lengths are counted in code points, up to both limits",
        arguments: [
            Length(count: 14, choice: .chosen, isTaken: false),
            Length(count: 15, choice: .chosen, isTaken: true),
            Length(count: 7, choice: .assigned, isTaken: false),
            Length(count: 8, choice: .assigned, isTaken: true),
            Length(count: 256, choice: .chosen, isTaken: true),
            Length(count: 257, choice: .chosen, isTaken: false),
        ])
    func length(_ item: Length) {
        let letters = (0..<item.count).map { ["ž", "日", "q", "🦦", "x"][$0 * $0 % 5] }
        #expect(problem(letters.joined(), item.choice) == (item.isTaken ? nil : "length"))
    }

    @Test(
        "what a guesser tries first is refused",
        arguments: [
            "password", "PASSWORD", "12345678", "Password_2026!!", "123password12345", "iloveyou",
            "qwertyuiop",
            "aaaaaaaaaaaaaaaa", "abcabcabcabcabcabc", "dragondragondragon", "passwordpassword",
            "abcdefghijklmnopqrs", "123456789012345678", "9876543210987654", "zyxwvutsrqponmlk", "ｐａｓｓｗｏｒｄ",
            "trustno1 trustno1 ",
        ])
    func common(password: String) { #expect(problem(password, .assigned) == "rule") }

    @Test(
        "names of the product, organisation and user are refused, as long as nothing else is there",
        arguments: [
            "anna-anna-anna-1", "Anna2026Crm!!!!", "crmcrmcrmcrmcrm1", "mullerwerkzeugbau",
            "Müller Werkzeugbau 1",
        ])
    func names(password: String) {
        var policy = PasswordPolicy()
        policy.names = ["crm", "Müller Werkzeugbau", "mullerwerkzeugbau"]
        let error = #expect(throws: CRMError.self) { try policy.check(password, of: "anna", .assigned) }
        #expect(error?.fields.first?.code == "rule")
    }

    @Test(
        "long passwords that nobody guesses are taken as they are",
        arguments: [
            "correct horse battery staple", "anna mag gruene Boote", "päße übers Öl, täglich",
            "правильная лошадь",
            "               x y z", "0123 nicht 4567 gern", "\u{1F9A6}\u{1F980} zwei am Meer ok",
        ])
    func taken(password: String) { #expect(problem(password) == nil) }

    @Test("NUL is refused, other controls are not")
    func controls() {
        #expect(problem("quiet\0otter lamp") == "format")
        #expect(problem("quiet\u{7}otter lamp") == nil)
    }

    @Test("a user's own name is refused for that user only")
    func ownName() {
        #expect(problem("wolfeschlegelstein", of: "wolfeschlegelstein") == "rule")
        #expect(problem("wolfeschlegelstein", of: "anna") == nil)
    }

    @Test("the list has the 3,000 most common that the policy would take otherwise, and more")
    func list() {
        #expect(CommonPasswords.count > 13_000)
        let words = CommonPasswords.words.split(whereSeparator: \.isWhitespace)
        #expect(words.count == CommonPasswords.count, "no word is twice in the list")
        #expect(words.filter { $0.unicodeScalars.count >= 8 }.count >= 3_000)
        #expect(
            words.allSatisfy { $0 == $0.lowercased() && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } })
    }

    @Test("a password that is made has at least 80 bits, passes the policy, and is never the same")
    func made() {
        let passwords = (0..<200).map { _ in ReadableSecret.password() }
        #expect(Set(passwords).count == 200)
        for password in passwords {
            let characters = password.filter { $0 != "-" }
            #expect(characters.count * 5 >= 80)
            #expect(problem(password) == nil)
        }
    }
}
