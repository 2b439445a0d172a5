/// The template of a printed document: markup with placeholders, kept as data and never run as code.
///
/// `{{number}}` and `{{account.name}}` print a value; `{{#each lines}}…{{/each}}` repeats its body, in which names
/// belong to the line and `@` reaches the document (`{{@currency}}`); `{{#if terms}}…{{else}}…{{/if}}` asks only
/// whether something is there. Every value is escaped for the place where it stands. There is no way to print markup
/// from a value, to compare, or to calculate, so that a template asks nothing that its reader may not see. To print two
/// braces, write `{&#123;`.
///
/// Order: `init(parsing:)` refuses what is not safe markup, `check(against:)` what names no field, then `render(_:)`.
/// Cost: each is linear in what it reads or writes; all are bounded by `Limits`.
package struct PrintTemplate: Sendable, Equatable {
    package enum Limits {
        package static let sourceBytes = 64 * 1024
        /// Sections within sections.
        package static let depth = 6
        /// Names in one path.
        package static let pathNames = 4
        package static let outputBytes = 8 * 1024 * 1024
    }

    /// Where a name is looked up, and the names from there on.
    struct Path: Sendable, Equatable {
        var isFromDocument: Bool
        var names: [String]

        var text: String { (isFromDocument ? "@" : "") + names.joined(separator: ".") }
    }

    indirect enum Node: Sendable, Equatable {
        case markup(String)
        case value(Path, Place, line: Int)
        case each(Path, [Node], line: Int)
        case when(Path, then: [Node], otherwise: [Node], line: Int)
    }

    /// What surrounds a placeholder, and so how its value is made harmless.
    enum Place: Sendable, Equatable {
        case text
        case attribute
        case address(Address)
    }

    let nodes: [Node]

    /// The template as it is written. Reading it again gives an equal template.
    package var source: String { Self.source(of: nodes) }

    private static func source(of nodes: [Node]) -> String {
        nodes.map { node in
            switch node {
            case .markup(let markup): markup
            case .value(let path, _, _): "{{\(path.text)}}"
            case .each(let path, let body, _): "{{#each \(path.text)}}\(source(of: body)){{/each}}"
            case .when(let path, let then, let otherwise, _):
                "{{#if \(path.text)}}" + source(of: then)
                    + (otherwise.isEmpty ? "" : "{{else}}" + source(of: otherwise)) + "{{/if}}"
            }
        }.joined()
    }
}

/// Why a template was refused, and in which of its lines (from 1; 0 where it is the whole).
package struct PrintTemplateError: Error, Equatable {
    package let message: String
    package let hint: String?
    package let line: Int

    init(_ message: String, hint: String? = nil, line: Int) {
        self.message = message
        self.hint = hint
        self.line = line
    }
}
