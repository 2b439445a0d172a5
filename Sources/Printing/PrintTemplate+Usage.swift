/// The names that a template uses, each with those that are used of what it names.
package struct PrintUsage: Sendable, Equatable {
    package private(set) var names: [String: PrintUsage] = [:]

    package init() {}

    package subscript(name: String) -> PrintUsage? { names[name] }

    fileprivate mutating func note(_ path: ArraySlice<String>) {
        guard let first = path.first else { return }
        names[first, default: PrintUsage()].note(path.dropFirst())
    }
}

extension PrintTemplate {
    /// What has to be read of a document: its fields, those of records that it refers to, those of its lines.
    package var usage: PrintUsage {
        var usage = PrintUsage()
        Self.note(nodes, within: [], &usage)
        return usage
    }

    private static func note(_ nodes: [Node], within scope: [String], _ usage: inout PrintUsage) {
        func whole(_ path: Path) -> [String] { path.isFromDocument ? path.names : scope + path.names }
        for node in nodes {
            switch node {
            case .markup: continue
            case .value(let path, _, _): usage.note(whole(path)[...])
            case .each(let path, let body, _):
                usage.note(whole(path)[...])
                note(body, within: whole(path), &usage)
            case .when(let path, let then, let otherwise, _):
                usage.note(whole(path)[...])
                note(then, within: scope, &usage)
                note(otherwise, within: scope, &usage)
            }
        }
    }
}
