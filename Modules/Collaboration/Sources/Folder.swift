import CRMSDK

/// Where documents lie. One folder, made with the module, takes those that name none.
enum Folder {
    static let definition = EntityDefinition(
        "folder", label: "Folder", plural: "Folders",
        fields: [
            .text("folder_name", "Folder name", maximumLength: 100).mandatory().unique(),
            .longtext("description", "Description"),
            .boolean("is_default", "Default").readOnly(),
        ]
    )
    .labelled(by: "folder_name")
    .sorted(by: "folder_name")
    .listing("folder_name", "description", "is_default")
    .sharing(.notShareable)

    /// What an office files from its first day on; rename them, or delete them.
    static let fixtures = [
        Fixture(
            "folder_templates", "folder",
            ["folder_name": "Templates", "description": "Letters and forms to begin from."]),
        Fixture(
            "folder_contracts", "folder",
            ["folder_name": "Contracts", "description": "What was agreed, as it was signed."]),
    ]

    static let hooks = [
        Hook("keep_used_folder", on: "folder", [.beforeDelete], keep)
    ]

    /// Makes the folder that every installation has.
    static func createDefault(_ context: any ModuleContext) throws(CRMError) {
        guard try standard(context) == nil else { return }
        _ = try context.create("folder", ["folder_name": "Default", "is_default": true])
    }

    static func standard(_ context: any ModuleContext) throws(CRMError) -> RecordID? {
        try context.list(ListRequest("folder", where: .where("is_default", .equal, true), limit: 1)).first?.id
    }

    @Sendable
    private static func keep(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        let name = change.old?["folder_name"].text ?? ""
        guard change.old?["is_default"] != true else {
            throw CRMError(
                .invalidRecord, "folder \"\(name)\" takes documents that name none and cannot be deleted")
        }
        let id = change.id
        let count = try context.elevated(reason: "documents in a folder") { (context) throws(CRMError) in
            try context.count("document", where: .where("folder", .equal, .reference(id)))
        }
        guard count == 0 else {
            throw CRMError(
                .invalidRecord, "folder \"\(name)\" cannot be deleted while \(count) documents are in it",
                hint: "Move them to another folder first.")
        }
    }
}
