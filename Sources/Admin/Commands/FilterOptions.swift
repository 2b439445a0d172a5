import JSON

/// `--filter JSON` and any number of `--where field=value`, joined: a record must pass all of them.
///
/// `--where` also takes `!=`, `>=`, `<=`, `>`, `<` and `~` (contains); nothing behind `=` means "is empty".
package enum FilterOptions {
    package static let options: [Command.Option] = [
        .init("filter", "JSON", help: "Condition as data: '[\"amount\", \">=\", \"1000.00\"]'."),
        .init(
            "where", "CONDITION", .values, repeatable: true,
            help: "FIELD=VALUE; also != >= <= > < and ~ (contains). All must hold."),
    ]

    /// - Returns: nil where nothing was asked for.
    package static func filter(_ line: CommandLine, entity: String, _ session: Session) throws(AdminError)
        -> [UInt8]?
    {
        var parts: [[UInt8]] = []
        if let text = line.value("filter") {
            do throws(JSONError) {
                parts.append(try JSONDocument(parsing: text).root.rawBytes)
            } catch {
                throw .usage(
                    "the filter is not JSON: \(error)",
                    hint: "Put it in single quotes: --filter '[\"amount\", \">=\", \"1000.00\"]'.")
            }
        }
        for text in line.values("where") { parts.append(try condition(text, entity, session)) }
        guard parts.count > 1 else { return parts.first }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("all")
        writer.beginArray()
        for part in parts { writer.raw(part) }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }

    private static func condition(
        _ text: String, _ entity: String, _ session: Session
    ) throws(AdminError) -> [UInt8] {
        let (field, sign, value) = try split(text)
        var writer = JSONWriter()
        writer.beginArray()
        writer.string(field)
        if value.isEmpty {
            guard sign == "=" || sign == "!=" else { throw .usage("\"\(text)\" lacks a value") }
            writer.string(sign == "=" ? "is empty" : "is not empty")
        } else {
            writer.string(sign == "~" ? "contains" : sign)
            writer.raw(try FieldValues(entity: entity, session: session).value("\(field)=\(value)").json)
        }
        writer.endArray()
        return writer.finish()
    }

    /// The longer signs first, so that `>=` is not read as `>`.
    private static let signs = ["!=", ">=", "<=", "=", ">", "<", "~"]

    static func split(_ text: String) throws(AdminError) -> (field: String, sign: String, value: String) {
        let field = text.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
        let rest = text[field.endIndex...].drop { $0 == " " }
        guard !field.isEmpty, let sign = signs.first(where: { rest.hasPrefix($0) }) else {
            throw .usage("\"\(text)\" is no condition", hint: "Give FIELD=VALUE, or one of != >= <= > < ~.")
        }
        return (String(field), sign, String(rest.dropFirst(sign.count).drop { $0 == " " }))
    }
}
