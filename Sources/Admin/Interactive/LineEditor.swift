/// The line being typed at the prompt. Pure: keys go in, the line and the cursor change, and the answer says what the
/// terminal has to do. Reading bytes and drawing are the caller's.
///
/// Emacs keys: ctrl-a and ctrl-e to the ends, ctrl-b and ctrl-f by one, ctrl-w cuts the word before the cursor, ctrl-u
/// everything before it, ctrl-k everything behind it, ctrl-y puts back what was cut last, ctrl-l clears the screen,
/// arrows up and down walk the history, ctrl-r searches it, tab completes.
package struct LineEditor: Sendable {
    package enum Key: Equatable, Sendable {
        case character(Character)
        case control(Character)
        case enter, tab, backspace, delete, escape
        case up, down, left, right, home, end
    }

    package enum Action: Equatable, Sendable {
        /// Draw the line again.
        case redraw
        /// The line is finished.
        case submit(String)
        /// Ask for completions of the line up to the cursor, then call `complete`.
        case complete
        /// Ctrl-C: the line is thrown away.
        case cancel
        /// Ctrl-D on an empty line.
        case endOfInput
        case clearScreen
        case nothing
    }

    /// What ctrl-r looks for, while it does.
    package struct Search: Equatable, Sendable {
        package var text = ""
        /// Place in the history of the hit that is shown.
        var hit: Int
    }

    package private(set) var characters: [Character] = []
    /// Characters before the cursor.
    package private(set) var cursor = 0
    package private(set) var search: Search?
    private var cut: [Character] = []
    private let history: [String]
    private var place: Int
    /// What was typed before the history was walked.
    private var draft: [Character] = []

    /// - Parameter history: oldest first.
    package init(history: [String] = []) {
        self.history = history
        place = history.count
    }

    package var text: String { String(characters) }
    package var textBeforeCursor: String { String(characters[..<cursor]) }

    package mutating func handle(_ key: Key) -> Action {
        if search != nil { return handleInSearch(key) }
        switch key {
        case .character(let character): insert([character])
        case .enter: return .submit(text)
        case .tab: return .complete
        case .backspace, .control("h"): cutRange(max(cursor - 1, 0)..<cursor, keeps: false)
        case .delete: cutRange(cursor..<min(cursor + 1, characters.count), keeps: false)
        case .left, .control("b"): cursor = max(cursor - 1, 0)
        case .right, .control("f"): cursor = min(cursor + 1, characters.count)
        case .home, .control("a"): cursor = 0
        case .end, .control("e"): cursor = characters.count
        case .up, .control("p"): walk(by: -1)
        case .down, .control("n"): walk(by: 1)
        case .control("w"): cutRange(wordStart..<cursor, keeps: true)
        case .control("u"): cutRange(0..<cursor, keeps: true)
        case .control("k"): cutRange(cursor..<characters.count, keeps: true)
        case .control("y"): insert(cut)
        case .control("r"): search = Search(hit: history.count)
        case .control("l"): return .clearScreen
        case .control("c"): return .cancel
        case .control("d"):
            guard !characters.isEmpty else { return .endOfInput }
            cutRange(cursor..<min(cursor + 1, characters.count), keeps: false)
        case .escape, .control: return .nothing
        }
        return .redraw
    }

    /// Puts a completion in place of the word before the cursor.
    ///
    /// - Parameter length: characters of that word.
    package mutating func complete(replacingLast length: Int, with word: String) {
        cutRange(max(cursor - length, 0)..<cursor, keeps: false)
        insert(Array(word))
    }

    private mutating func insert(_ inserted: [Character]) {
        characters.insert(contentsOf: inserted, at: cursor)
        cursor += inserted.count
        // A combining mark joins the character before it, so that there may be fewer than were put in.
        let joined = Array(String(characters))
        if joined.count != characters.count {
            cursor = min(Array(String(characters[..<cursor])).count, joined.count)
            characters = joined
        }
    }

    private mutating func cutRange(_ range: Range<Int>, keeps: Bool) {
        guard !range.isEmpty else { return }
        if keeps { cut = Array(characters[range]) }
        characters.removeSubrange(range)
        cursor = range.lowerBound
    }

    private var wordStart: Int {
        var index = cursor
        while index > 0, characters[index - 1].isWhitespace { index -= 1 }
        while index > 0, !characters[index - 1].isWhitespace { index -= 1 }
        return index
    }

    private mutating func walk(by step: Int) {
        let next = place + step
        guard (0...history.count).contains(next) else { return }
        if place == history.count { draft = characters }
        place = next
        show(place == history.count ? draft : Array(history[place]))
    }

    private mutating func show(_ line: [Character]) {
        characters = line
        cursor = line.count
    }

    // MARK: Searching the history

    private mutating func handleInSearch(_ key: Key) -> Action {
        guard var current = search else { return .nothing }
        switch key {
        case .character(let character):
            current.text.append(character)
            current.hit = history.count
            search = found(current) ?? current
        case .backspace, .control("h"):
            if !current.text.isEmpty { current.text.removeLast() }
            current.hit = history.count
            search = found(current) ?? current
        case .control("r"): search = found(current) ?? current
        case .control("c"), .control("g"), .escape:
            search = nil
            show([])
        case .enter:
            search = nil
            return .submit(text)
        default:
            search = nil
            return handle(key)
        }
        return .redraw
    }

    /// The next older line that has the text; shown at once.
    private mutating func found(_ search: Search) -> Search? {
        guard !search.text.isEmpty else { return nil }
        for index in stride(from: min(search.hit, history.count) - 1, through: 0, by: -1)
        where history[index].contains(search.text) {
            show(Array(history[index]))
            var hit = search
            hit.hit = index
            return hit
        }
        return nil
    }
}
