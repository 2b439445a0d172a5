import CRMSDK

/// Holds a form to what can work, when it is saved: a visitor cannot mend it.
enum FormCheck {
    static let fieldLimit = 50

    @Sendable
    static func check(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        let target = try FormTarget.named(change["target_entity"].text)
        let definition = try context.definition(of: target.entity)
        var problems = fields(change.lines("form_fields"), definition)
        let names = Set(change.lines("form_fields").compactMap { $0["field"].text })
        if change["double_opt_in"] == true, !required(change.lines("form_fields")).contains(target.email) {
            problems.append(
                problem("double_opt_in", "the form must require \(target.email), so that it can be confirmed")
            )
        }
        if let address = change["return_url"].text, WebAddress(address) == nil {
            problems.append(problem("return_url", "the return address must begin with https:// and a host"))
        }
        for domain in domains(change["allowed_domains"].text) where WebAddress.host(domain) == nil {
            problems.append(problem("allowed_domains", "\"\(domain.prefix(60))\" is no domain"))
        }
        if let trap = change["honeypot"].text, !ManifestCheck.isName(trap) || names.contains(trap) {
            problems.append(problem("honeypot", "the trap must be a name in snake case that no field has"))
        }
        guard problems.isEmpty else { throw .invalidRecord(change.entity, problems) }
    }

    /// As they are written, in lower case.
    static func domains(_ text: String?) -> [String] {
        (text ?? "").lowercased().split { $0.isWhitespace || $0 == "," }.map(String.init)
    }

    private static func required(_ lines: [Line]) -> Set<String> {
        Set(lines.filter { $0["required"] == true && $0["hidden"] != true }.compactMap { $0["field"].text })
    }

    private static func fields(_ lines: [Line], _ definition: EntityDefinition) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        var seen: Set<String> = []
        if lines.isEmpty { problems.append(problem("form_fields", "the form asks for nothing")) }
        if lines.count > fieldLimit {
            problems.append(problem("form_fields", "a form has at most \(fieldLimit) fields"))
        }
        for (index, line) in lines.enumerated() {
            let name = line["field"].text ?? ""
            let place = "form_fields[\(index)].field"
            let known = definition.fields.first { $0.name == name }
            if let message = refusal(known, name, of: definition.name) {
                problems.append(problem(place, message))
            } else if !seen.insert(name).inserted {
                problems.append(problem(place, "\"\(name)\" is listed twice"))
            } else if let known, let message = refusal(FormField(line, known)) {
                problems.append(problem("form_fields[\(index)].default_value", message))
            }
        }
        for field in definition.fields
        where field.isMandatory && field.defaultText == nil && !field.isReadOnly {
            let isSure = lines.contains { line in
                line["field"].text == field.name && (line["required"] == true || line["hidden"] == true)
            }
            if !isSure {
                problems.append(
                    problem(
                        "form_fields",
                        "a \(definition.name) needs \"\(field.name)\": require it, or hide it with a default")
                )
            }
        }
        return problems
    }

    private static func refusal(_ field: FieldDefinition?, _ name: String, of entity: String) -> String? {
        guard let field else {
            return "\(entity) has no field \"\(name.prefix(60))\" that a form can ask for"
        }
        if field.isReadOnly || field.computed != nil { return "\(entity).\(name) is not written by people" }
        guard FormField.kinds.contains(field.type.name) else {
            return "\(entity).\(name) is of type \(field.type.name), which a form cannot ask for"
        }
        return nil
    }

    private static func refusal(_ field: FormField) -> String? {
        guard let text = field.defaultText else {
            return field.isHidden ? "a hidden field needs a default" : nil
        }
        return field.value(text) == nil
            ? "\(field.definition.name) does not take \"\(text.prefix(60))\"" : nil
    }

    private static func problem(_ field: String, _ message: String) -> FieldProblem {
        FieldProblem(field: field, code: "rule", message: message)
    }
}

/// An address with https: a host, perhaps a port, and what follows, in characters that can stand in a head.
struct WebAddress {
    let text: String
    /// `https://`, host and port.
    let origin: String

    init?(_ text: String) {
        let scheme = "https://"
        guard text.utf8.count <= 2_000, text.lowercased().hasPrefix(scheme),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"<>\\^`{|}".utf8.contains($0) })
        else { return nil }
        let authority = text.dropFirst(scheme.count).prefix { !"/?#".contains($0) }.lowercased()
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let host = Self.host(String(parts[0])), !host.hasPrefix("*."),
            parts.count == 1 || UInt16(parts[1]) != nil
        else { return nil }
        origin = scheme + authority
        self.text = scheme + text.dropFirst(scheme.count)
    }

    /// A host's name in lower case, or `*.` and one; nil for anything else.
    static func host(_ text: String) -> String? {
        let labels = (text.hasPrefix("*.") ? String(text.dropFirst(2)) : text)
            .split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy {
                    (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
                }
        }
        return isName && text.utf8.count <= 253 ? text : nil
    }
}
