/// On which line each key of a JSON5 text stands, and which keys come twice.
///
/// A scan for names before colons that knows strings, comments and nesting, nothing more: whether the text is
/// JSON5 at all is Foundation's to say.
struct ConfigLines {
    /// Key paths that one object holds twice, in order; the second line is the one that is remembered.
    private(set) var duplicates: [String] = []
    private var lineByKey: [String: Int] = [:]

    func line(of key: String) -> Int? { lineByKey[key] }

    init(_ text: String) {
        var scanner = Scanner(text: Array(text.unicodeScalars))
        /// One per open bracket: the key that leads to it, nil within a list.
        var path: [String?] = []
        var name: (text: String, line: Int)?
        while let token = scanner.next() {
            switch token {
            case .name(let text): name = (text, scanner.line)
            case .symbol(":"):
                guard let found = name else { continue }
                let key = (path.compactMap { $0 }.filter { !$0.isEmpty } + [found.text]).joined(
                    separator: ".")
                let isInList = path.contains { $0 == nil }
                if !isInList, lineByKey.updateValue(found.line, forKey: key) != nil { duplicates.append(key) }
            case .symbol("{"):
                path.append(path.isEmpty ? "" : name?.text)
                name = nil
            case .symbol("["):
                path.append(nil)
                name = nil
            case .symbol("}"), .symbol("]"):
                _ = path.popLast()
                name = nil
            case .symbol: name = nil
            }
        }
    }

    private enum Token {
        /// A string or a bare word.
        case name(String)
        case symbol(Unicode.Scalar)
    }

    private struct Scanner {
        let text: [Unicode.Scalar]
        var index = 0
        var line = 1

        init(text: [Unicode.Scalar]) { self.text = text }

        mutating func next() -> Token? {
            while index < text.count {
                let scalar = text[index]
                switch scalar {
                case "\n":
                    line += 1
                    index += 1
                case _ where scalar.properties.isWhitespace: index += 1
                case "/": skipComment()
                case "\"", "'": return .name(quoted(scalar))
                case _ where isWord(scalar): return .name(word())
                default:
                    index += 1
                    return .symbol(scalar)
                }
            }
            return nil
        }

        private func isWord(_ scalar: Unicode.Scalar) -> Bool {
            !scalar.properties.isWhitespace && !":,{}[]\"'/".unicodeScalars.contains(scalar)
        }

        private mutating func word() -> String {
            let start = index
            while index < text.count, isWord(text[index]) { index += 1 }
            return joined(start..<index)
        }

        private mutating func quoted(_ quote: Unicode.Scalar) -> String {
            let start = index + 1
            index = start
            while index < text.count, text[index] != quote {
                if text[index] == "\n" { line += 1 }
                index += text[index] == "\\" ? 2 : 1
            }
            let end = min(index, text.count)
            index = end + 1
            return joined(start..<end)
        }

        private mutating func skipComment() {
            let isBlock = index + 1 < text.count && text[index + 1] == "*"
            index += isBlock ? 2 : 1
            while index < text.count {
                if text[index] == "\n" {
                    guard isBlock else { return }
                    line += 1
                }
                if isBlock, text[index] == "*", index + 1 < text.count, text[index + 1] == "/" {
                    index += 2
                    return
                }
                index += 1
            }
        }

        private func joined(_ range: Range<Int>) -> String {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: text[range])
            return String(view)
        }
    }
}
