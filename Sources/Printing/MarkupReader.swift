/// Follows the markup of a template byte by byte, so that each placeholder's place is known before any value is.
///
/// A small part of HTML, strictly: listed elements and attributes, values in quotes, no comments, no scripts, no
/// `style` attribute. What a browser would repair is refused, since a repair may move a value to another place.
struct MarkupReader: Equatable {
    private enum State: Equatable {
        case text
        case tag
        case betweenAttributes
        case attributeName
        case beforeValue
        case value(quote: UInt8, Address?)
        case afterValue
        case style
    }

    private static let elements: Set<String> = [
        "a", "address", "article", "b", "bdi", "bdo", "blockquote", "br", "caption", "col", "colgroup", "dd",
        "div",
        "dl", "dt", "em", "footer", "h1", "h2", "h3", "h4", "header", "hr", "i", "img", "li", "main", "ol",
        "p",
        "pre", "section", "small", "span", "strong", "style", "sub", "sup", "table", "tbody", "td", "tfoot",
        "th",
        "thead", "time", "tr", "ul",
    ]
    private static let attributes: Set<String> = [
        "alt", "class", "colspan", "datetime", "dir", "height", "href", "id", "lang", "rowspan", "scope",
        "src",
        "title", "width",
    ]
    private static let addresses: [String: Address] = ["href": .link, "src": .picture]
    /// What makes a style sheet load something, and the escape that would hide it.
    private static let refusedInStyle = ["@import", "\\", "/*", "<", "image-set", "src(", "url("]

    private var state = State.text
    private var word = ""
    private var element = ""
    private var attribute = ""
    private var holdsPlaceholder = false
    private(set) var line = 1

    var isInText: Bool { state == .text }

    mutating func read(_ byte: UInt8) throws(PrintTemplateError) {
        if byte == UInt8(ascii: "\n") { line += 1 }
        if byte < 0x20, byte != 9, byte != 10, byte != 13 { throw refusal("a control character") }
        let character = Character(Unicode.Scalar(byte))
        switch state {
        case .text:
            if character == "<" { begin(.tag) }
        case .tag:
            try readTag(character)
        case .betweenAttributes:
            try readBetweenAttributes(character)
        case .attributeName:
            if character == "=" { try nameAttribute() } else { try append(character, to: "an attribute") }
        case .beforeValue:
            guard character == "\"" || character == "'" else { throw refusal("a value without quotes") }
            begin(.value(quote: byte, Self.addresses[attribute]))
        case .value(let quote, let address):
            try readValue(byte, quote: quote, address)
        case .afterValue:
            guard character.isWhitespace || character == ">" else {
                throw refusal("text after a value's quote")
            }
            state = .betweenAttributes
            try readBetweenAttributes(character)
        case .style:
            try readStyle(byte)
        }
    }

    /// Where a placeholder at this point stands.
    mutating func placeOfValue() throws(PrintTemplateError) -> PrintTemplate.Place {
        switch state {
        case .text: return .text
        case .value(_, nil): return .attribute
        case .value(_, .some(let address)):
            guard word.isEmpty, !holdsPlaceholder else { throw refusal("a placeholder within an address") }
            holdsPlaceholder = true
            return .address(address)
        default: throw refusal("a placeholder outside text and quoted values")
        }
    }

    func refusal(_ what: String) -> PrintTemplateError {
        PrintTemplateError("\(what) is not allowed here", line: line)
    }

    private mutating func begin(_ next: State) {
        state = next
        word = ""
        holdsPlaceholder = false
    }

    private mutating func append(_ character: Character, to what: String) throws(PrintTemplateError) {
        guard character.isASCII, character.isLetter || character.isNumber, word.utf8.count < 16 else {
            throw refusal("\"\(character)\" in \(what)")
        }
        word.append(contentsOf: character.lowercased())
    }

    private mutating func readTag(_ character: Character) throws(PrintTemplateError) {
        if character == "/", word.isEmpty {
            word = "/"
        } else if character == ">" || character.isWhitespace {
            try nameElement()
            state = .betweenAttributes
            try readBetweenAttributes(character)
        } else {
            try append(character, to: "a tag")
        }
    }

    private mutating func nameElement() throws(PrintTemplateError) {
        element = word
        let name = word.hasPrefix("/") ? String(word.dropFirst()) : word
        guard Self.elements.contains(name) else { throw refusal("<\(name)>") }
    }

    private mutating func readBetweenAttributes(_ character: Character) throws(PrintTemplateError) {
        if character == ">" {
            begin(element == "style" ? .style : .text)
        } else if !character.isWhitespace {
            guard !element.hasPrefix("/") else { throw refusal("an attribute in a closing tag") }
            begin(.attributeName)
            try append(character, to: "an attribute")
        }
    }

    private mutating func nameAttribute() throws(PrintTemplateError) {
        attribute = word
        guard Self.attributes.contains(word) else { throw refusal("the attribute \"\(word)\"") }
        begin(.beforeValue)
    }

    private mutating func readValue(_ byte: UInt8, quote: UInt8, _ address: Address?)
        throws(PrintTemplateError)
    {
        if byte == quote {
            if let address, !holdsPlaceholder, !address.allows(word) { throw refusal("this \(attribute)") }
            begin(.afterValue)
        } else if address != nil {
            guard !holdsPlaceholder, byte < 0x80 else { throw refusal("more beside an address") }
            word.unicodeScalars.append(Unicode.Scalar(byte))
        }
    }

    private mutating func readStyle(_ byte: UInt8) throws(PrintTemplateError) {
        word.unicodeScalars.append(Unicode.Scalar(byte))
        let end = "</style>"
        guard byte == UInt8(ascii: ">"),
            word.unicodeScalars.suffix(end.count).map({ $0.properties.lowercaseMapping }).joined() == end
        else { return }
        let sheet = String(word.unicodeScalars.dropLast(end.count)).lowercased()
        if let found = Self.refusedInStyle.first(where: { sheet.contains($0) }) {
            throw refusal("\"\(found)\" in a style sheet")
        }
        begin(.text)
    }
}
