/// The legal forms of companies, which one writes and another leaves out: Ltd, GmbH, S.A., Inc.
///
/// As `MatchForm.name` has them: folded, without dots. A name that is nothing but such words keeps them.
enum LegalForms {
    /// At the end of a name, each alone.
    private static let suffixes: Set<String> = [
        // English
        "ltd", "limited", "inc", "incorporated", "corp", "corporation", "co", "company", "llc", "llp", "lp",
        "plc", "pty", "pvt", "pte", "cic", "dac",
        // German
        "gmbh", "mbh", "ag", "kg", "kgaa", "ohg", "gbr", "ug", "ev", "eg", "ek", "gesmbh",
        // French, Spanish, Portuguese, Italian
        "sa", "sas", "sasu", "sarl", "eurl", "sci", "snc", "scs", "sl", "slu", "sau", "sc", "lda", "ltda",
        "srl", "srls", "spa", "sapa", "sapi",
        // Dutch, Belgian, Nordic, Baltic
        "bv", "nv", "bvba", "vof", "cv", "ab", "hb", "oy", "oyj", "ky", "as", "asa", "aps", "ivs", "ehf",
        "hf", "ou", "sia", "uab",
        // Central and south-eastern Europe, Turkey
        "spzoo", "spj", "spk", "sro", "spol", "kft", "bt", "nyrt", "zrt", "doo", "dd", "ad", "ood", "eood",
        "sh", "sti", "ae", "epe",
        // European
        "se", "sce", "eeig",
        // Elsewhere
        "kk", "gk", "bhd", "sdn", "tbk", "jsc", "ojsc", "pjsc", "fze", "wll",
        "ооо", "оао", "зао", "пао", "ао", "ип", "тов", "тоо", "еоод", "оод",
        "בעמ", "ذمم", "αε", "επε",
    ]

    /// At the end of a name, several words together; the longest first.
    private static let longSuffixes: [[String]] = [
        ["s", "de", "rl", "de", "cv"], ["sp", "z", "o", "o"], ["sa", "de", "cv"], ["sp", "z", "oo"],
        ["s", "de", "rl"], ["g", "m", "b", "h"], ["s", "r", "l"], ["s", "r", "o"], ["d", "o", "o"],
        ["s", "a"], ["s", "l"], ["a", "s"], ["b", "v"], ["n", "v"],
    ]

    /// At the beginning of a name.
    private static let prefixes: Set<String> = ["pt", "ооо", "оао", "зао", "пао", "ао", "тов", "тоо"]

    /// Scripts without spaces: at either end of the first or last word.
    private static let unspaced = [
        "株式会社", "有限会社", "合同会社", "股份有限公司", "有限责任公司", "有限公司", "股份公司", "주식회사", "유한회사",
    ]

    static func dropped(from words: [String]) -> [String] {
        var rest = words[...]
        while rest.count > 1 {
            let long = longSuffixes.first { form in
                rest.count > form.count && rest.suffix(form.count).elementsEqual(form)
            }
            if let long {
                rest.removeLast(long.count)
            } else if let last = rest.last, suffixes.contains(last) {
                rest.removeLast()
            } else {
                break
            }
        }
        while rest.count > 1, let first = rest.first, prefixes.contains(first) { rest.removeFirst() }
        return trimmed(Array(rest))
    }

    private static func trimmed(_ words: [String]) -> [String] {
        var rest = words
        for form in unspaced {
            if rest[0].hasPrefix(form) { rest[0].removeFirst(form.count) }
            if rest[rest.count - 1].hasSuffix(form) { rest[rest.count - 1].removeLast(form.count) }
        }
        rest.removeAll(where: \.isEmpty)
        return rest.isEmpty ? words : rest
    }
}
