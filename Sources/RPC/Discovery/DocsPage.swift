import CRMSDK
import Registry

/// The methods as one HTML page: no script, nothing fetched from elsewhere, readable without colours.
///
/// The page states a content policy of its own that forbids all scripts and all foreign sources; the style is allowed
/// by its place in the page alone.
struct DocsPage {
    let methods: [Method]

    var html: String {
        let groups = Dictionary(grouping: methods, by: \.group).sorted { $0.key < $1.key }
        let index = groups.map { group, methods in
            "<li><b>\(escaped(group))</b> "
                + methods.map { "<a href=\"#\(escaped($0.name))\">\(escaped($0.name))</a>" }.joined(
                    separator: " ")
        }
        let sections = groups.map { group, methods in
            "<h2>\(escaped(group))</h2>\n" + methods.map(section).joined(separator: "\n")
        }
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Methods of this CRM</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
            <style>\(Self.style)</style></head><body>
            <h1>Methods</h1>
            <p>JSON-RPC 2.0: <code>POST /rpc</code> with \
            <code>{"jsonrpc": "2.0", "id": 1, "method": "…", "params": {…}}</code>. \
            Send the token of <a href="#auth.login">auth.login</a>, or an API key, as \
            <code>Authorization: Bearer …</code>. <a href="#rpc.discover">rpc.discover</a> answers all this as an OpenRPC document.</p>
            <ul class="index">\(index.joined(separator: "\n"))</ul>
            \(sections.joined(separator: "\n"))
            <h2>Files</h2>
            <p>A field of type file holds a file of its record. <code>PUT /files/{id of the record}</code> sends one, as the \
            body; <code>GET</code> and <code>HEAD</code> fetch it, in part by <code>Range</code>. The token goes with them as \
            with calls; behind the id may stand <code>?field=NAME</code>, where the record has several, and \
            <code>name=FILE NAME</code>. A <code>Content-Digest</code> is compared with what came. Refusals have their HTTP \
            status and the error below.</p>
            <h2>Errors</h2>
            <table><tr><th>code</th><th>kind</th><th>meaning</th></tr>\(errorRows)</table>
            </body></html>
            """
    }

    private var errorRows: String {
        let parse = "<tr><td>-32700</td><td>parse_error</td><td>the body is not JSON</td></tr>"
        return parse
            + CRMError.Kind.all.map {
                "<tr><td>\($0.rpcCode)</td><td>\($0.name)</td><td>\(escaped(OpenRPCDocument.meaning[$0.name] ?? ""))</td></tr>"
            }.joined()
    }

    private func section(_ method: Method) -> String {
        let rows = method.parameters.map { parameter in
            "<tr><td><code>\(escaped(parameter.name))</code></td><td>\(escaped(parameter.type.phrase))"
                + (parameter.isRequired ? "" : ", optional")
                + "</td><td>\(escaped(parameter.summary))</td></tr>"
        }
        let parameters =
            rows.isEmpty
            ? "" : "<table><tr><th>parameter</th><th>type</th><th>meaning</th></tr>\(rows.joined())</table>"
        let example = method.example.map {
            "<pre>{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"\(escaped(method.name))\", \"params\": \(escaped($0.parameters))}\n"
                + "→ \(escaped($0.result))</pre>"
        }
        return """
            <section id="\(escaped(method.name))"><h3>\(escaped(method.name))</h3>
            <p>\(escaped(method.summary))</p><p>\(escaped(method.fullDescription))</p>
            \(parameters)<p>Answers \(escaped(method.result.phrase)).</p>\(example ?? "")</section>
            """
    }

    private func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    private static let style = """
        body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
        code,pre{font:14px/1.4 ui-monospace,monospace;background:#f2f2f0}pre{padding:.75rem;overflow-x:auto}
        table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd}
        section{margin:2rem 0}h3{margin:0}a{color:#0b57a4}
        @media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}code,pre{background:#242424}th,td{border-color:#444}a{color:#8ab8f0}}
        """
}

extension ParameterType {
    /// In words: `a list of text`.
    var phrase: String {
        switch shape {
        case .any: "anything"
        case .filter: "a filter"
        case .list(let element): "a list: \(element.phrase)"
        case .object(let members):
            members.isEmpty ? "an object" : "an object with " + members.map(\.name).joined(separator: ", ")
        case .values(let entity): "values of \(entity.map { "a record of \($0)" } ?? "the record")"
        case .record(let entity): "a record\(entity.map { " of \($0)" } ?? "")"
        case .field(let type):
            switch FieldKindList.kind(named: type.name)?.wire(type) {
            case .string where !type.values.isEmpty: type.values.map(\.key).joined(separator: " | ")
            case .string, nil: "text"
            case .boolean: "true or false"
            case .integer: "whole number"
            case .decimal: "decimal, as text"
            case .money: "amount"
            case .date: "date"
            case .time: "time of day"
            case .instant: "moment"
            case .lines: "a list of lines"
            case .place: "latitude,longitude in degrees"
            case .file: "a file"
            case .keys: "list of " + type.values.map(\.key).joined(separator: " | ")
            case .reference:
                "id" + (type.targets.isEmpty ? "" : " of " + type.targets.joined(separator: " or "))
            }
        }
    }
}
