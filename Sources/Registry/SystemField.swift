package import CRMSDK

/// The fields that every record has. Their columns carry the same names.
package enum SystemField {
    package static let definitions: [FieldDefinition] = [
        FieldDefinition("id", "ID", .reference(to: [])).readOnly(),
        FieldDefinition("owner", "Owner", .owner),
        FieldDefinition("created_at", "Created at", .datetime).readOnly(),
        FieldDefinition("created_by", "Created by", .reference(to: "user")).readOnly(),
        FieldDefinition("modified_at", "Modified at", .datetime).readOnly(),
        FieldDefinition("modified_by", "Modified by", .reference(to: "user")).readOnly(),
        FieldDefinition("version", "Version", .integer).readOnly(),
        FieldDefinition("deleted_at", "Deleted at", .datetime).readOnly(),
        FieldDefinition(
            "origin", "Origin",
            .picklist([
                PicklistValue("ui", "User interface"), PicklistValue("api", "API"),
                PicklistValue("import", "Import"),
                PicklistValue("web_form", "Web form"), PicklistValue("conversion", "Conversion"),
                PicklistValue("workflow", "Workflow"), PicklistValue("mail", "Mail"),
                PicklistValue("console", "Console"), PicklistValue("system", "System"),
            ])
        ).readOnly(),
    ]

    package static let names: [String] = definitions.map(\.name)

    /// The fields that every line has.
    package static func definitions(ofLinesOf parent: String) -> [FieldDefinition] {
        [
            FieldDefinition("id", "ID", .reference(to: [])).readOnly(),
            FieldDefinition(lineParent, "Record", .reference(to: parent)).readOnly(),
            FieldDefinition(linePosition, "Position", .integer).readOnly()
                .help("1 for the first line of the record."),
        ]
    }

    /// The record that a line belongs to.
    package static let lineParent = "parent"
    package static let linePosition = "position"
}
