import CRMSDK
import Printing

/// A record as a page made for paper: one self-contained piece of HTML, which loads nothing and runs nothing.
enum PrintedPage {
    static let action = Action(
        "print", .reads, summary: "Prints a record by a template: a page of HTML that is complete in itself.",
        description:
            "What the caller may not see is not on it. Without a template the first active one for the record's "
            + "entity is taken: in the language asked for, else that of the contact, account or vendor whom the record "
            + "names, else the caller's; a template in that language where there is one.",
        parameters: [
            Parameter("entity", .text, "The record's entity.", required: true),
            Parameter("id", .id(), "The record.", required: true),
            Parameter("template", .id(of: "print_template"), "By which template."),
            Parameter(
                "language", .text, "BCP 47, such as de: for numbers, dates and the choice of the template."),
        ],
        result: .object([
            Parameter("file_name", .text, "Such as Invoice INV00017.html.", required: true),
            Parameter("media_type", .text, "text/html; charset=utf-8", required: true),
            Parameter("template", .id(of: "print_template"), "By which it was printed.", required: true),
            Parameter("html", .text, "The page.", required: true),
        ])
    ) { parameters, context throws(CRMError) in
        guard let entity = parameters["entity"]?.value.text, let id = parameters["id"]?.value.reference
        else {
            throw CRMError(.invalidParameters, "entity and id are needed")
        }
        let record = try context.get(entity, id)
        let asked = parameters["language"]?.value.text
        var wanted = asked
        if wanted == nil { wanted = try language(ofRecipientOf: record, context) }
        let template = try TemplateRecord.find(
            parameters["template"]?.value.reference, for: entity,
            language: wanted ?? context.caller.language, context)
        let own = template["language"].text ?? "en"
        // Numbers as in Austria between words in German, but not between words in English.
        let spoken = wanted.flatMap { TemplateRecord.isSame($0, own) ? $0 : nil }
        let language = asked ?? spoken ?? own
        let page = try render(record, template, language, context)
        return .object([
            "file_name": .value(.text(page.title + ".html")),
            "media_type": .value(.text("text/html; charset=utf-8")),
            "template": .value(.reference(template.id)), "html": .value(.text(page.html)),
        ])
    }

    /// The language of whom a record is for: its contact's, else its account's or vendor's; nil where none is known to
    /// the caller.
    private static func language(
        ofRecipientOf record: Record, _ context: any ModuleContext
    ) throws(CRMError) -> String? {
        let references = try context.definition(of: record.entity).fields.compactMap { field in
            field.type.name == "reference" && field.type.targets.count == 1
                ? field.type.targets.first.map { (field: field.name, target: $0) } : nil
        }
        for recipient in ["contact", "account", "vendor"] {
            for (field, target) in references where target == recipient {
                guard let id = record[field].reference else { continue }
                do throws(CRMError) {
                    let language = try context.get(target, id)["language"].text ?? ""
                    if !language.isEmpty { return language }
                } catch {
                    // One that the caller may not view says nothing.
                    guard error.kind == .notFound || error.kind == .forbidden else { throw error }
                }
            }
        }
        return nil
    }

    private static func render(
        _ record: Record, _ template: Record, _ language: String, _ context: any ModuleContext
    ) throws(CRMError) -> (title: String, html: String) {
        let definition = try context.definition(of: record.entity)
        let formats = PrintFormats(language: language, timeZone: context.caller.timeZone)
        let company = try Company.read(context)
        let title = title(of: record, template["template_name"].text ?? definition.label, definition)
        do {
            let template = try PrintTemplate(parsing: template["body"].text ?? "")
            let usage = template.usage
            let values = PrintedValues(context: context, formats: formats)
            var document = try values.values(of: record, usage)
            if let company, let used = usage["company"] {
                document["company"] = .one(
                    try context.elevated(reason: "the company on a printed document") {
                        (context) throws(CRMError) in
                        try PrintedValues(context: context, formats: formats).values(of: company, used)
                    })
            }
            document["print"] = .one(["date": .text(formats.moment(context.now)), "title": .text(title)])
            let content = try template.render(document)
            return (
                title, PageFrame.html(title: title, language, paper: company?["paper"].text ?? "a4", content)
            )
        } catch let error as CRMError {
            throw error
        } catch let error as PrintTemplateError {
            throw CRMError(.limitExceeded, "the page cannot be printed: \(error.message)", hint: error.hint)
        } catch {
            throw CRMError(.internalError, "the page cannot be printed", detail: "\(error)")
        }
    }

    /// What the template makes of it and its first label, fit for a file's name: `Invoice INV00017`.
    private static func title(
        of record: Record, _ template: String, _ definition: EntityDefinition
    ) -> String {
        let label = definition.labelFields.lazy.compactMap { record[$0].text }.first { !$0.isEmpty }
        let words = "\(template) \(label ?? "\(record.id.rawValue)")"
        return String(
            words.unicodeScalars.filter { !"/\\:*?\"<>|".unicodeScalars.contains($0) && $0.value >= 0x20 }
                .prefix(100).map(Character.init))
    }

    /// Whether a text is a picture that a page may carry within itself.
    static func isPicture(_ text: String) -> Bool { PrintTemplate.isPicture(text) }
}
