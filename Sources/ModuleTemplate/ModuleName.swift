/// The name of a module that is to be: snake case, as in `bikes` or `fleet_service`.
package struct ModuleName: Hashable, Sendable {
    /// The prefix of its methods, its entities and its entry point.
    package let text: String

    /// Modules that the platform brings; `core` is the kernel's own.
    static let taken: Set = ["core", "collaboration", "inventory", "marketing", "sales", "support"]

    static let longest = 40

    /// - Throws: what is wrong with it.
    package init(_ text: String) throws(ModuleTemplateError) {
        let words = text.split(separator: "_", omittingEmptySubsequences: false)
        let isSnakeCase =
            words.first?.first?.isLetter == true
            && words.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(Self.isLetterOrDigit) }
        guard isSnakeCase, text.utf8.count <= Self.longest else {
            throw ModuleTemplateError(
                "a module cannot be named \"\(text.prefix(60))\"",
                hint:
                    "Use words of small letters and digits joined by _, up to \(Self.longest): fleet_service."
            )
        }
        guard !Self.taken.contains(text) else {
            throw ModuleTemplateError(
                "the platform has a module \"\(text)\" already", hint: "Choose another name.")
        }
        self.text = text
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private var words: [String] {
        text.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
    }

    /// `FleetService`: what its Swift types and its library are named after.
    package var type: String { words.joined() }
    /// `Fleet Service`: what people read.
    package var label: String { words.joined(separator: " ") }
}

/// Why no module was made: one line, and one of advice.
package struct ModuleTemplateError: Error, Hashable, Sendable {
    package let message: String
    package let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
