/// Cuts a line of a script, or of the prompt, into words as a shell does.
///
/// Words are parted by spaces; '…' keeps everything, "…" everything but `\"` and `\\`, a backslash the character behind
/// it; `#` at the start of a word begins a comment. Nothing is expanded.
package enum WordSplitter {
    /// - Throws: a usage error where a quote is not closed or a backslash ends the line.
    package static func words(of line: String) throws(AdminError) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = line[...]
        while let character = rest.popFirst() {
            if let open = quote {
                if character == open {
                    quote = nil
                } else if open == "\"", character == "\\", let next = rest.first, "\"\\".contains(next) {
                    word = (word ?? "") + String(rest.removeFirst())
                } else {
                    word = (word ?? "") + String(character)
                }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character == "\\" {
                guard let next = rest.popFirst() else { throw .usage("the line ends with a backslash") }
                word = (word ?? "") + String(next)
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else if character == "#", word == nil {
                break
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let quote { throw .usage("the quote \(quote) is not closed") }
        if let word { words.append(word) }
        return words
    }
}
