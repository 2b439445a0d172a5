import Text

/// How one column becomes the value of one field.
///
/// In this order: `form` puts the value into a text; `transform` makes a name or a part of it; `values` translates;
/// `multiply` scales a number exactly; `lookup` takes it as the key of another record.
package struct ColumnRule: Sendable {
    package enum Transform: String, Sendable, CaseIterable {
        /// `Mei-Mei Johns` → `mei-mei.johns`.
        case username
        case firstWord = "first_word"
        /// What follows the first word; a single word is its own rest.
        case restWords = "rest_words"
        case lowercase, uppercase

        package func apply(_ text: String) -> String {
            switch self {
            case .username: Self.username(text)
            case .firstWord: String(text.prefix { $0 != " " })
            case .restWords:
                text.contains(" ") ? String(text.drop { $0 != " " }).trimmingSpaces : text
            case .lowercase: text.lowercased()
            case .uppercase: text.uppercased()
            }
        }

        private static func username(_ text: String) -> String {
            var name = ""
            for character in TextFolding.fold(text) {
                if character == " " { name += "." }
                let isKept = character.isASCII && (character.isLetter || character.isNumber)
                if isKept || "-_.".contains(character) { name.append(character) }
            }
            return String(name.prefix(60))
        }
    }

    let column: String
    let field: String
    let empty: ImportStep.Empty
    let place: String
    var form: ValueTemplate?
    var transform: Transform?
    /// `*` stands for every other value, and `=` for the value itself.
    var values: [String: String]?
    var multiplier: ExactDecimal?
    var lookup: ImportStep.Lookup?
    /// The amount is in this currency; left out where the field's is another.
    var currency: String?
    /// The value where the column is empty; as the field takes it.
    var otherwise: String?
    /// Nothing is said where the column is empty.
    var isOptional = false

    init(column: String, field: String, empty: ImportStep.Empty, place: String) {
        self.column = column
        self.field = field
        self.empty = empty
        self.place = place
    }

    init(_ column: String, _ object: MappingObject, empty: ImportStep.Empty) throws(AdminError) {
        self.init(
            column: column, field: try object.text("field"),
            empty: try object.choice("empty", ImportStep.Empty.self) ?? empty, place: object.place)
        if let text = try object.textIfGiven("form") {
            form = try ValueTemplate(text, at: "\(object.place).form")
            guard form?.columns == [""] else {
                throw AdminError("\(object.place).form needs {} once, where the value goes")
            }
        }
        transform = try object.choice("transform", Transform.self)
        values = try object.table("values")
        if let text = try object.textIfGiven("multiply") {
            guard let decimal = ExactDecimal(text) else {
                throw AdminError("\(object.place).multiply must be a decimal number, not \"\(text)\"")
            }
            multiplier = decimal
        }
        if let target = try object.object("lookup") {
            lookup = ImportStep.Lookup(entity: try target.text("entity"), by: try target.text("by"))
            try target.finish()
        }
        currency = try object.textIfGiven("currency")
        otherwise = try object.textIfGiven("otherwise")
        isOptional = try object.flag("optional")
        try object.finish()
    }

    /// What a value came to.
    enum Outcome: Equatable {
        case value(String)
        /// One sentence, lower case, that begins behind the column's name.
        case refused(String)
    }

    /// The value for the field, from one that is not empty.
    func value(of text: String) -> Outcome {
        var text = text
        if let form { text = form.filled { _ in text } }
        if let transform { text = transform.apply(text) }
        if let values {
            guard let mapped = values[text] ?? values["*"] else {
                return .refused("\"\(text)\" has no value in the mapping")
            }
            text = mapped == "=" ? text : mapped
        }
        if let multiplier {
            guard let decimal = ExactDecimal(text) else {
                return .refused("\"\(text)\" is not a decimal number")
            }
            guard let product = decimal.multiplied(by: multiplier) else {
                return .refused("\"\(text)\" times \(multiplier) is too large")
            }
            text = product.description
        }
        return .value(text)
    }
}
