import CRMSDK
import Printing

/// The templates of printed documents: data that administrators write. What modules ship is never written over once
/// somebody has changed it.
enum TemplateRecord {
    static let definition = EntityDefinition(
        "print_template", label: "Print template", plural: "Print templates",
        fields: [
            .text("template_name", "Name", maximumLength: 100).mandatory(),
            .text("for_entity", "For", maximumLength: 60).mandatory().indexed()
                .help("The entity whose records it prints."),
            .text("language", "Language", maximumLength: 35).mandatory().defaulting(to: "en")
                .help("In which numbers, dates and lists of values are written."),
            .longtext("body", "Body").mandatory()
                .help(
                    "Markup with {{placeholders}}, {{#each lines}}…{{/each}} and {{#if terms}}…{{else}}…{{/if}}."
                ),
            .boolean("active", "Active").mandatory().defaulting(to: "true"),
        ]
    )
    .labelled(by: "template_name")
    .sorted(by: "for_entity", "template_name")
    .listing("template_name", "for_entity", "language", "active")
    .administrative()

    static let hooks = [
        Hook("a template that can be printed", on: "print_template", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            guard change.changes("body") || change.changes("for_entity") else { return }
            let entity = change["for_entity"].text ?? ""
            guard context.hasEntity(entity) else {
                throw problem("for_entity", "unknown", "there is no entity \"\(entity)\"", hint: nil)
            }
            do {
                let template = try PrintTemplate(parsing: change["body"].text ?? "")
                try template.check(against: try PrintShapes(context).document(entity))
            } catch let error as PrintTemplateError {
                let place = error.line > 0 ? "line \(error.line): " : ""
                throw problem("body", "template", place + error.message, hint: error.hint)
            } catch let error as CRMError {
                throw error
            } catch {
                throw CRMError(.internalError, "the template could not be checked", detail: "\(error)")
            }
        }
    ]

    private static func problem(_ field: String, _ code: String, _ message: String, hint: String?) -> CRMError
    {
        var error = CRMError(.invalidRecord, "print_template is not valid: \(field)", hint: hint)
        error.fields = [FieldProblem(field: field, code: code, message: message)]
        return error
    }

    /// Whether two tags of BCP 47 name one language, wherever it is spoken: `de` and `de-AT`.
    static func isSame(_ one: String, _ other: String) -> Bool {
        func language(_ tag: String) -> String { tag.prefix { $0 != "-" && $0 != "_" }.lowercased() }
        return language(one) == language(other)
    }

    /// The one that is meant: by its id, or the first active one for the entity, in the language where there is one.
    static func find(
        _ id: RecordID?, for entity: String, language: String, _ context: any ModuleContext
    ) throws(CRMError) -> Record {
        try context.elevated(reason: "the template of a printed document") { (context) throws(CRMError) in
            if let id {
                let template = try context.get("print_template", id)
                guard template["for_entity"] == .text(entity) else {
                    throw CRMError(
                        .invalidParameters,
                        "template \"\(template["template_name"].text ?? "")\" is for \(template["for_entity"].text ?? "")"
                    )
                }
                return template
            }
            let usable = try context.list(
                ListRequest(
                    "print_template",
                    where: .all([.where("for_entity", .equal, .text(entity)), .where("active", .equal, true)]
                    ),
                    sort: ["id"], limit: 100))
            let template =
                usable.first { $0["language"] == .text(language) }
                ?? usable.first { isSame($0["language"].text ?? "", language) } ?? usable.first
            guard let template else {
                throw CRMError(
                    .notFound, "there is no active template for \(entity)",
                    hint: "Make one: record create print_template.")
            }
            return template
        }
    }
}
