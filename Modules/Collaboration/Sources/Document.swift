import CRMSDK

/// A file, a note, or the place of something that lies elsewhere, with what there is to know about it.
enum Document {
    static let definition = EntityDefinition(
        "document", label: "Document", plural: "Documents",
        fields: [
            .text("title", "Title").mandatory().indexed(),
            .autonumber("document_no", "Document number", "DOC00000"),
            .reference("folder", "Folder", to: "folder").indexed().help("Default, unless you name one."),
            RelatedTo.field.help("The record that it is filed with; further ones are linked."),
            .file("file", "File"),
            .url("url", "Address").help("Where it lies, if not here."),
            .text("file_version", "Version", maximumLength: 60),
            .boolean("active", "Active").defaulting(to: "true"),
            .longtext("content", "Note"),
        ]
    )
    .labelled(by: "title")
    .sorted(by: "title")
    .listing("document_no", "title", "folder", "related_to", "file", "file_version", "active", "owner")
    .index("folder", "title")

    /// The records that a document is linked with, beside the one that it is filed with.
    static let links = RelatedTo.entities.map { entity in
        RelationDefinition("document_\(entity)", from: "document", to: entity, label: linkLabel(entity))
            .inverse(label: "Documents")
    }

    /// `sales_order` is `Sales orders` on a document's page.
    private static func linkLabel(_ entity: String) -> String {
        let words = entity.split(separator: "_").joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst() + "s"
    }

    static let hooks = [
        Hook("file_document", on: "document", [.beforeCreate, .beforeUpdate], file)
    ]

    /// Every document lies somewhere.
    @Sendable
    private static func file(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        guard change["folder"].isNull, let folder = try Folder.standard(context) else { return }
        change["folder"] = .reference(folder)
    }
}
