/// What may stand where the cursor is. Words of the command table are known at once; entities, fields and the like come
/// from the kernel through `Names`.
package struct Completion {
    /// Words that only the kernel knows; empty where it cannot be asked.
    package struct Names {
        package var entities: () -> [String] = { [] }
        /// Fields of an entity.
        package var fields: (String) -> [String] = { _ in [] }
        /// Keys of a picklist field.
        package var values: (String, String) -> [String] = { _, _ in [] }
        package var modules: () -> [String] = { [] }
        package var users: () -> [String] = { [] }
        package var roles: () -> [String] = { [] }
        package var profiles: () -> [String] = { [] }
        package var groups: () -> [String] = { [] }

        package init() {}
    }

    private let names: Names

    package init(_ names: Names = Names()) { self.names = names }

    /// - Returns: the word that is being typed, and what it may become, in order.
    package func candidates(for text: String) -> (word: String, candidates: [String]) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let word = parts.last ?? ""
        let before = parts.dropLast().filter { !$0.isEmpty }
        let known = words(before: before, word)
        return (word, known.filter { $0.hasPrefix(word) && $0 != word })
    }

    private func words(before: [String], _ word: String) -> [String] {
        if before.isEmpty, word.hasPrefix("\\") { return MetaCommand.words }
        if before.first == "\\d" { return names.entities() }
        let bare = before.filter { !$0.hasPrefix("-") }
        guard let noun = bare.first else { return CommandTable.nouns + ["help"] }
        let verb = bare.count > 1 ? bare[1] : nil
        let named = verb.flatMap { CommandTable.command(noun, $0) }
        guard let command = named ?? CommandTable.command(noun, nil) else {
            return verb == nil ? CommandTable.verbs(of: noun) : []
        }
        if verb == nil, !word.hasPrefix("-"), before.last?.hasPrefix("--") != true {
            let verbs = CommandTable.verbs(of: noun)
            if verbs.contains(where: { $0.hasPrefix(word) }) { return verbs }
        }
        let options = command.options + CommandTable.globalOptions
        if let last = before.last, last.hasPrefix("--"),
            let option = options.first(where: { "--\($0.name)" == last }), option.placeholder != nil
        {
            return self.words(of: option.kind, in: entity(of: command, bare), word)
        }
        if word.hasPrefix("-") { return options.map { "--\($0.name)" } }
        let operands = bare.dropFirst(command.verb == nil ? 1 : 2)
        guard
            let operand = operands.count < command.operands.count
                ? command.operands[operands.count] : command.operands.last(where: { $0.count == .any })
        else { return [] }
        return self.words(of: operand.kind, in: entity(of: command, bare), word)
    }

    /// The entity that a command is about, where its words say so.
    private func entity(of command: Command, _ words: [String]) -> String? {
        if command.noun == "user" { return "user" }
        guard let index = command.operands.firstIndex(where: { $0.kind == .entity }) else { return nil }
        let place = index + (command.verb == nil ? 1 : 2)
        return words.indices.contains(place) ? words[place] : nil
    }

    private func words(of kind: Command.Kind, in entity: String?, _ word: String) -> [String] {
        switch kind {
        case .entity: return names.entities()
        case .module: return names.modules()
        case .user: return names.users()
        case .role: return names.roles()
        case .profile: return names.profiles()
        case .group: return names.groups()
        case .field: return entity.map(names.fields) ?? []
        case .values:
            guard let entity else { return [] }
            guard let sign = word.firstIndex(of: "=") else { return names.fields(entity).map { "\($0)=" } }
            let field = String(word[..<sign])
            return names.values(entity, field).map { "\(field)=\($0)" }
        case .text, .file, .folder, .method, .number: return []
        }
    }

    /// What all candidates begin with.
    package static func commonPrefix(of words: [String]) -> String {
        guard var prefix = words.first else { return "" }
        for word in words {
            while !word.hasPrefix(prefix) { prefix.removeLast() }
        }
        return prefix
    }
}
