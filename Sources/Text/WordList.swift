/// Words of a record, each once, in the order in which they came first: as the search index stores them.
///
/// Every write of a record makes one, so words are folded, cut and compared as bytes in one buffer; only text beyond
/// ASCII is cut by `TextFolding.searchTokens`, whose rule this follows.
package struct WordList {
    /// The words in UTF-8, a space between two.
    private var bytes: [UInt8] = []
    private var words: [Range<Int>] = []
    /// Places in `words` plus one by hash, with open addressing; 0 is free. Its count is a power of two.
    private var places: [Int32]

    package init() {
        bytes.reserveCapacity(512)
        words.reserveCapacity(48)
        places = [Int32](repeating: 0, count: 128)
    }

    /// The words with spaces between them.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether a list's text has a word.
    package static func holds(_ word: String, in text: String) -> Bool {
        var (text, word) = (text, word)
        return text.withUTF8 { text in
            word.withUTF8 { word in
                var start = 0
                for end in 0...text.count where end == text.count || text[end] == 0x20 {
                    if end - start == word.count, text[start..<end].elementsEqual(word) { return true }
                    start = end + 1
                }
                return false
            }
        }
    }

    /// Adds a word as it stands; it must have no space.
    package mutating func add(_ word: some Sequence<UInt8>) {
        let start = open()
        bytes.append(contentsOf: word)
        close(from: start)
    }

    package mutating func add(_ word: String) { add(word.utf8) }

    /// Adds the search tokens of a text.
    package mutating func addTokens(of text: String) {
        var text = text
        let isASCII = text.withUTF8 { text in
            guard text.allSatisfy({ $0 < 0x80 }) else { return false }
            addTokens(ofASCII: text)
            return true
        }
        guard !isASCII else { return }
        for token in TextFolding.searchTokens(text) { add(token) }
    }

    /// Adds the first character of each search token of an ASCII text, behind a mark.
    ///
    /// - Returns: false where the text is not ASCII; then nothing is added.
    package mutating func addInitials(ofASCII text: String, mark: String) -> Bool {
        var text = text
        return text.withUTF8 { text in
            guard text.allSatisfy({ $0 < 0x80 }) else { return false }
            var isInWord = false
            for byte in text {
                let folded = TextFolding.foldASCII(byte)
                let isWord = TextFolding.isWord(folded)
                if isWord, !isInWord {
                    let start = open()
                    bytes.append(contentsOf: mark.utf8)
                    bytes.append(folded)
                    close(from: start)
                }
                isInWord = isWord
            }
            return true
        }
    }

    private mutating func addTokens(ofASCII text: UnsafeBufferPointer<UInt8>) {
        var start: Int?
        for byte in text {
            let folded = TextFolding.foldASCII(byte)
            guard TextFolding.isWord(folded) else {
                if let begun = start { close(from: begun) }
                start = nil
                continue
            }
            let begun = start ?? open()
            start = begun
            if bytes.count - begun < TextFolding.tokenLimitCharacters { bytes.append(folded) }
        }
        if let start { close(from: start) }
    }

    /// - Returns: where the next word begins.
    private mutating func open() -> Int {
        if !words.isEmpty { bytes.append(0x20) }
        return bytes.count
    }

    /// Keeps what was written since `open`, unless it is nothing or a word that is there already.
    private mutating func close(from start: Int) {
        let word = start..<bytes.count
        if !word.isEmpty, enter(word) {
            words.append(word)
        } else {
            bytes.removeLast(bytes.count - (words.last?.upperBound ?? 0))
        }
    }

    /// - Returns: whether the word is new; then the table has it.
    private mutating func enter(_ word: Range<Int>) -> Bool {
        if (words.count + 1) * 2 > places.count { grow() }
        let mask = places.count - 1
        var slot = hash(word) & mask
        while places[slot] != 0 {
            let known = words[Int(places[slot]) - 1]
            if known.count == word.count, bytes[known].elementsEqual(bytes[word]) { return false }
            slot = (slot + 1) & mask
        }
        places[slot] = Int32(words.count + 1)
        return true
    }

    private mutating func grow() {
        places = [Int32](repeating: 0, count: places.count * 2)
        let mask = places.count - 1
        for (index, word) in words.enumerated() {
            var slot = hash(word) & mask
            while places[slot] != 0 { slot = (slot + 1) & mask }
            places[slot] = Int32(index + 1)
        }
    }

    /// Seeded, so that nobody can write a text whose words all meet in one place.
    private func hash(_ word: Range<Int>) -> Int {
        var hash = Self.seed
        for byte in bytes[word] {
            hash = (hash ^ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
        }
        return Int(truncatingIfNeeded: hash >> 7)
    }

    private static let seed = UInt64.random(in: .min ... .max)
}
