import Glibc
import Text

/// One line from a terminal in raw mode, with editing. Whatever happens, the terminal is left as it was.
final class LineInput {
    enum Outcome: Equatable {
        case line(String)
        case cancelled
        case end
    }

    private let streams: any ConsoleStreams
    private let completion: Completion

    init(streams: any ConsoleStreams, completion: Completion) {
        self.streams = streams
        self.completion = completion
    }

    func readLine(prompt: String, history: [String]) -> Outcome {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else { return .end }
        var raw = before
        cfmakeraw(&raw)
        // Output keeps its line ends translated: what commands print goes through the same terminal.
        raw.c_oflag = before.c_oflag
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
        defer {
            tcsetattr(STDIN_FILENO, TCSADRAIN, &before)
            streams.writeError("\n")
        }
        var editor = LineEditor(history: history)
        var keys = KeyReader()
        draw(editor, prompt)
        while let key = nextKey(&keys) {
            switch editor.handle(key) {
            case .submit(let line): return .line(line)
            case .cancel: return .cancelled
            case .endOfInput: return .end
            case .complete: complete(&editor)
            case .clearScreen: streams.writeError("\u{1B}[H\u{1B}[2J")
            case .redraw, .nothing: break
            }
            draw(editor, prompt)
        }
        return .end
    }

    /// - Returns: nil when input has ended.
    private func nextKey(_ keys: inout KeyReader) -> LineEditor.Key? {
        while true {
            var entry = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            // An escape that nothing follows within 50 ms was the key itself.
            let ready = poll(&entry, 1, keys.isWithinKey ? 50 : -1)
            if ready == 0 {
                if let key = keys.flush() { return key }
                continue
            }
            var byte: UInt8 = 0
            let count = read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return nil }
            if let key = keys.append(byte) { return key }
        }
    }

    private func complete(_ editor: inout LineEditor) {
        let (word, candidates) = completion.candidates(for: editor.textBeforeCursor)
        guard !candidates.isEmpty else { return }
        let common = Completion.commonPrefix(of: candidates)
        if candidates.count == 1 {
            editor.complete(replacingLast: word.count, with: common + (common.hasSuffix("=") ? "" : " "))
        } else if common.count > word.count {
            editor.complete(replacingLast: word.count, with: common)
        } else {
            streams.writeError("\n" + candidates.prefix(100).joined(separator: "  ") + "\n")
        }
    }

    /// Draws prompt and line on one line of the terminal; a longer one is shown around the cursor.
    private func draw(_ editor: LineEditor, _ prompt: String) {
        let shownPrompt = editor.search.map { "(search) \($0.text): " } ?? prompt
        let room = max(streams.width - displayWidth(shownPrompt) - 1, 10)
        var start = 0
        while displayWidth(String(editor.characters[start..<editor.cursor])) > room { start += 1 }
        var end = editor.cursor
        while end < editor.characters.count,
            displayWidth(String(editor.characters[start...end])) <= room
        { end += 1 }
        let visible = String(editor.characters[start..<end])
        let back = displayWidth(String(editor.characters[editor.cursor..<end]))
        streams.writeError(
            "\r\u{1B}[K\(shownPrompt)\(visible)" + (back > 0 ? "\u{1B}[\(back)D" : ""))
    }
}
