package import CRMSDK
import Text

/// Which passwords are taken (ASVS 5.0 6.2, NIST SP 800-63B §3.1.1): long ones that nobody guesses.
///
/// Any Unicode text is allowed and used as it is: neither normalised, folded, trimmed nor cut, and nothing is asked
/// about kinds of characters. Only for the comparison with common passwords and names it is folded.
package struct PasswordPolicy: Hashable, Sendable {
    /// In code points. 12 is the least that configuration may ask of a password that people choose.
    package var minimumLength = 15
    /// For temporary passwords, and those that scripts bring along.
    package var minimumAssignedLength = 8
    package var maximumLength = 256
    /// The product's and the organisation's names.
    package var names: [String] = ["crm"]

    package init() {}

    /// Whose decision a password is.
    package enum Choice: Hashable, Sendable {
        /// By its user, to last.
        case chosen
        /// By an administrator or a script.
        case assigned
    }

    /// - Throws: `invalidRecord` with one problem of the field `password`, whose code is `length`, `format` or `rule`.
    package func check(_ password: String, of username: String, _ choice: Choice) throws(CRMError) {
        let length = password.unicodeScalars.count
        let minimum = choice == .chosen ? minimumLength : minimumAssignedLength
        guard length >= minimum else {
            throw Self.problem("length", "the password needs at least \(minimum) characters")
        }
        guard length <= maximumLength else {
            throw Self.problem("length", "the password cannot have more than \(maximumLength) characters")
        }
        guard !password.unicodeScalars.contains("\0") else {
            throw Self.problem("format", "the password cannot contain the character NUL")
        }
        let guess = GuessablePassword(password)
        guard !guess.isCommon else {
            throw Self.problem("rule", "the password is one of those that are guessed first")
        }
        guard !guess.isMade(ofNames: names + [username]) else {
            throw Self.problem(
                "rule", "the password is made of the name of the product, organisation or user")
        }
    }

    private static func problem(_ code: String, _ message: String) -> CRMError {
        .invalidRecord(
            "password", [FieldProblem(field: "password", code: code, message: message)],
            hint: "Several unrelated words are long, and easy to remember.")
    }
}

/// A password as a guesser sees it.
private struct GuessablePassword {
    private let folded: String

    init(_ password: String) {
        folded = TextFolding.fold(password)
    }

    /// In the list, or made of something in the list by adding digits or repeating it; or a mere sequence.
    var isCommon: Bool {
        Self.isCommon(folded[...]) || isRepetition || isSequence
    }

    /// Nothing is left but digits and punctuation once the names are taken away.
    func isMade(ofNames names: [String]) -> Bool {
        let names = names.map(TextFolding.fold).filter { $0.unicodeScalars.count >= 3 }
            .sorted { $0.utf8.count > $1.utf8.count }
        var rest = folded
        for name in names { rest = rest.split(separator: name).joined(separator: " ") }
        return rest != folded && Self.core(of: rest[...]).unicodeScalars.count < 3
    }

    /// `abcabcabcabc`, `dragondragon`: a part of at most three characters, or a common one, over and over.
    private var isRepetition: Bool {
        let scalars = Array(folded.unicodeScalars)
        guard scalars.count > 1 else { return false }
        for length in 1...(scalars.count / 2) where scalars.count % length == 0 {
            let isRepeated = scalars.indices.dropFirst(length).allSatisfy {
                scalars[$0] == scalars[$0 - length]
            }
            guard isRepeated else { continue }
            let part = String(String.UnicodeScalarView(scalars[..<length]))
            return length <= 3 || Self.isCommon(part[...])
        }
        return false
    }

    /// `abcdefghijkl`, `987654321098`: each character the next or the previous of the one before, 0 after 9.
    private var isSequence: Bool {
        let values = folded.unicodeScalars.map { Int($0.value) }
        let steps = zip(values, values.dropFirst()).map { before, after in
            switch (before, after) {
            case (0x39, 0x30): 1
            case (0x30, 0x39): -1
            default: after - before
            }
        }
        return steps.allSatisfy { $0 == 1 } || steps.allSatisfy { $0 == -1 }
    }

    private static func isCommon(_ text: Substring) -> Bool {
        let words = text.split(separator: " ")
        return CommonPasswords.contains(text) || CommonPasswords.contains(core(of: text))
            || words.count == 1 && CommonPasswords.contains(words[0])
    }

    /// Without digits, spaces and punctuation at both ends: `password` of `Password_2026!`.
    private static func core(of text: Substring) -> Substring {
        let isLetter: (Character) -> Bool = { $0.isLetter }
        guard let first = text.firstIndex(where: isLetter), let last = text.lastIndex(where: isLetter) else {
            return ""
        }
        return text[first...last]
    }
}
