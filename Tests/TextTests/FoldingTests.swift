import Foundation
import Testing
import Text

@Suite("Text: folding")
struct FoldingTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let text: String, folded: String
        init(_ text: String, _ folded: String) { (self.text, self.folded) = (text, folded) }
        var testDescription: String { "\(text) → \(folded)" }
    }

    @Test(
        "folds",
        arguments: [
            Example("", ""), Example("Acme Ltd. 42", "acme ltd. 42"), Example("a\tb\nc\u{0}d", "a b c d"),
            Example("Łódź", "lodz"), Example("straße", "strasse"), Example("STRASSE", "strasse"),
            Example("STRAẞE", "strasse"), Example("Ørsted", "orsted"), Example("Đorđević", "dordevic"),
            Example("Ærø", "aero"), Example("Œuvre", "oeuvre"), Example("Þórður", "thordur"),
            Example("Ħal Għaxaq", "hal ghaxaq"), Example("Ŧŋĸ", "tnk"), Example("İstanbul", "istanbul"),
            Example("ISPARTA ısparta", "isparta isparta"), Example("Nguyễn Thị Đặng", "nguyen thi dang"),
            Example("ﬁnance ﬀ ﬆ", "finance ff st"), Example("Ａｃｍｅ １２", "acme 12"), Example("①½Ⅻ", "11⁄2xii"),
            Example("Ο ΌΣΟΣ ς", "ο οσοσ σ"), Example("ᾳ ᾼ", "αι αι"), Example("Ёлка", "елка"),
            Example("résumé", "resume"), Example("re\u{301}sume\u{301}", "resume"),
            Example("O’Brien–Smith", "o'brien-smith"),
            Example("שָׁלוֹם", "שלום"), Example("שלום", "שלום"), Example("בית־ספר", "בית-ספר"),
            Example("مُحَمَّد", "محمد"), Example("محـــمد", "محمد"),
            Example("أحمد إبراهيم آدم ٱ", "احمد ابراهيم ادم ا"),
            Example("مدرسة مستشفى", "مدرسه مستشفي"), Example("علی کریم", "علي كريم"),
            Example("ﷲ ﻻ", "الله لا"),
            Example("١٢٣ ۴۵۶ १२", "123 456 12"), Example("東京都", "東京都"), Example("ｶﾞﾝﾊﾞ", "ガンバ"),
            Example("か\u{3099}は\u{309A}", "がぱ"), Example("か", "か"), Example("한글", "한글"),
            Example("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}", "한글"), Example("สวัสดี", "สวัสดี"),
            Example("कुमार", "कुमार"), Example("👩‍👩‍👧 ❤️", "👩👩👧 ❤"), Example("ǰ ŉ ĳ", "j 'n ij"),
            Example("µ Å K", "μ a k"),
            Example("so\u{AD}ft\u{200B}", "soft"),
        ])
    func folds(_ example: Example) {
        let folded = TextFolding.fold(example.text)
        #expect(Array(folded.unicodeScalars) == Array(example.folded.unicodeScalars), "\(folded)")
    }

    /// Every scalar that is a letter, mark, number or symbol, in steps beyond the alphabets.
    private static var scalars: [Unicode.Scalar] {
        let values =
            Array(0x20...0x2FFF) + Array(stride(from: 0x3000, through: 0x1FFFF, by: 7))
            + Array(0xFB00...0xFFFD)
        return values.compactMap { Unicode.Scalar(UInt32($0)) }
            .filter {
                $0.properties.generalCategory != .unassigned && $0.properties.generalCategory != .privateUse
            }
    }

    @Test("folding what is folded changes nothing")
    func idempotent() {
        #expect(FoldingTests.scalars.count > 20_000)
        for scalar in FoldingTests.scalars {
            let once = TextFolding.fold("a\(scalar)b")
            #expect(
                Array(TextFolding.fold(once).utf8) == Array(once.utf8), "U+\(String(scalar.value, radix: 16))"
            )
        }
    }

    @Test("folding does not see case")
    func caseless() {
        for scalar in FoldingTests.scalars {
            let text = String(scalar)
            let folded = Array(TextFolding.fold(text).utf8)
            let code = "U+\(String(scalar.value, radix: 16))"
            #expect(Array(TextFolding.fold(text.uppercased()).utf8) == folded, "\(code)")
            #expect(Array(TextFolding.fold(text.lowercased()).utf8) == folded, "\(code)")
        }
    }

    @Test("composed and decomposed text fold alike")
    func normalForms() {
        for scalar in FoldingTests.scalars {
            let text = String(scalar)
            let folded = Array(TextFolding.fold(text).utf8)
            let code = "U+\(String(scalar.value, radix: 16))"
            #expect(
                Array(TextFolding.fold(text.decomposedStringWithCanonicalMapping).utf8) == folded, "\(code)")
            #expect(
                Array(TextFolding.fold(text.precomposedStringWithCanonicalMapping).utf8) == folded, "\(code)")
        }
    }

    @Test("a bridged or sliced text folds as any other")
    func otherStorage() {
        let long = "Łódź and some more text to be sure that it is not small"
        #expect(
            TextFolding.fold(String(long.dropFirst(5)))
                == "and some more text to be sure that it is not small")
        #expect(TextFolding.fold(String(long.reversed().reversed())).hasPrefix("lodz and"))
    }
}
