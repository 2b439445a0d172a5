/// Letters that Unicode does not decompose though people look for them under another: the Latin ones as they are
/// written where a keyboard lacks them, the Arabic ones as search engines unify them.
enum FoldingTable {
    static let letters: [Unicode.Scalar: String] = [
        // Latin
        "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d",
        "þ": "th", "Þ": "th", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ß": "ss", "ẞ": "ss",
        "ħ": "h", "Ħ": "h", "ŧ": "t", "Ŧ": "t", "ŋ": "n", "Ŋ": "n", "ı": "i", "ȷ": "j", "ĸ": "k",
        "ƀ": "b", "Ƀ": "b", "ɓ": "b", "Ɓ": "b", "ƈ": "c", "Ƈ": "c", "ȼ": "c", "Ȼ": "c", "ɗ": "d", "Ɗ": "d",
        "ɖ": "d", "Ɖ": "d", "ə": "e", "Ə": "e", "ɇ": "e", "Ɇ": "e", "ƒ": "f", "Ƒ": "f", "ɠ": "g", "Ɠ": "g",
        "ǥ": "g", "Ǥ": "g", "ɨ": "i", "Ɨ": "i", "ɉ": "j", "Ɉ": "j", "ƙ": "k", "Ƙ": "k", "ƚ": "l", "Ƚ": "l",
        "ɲ": "n", "Ɲ": "n", "ƞ": "n", "Ƞ": "n", "ɵ": "o", "Ɵ": "o", "ɔ": "o", "Ɔ": "o", "ƥ": "p", "Ƥ": "p",
        "ɍ": "r", "Ɍ": "r", "ƭ": "t", "Ƭ": "t", "ʈ": "t", "Ʈ": "t", "ʉ": "u", "Ʉ": "u", "ʋ": "v", "Ʋ": "v",
        "ƴ": "y", "Ƴ": "y", "ɏ": "y", "Ɏ": "y", "ƶ": "z", "Ƶ": "z",
        // Apostrophes and hyphens, as word processors set them
        "‘": "'", "’": "'", "ʼ": "'", "ʻ": "'", "′": "'", "“": "\"", "”": "\"",
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-",
        // Arabic: wasla alef, alef maksura and Persian yeh, teh marbuta, Persian kaf, tatweel
        "\u{0671}": "\u{0627}", "\u{0649}": "\u{064A}", "\u{06CC}": "\u{064A}", "\u{0629}": "\u{0647}",
        "\u{06A9}": "\u{0643}", "\u{0640}": "",
        // Hebrew: the punctuation maqaf joins words as a hyphen does
        "\u{05BE}": "-",
    ]
}
