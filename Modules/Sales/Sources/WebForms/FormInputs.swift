import CRMSDK

/// The inputs of a form: each with its label, what stands in it, and what is wrong with that, told to everyone who
/// reads the page, by eye or by ear.
struct FormInputs {
    /// Those that are shown.
    let fields: [FormField]
    /// What was typed; nil for a page that is opened.
    let texts: StructuredValue?
    let problems: [(field: String, message: String)]

    /// What is wrong, above the form.
    var summary: String {
        guard !problems.isEmpty else { return "" }
        let items = problems.map { "<li>\(PageText.escaped($0.message))</li>" }.joined()
        return "<ul role=\"alert\" class=\"wrong\">\(items)</ul>\n"
    }

    /// The attributes by which kinds of fields differ that are one line.
    private static let attributes = [
        "text": "type=\"text\"", "email": "type=\"email\" autocomplete=\"email\"",
        "phone": "type=\"tel\" autocomplete=\"tel\"", "url": "type=\"url\"", "date": "type=\"date\"",
        "integer": "type=\"text\" inputmode=\"numeric\"", "decimal": "type=\"text\" inputmode=\"decimal\"",
        "percent": "type=\"text\" inputmode=\"decimal\"",
    ]

    func input(_ field: FormField) -> String {
        let (name, label) = (PageText.escaped(field.name), PageText.escaped(field.label))
        let text = texts == nil ? field.defaultText ?? "" : FormEntries.text(texts?[field.name]) ?? ""
        let more =
            "id=\"f_\(name)\" name=\"\(name)\"" + (field.isRequired ? " required" : "") + marks(field.name)
        switch field.definition.type.name {
        case "boolean":
            let isOn = field.value(text) == true
            return
                "<p><label><input type=\"checkbox\" value=\"yes\" \(more)\(isOn ? " checked" : "")> \(label)</label>"
                + "\(complaint(field.name))</p>\n"
        case "multipicklist":
            let chosen = Set(text.split(separator: "\n").map(String.init))
            let boxes = choices(field).map { choice in
                "<label><input type=\"checkbox\" name=\"\(name)\" value=\"\(PageText.escaped(choice.key))\""
                    + "\(chosen.contains(choice.key) ? " checked" : "")> \(PageText.escaped(choice.label))</label>"
            }
            return
                "<fieldset><legend>\(label)</legend>\(boxes.joined(separator: "\n"))\(complaint(field.name))</fieldset>\n"
        case "picklist":
            let options = choices(field).map { choice in
                "<option value=\"\(PageText.escaped(choice.key))\"\(choice.key == text ? " selected" : "")>"
                    + "\(PageText.escaped(choice.label))</option>"
            }
            return labelled(
                field, "<select \(more)><option value=\"\"></option>\(options.joined())</select>")
        case "longtext":
            // The first line end behind the tag is not part of the text.
            return labelled(
                field,
                "<textarea rows=\"5\" maxlength=\"\(FormField.textLimit)\" \(more)>\n\(PageText.escaped(text))</textarea>"
            )
        case let kind:
            let length = field.definition.type.maximumLength.map { " maxlength=\"\($0)\"" } ?? ""
            let attributes = Self.attributes[kind] ?? "type=\"text\""
            return labelled(
                field, "<input \(attributes)\(length) value=\"\(PageText.escaped(text))\" \(more)>")
        }
    }

    func consent(_ text: String) -> String {
        let name = FormGuard.consentField
        return
            "<p><label><input type=\"checkbox\" value=\"yes\" id=\"f_\(name)\" name=\"\(name)\" required\(marks(name))> "
            + "\(PageText.escaped(text))</label>\(complaint(name))</p>\n"
    }

    private func choices(_ field: FormField) -> [PicklistValue] {
        field.definition.type.values.filter { !$0.retired }
    }

    private func labelled(_ field: FormField, _ input: String) -> String {
        let star = field.isRequired ? " <span aria-hidden=\"true\">*</span>" : ""
        return
            "<p><label for=\"f_\(PageText.escaped(field.name))\">\(PageText.escaped(field.label))\(star)</label>\n"
            + "\(input)\(complaint(field.name))</p>\n"
    }

    private func marks(_ name: String) -> String {
        isWrong(name) ? " aria-invalid=\"true\" aria-describedby=\"e_\(PageText.escaped(name))\"" : ""
    }

    private func isWrong(_ name: String) -> Bool { problems.contains { $0.field == name } }

    private func complaint(_ name: String) -> String {
        guard let problem = problems.first(where: { $0.field == name }) else { return "" }
        return
            "<span class=\"wrong\" id=\"e_\(PageText.escaped(name))\">\(PageText.escaped(problem.message))</span>"
    }
}

/// Text as HTML.
enum PageText {
    /// Fit for an element's content and for a value in double quotes.
    static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Paragraphs, where empty lines stand between them.
    static func paragraphs(_ text: String) -> String {
        var paragraphs: [[Substring]] = [[]]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.allSatisfy(\.isWhitespace) {
                paragraphs.append([])
            } else {
                paragraphs[paragraphs.count - 1].append(line)
            }
        }
        return paragraphs.filter { !$0.isEmpty }
            .map { "<p>\($0.map { escaped(String($0)) }.joined(separator: "<br>"))</p>\n" }.joined()
    }

    /// A whole page. It tells its own server where it came from, so that it is known as the form's own, and nobody
    /// else.
    static func whole(_ title: String, _ body: String, _ context: any ModuleContext) -> String {
        """
        <!doctype html>
        <html lang="\(escaped(context.caller.language))">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="referrer" content="same-origin">
        <meta name="robots" content="noindex">
        <title>\(escaped(title))</title>
        <style>\(style)</style>
        </head>
        <body>
        <main>
        <h1>\(escaped(title))</h1>
        \(body)</main>
        </body>
        </html>

        """
    }

    private static let style = """
        body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:36rem;padding:0 1rem;color:#1b1b1b;background:#fff}\
        label{display:block;font-weight:600}input:not([type=checkbox]),select,textarea{font:inherit;width:100%;\
        box-sizing:border-box;padding:.4rem;border:1px solid #666;border-radius:.2rem}button{font:inherit;padding:.5rem 1.5rem}\
        .wrong{color:#a30000;display:block}[aria-invalid]{border-color:#a30000}
        """
}
