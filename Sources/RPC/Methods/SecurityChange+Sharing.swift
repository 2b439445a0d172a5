import CRMSDK
import JSON
import Records
import Security

/// Sharing and field access: which records and fields people see.
extension SecurityChange {
    static let sharing: [SecurityChange] = [
        SecurityChange(
            "sharing.set_default", "Says what everyone may do with an entity's records.",
            "Contacts follow accounts and have no default of their own.",
            [
                entity,
                Parameter(
                    "sharing",
                    .choice("private", "public_read", "public_read_edit", "public_read_edit_delete"),
                    "The default.", required: true),
                Parameter(
                    "related", .boolean,
                    "Whether the entities that carry its rights, as potentials do an account's, get it as well."
                ),
            ],
            example: .init(
                parameters:
                    #"{"entity": "account", "sharing": "private"}"#,
                result:
                    #"{"id": 650, "warnings": []}"#)
        ) { arguments throws(CRMError) in
            let (entity, name) = (try arguments.text("entity"), try arguments.text("sharing"))
            let related = arguments.flag("related")
            guard let sharing = SharingDefault.all.first(where: { $0.name == name }) else {
                throw CRMError(.invalidParameters, "there is no default \"\(name.prefix(60))\"")
            }
            return { administration throws(CRMError) in
                try administration.setDefault(of: entity, to: sharing, related: related)
            }
        },
        SecurityChange(
            "sharing.create_rule", "Shares what one party owns with another.",
            "It widens the default and never gives delete. A rule that can have no effect is made with a warning.",
            [
                entity, Parameter("from", party, "Whose records.", required: true),
                Parameter("to", party, "Who gets them.", required: true),
                Parameter("permission", permission, "What they get.", required: true),
                Parameter(
                    "related",
                    .list(
                        of: .object([
                            entity, Parameter("permission", permission, "What they get.", required: true),
                        ])), "What they get on the children of those records."),
            ],
            example: .init(
                parameters:
                    #"{"entity": "account", "from": {"kind": "role", "id": 651}, "to": {"kind": "group", "id": 655}, "permission": "read"}"#,
                result:
                    #"{"id": 656, "warnings": []}"#)
        ) { arguments throws(CRMError) in
            var related: [String: SharingPermission] = [:]
            if let node = arguments["related"] {
                for element in node.elements {
                    let child = Arguments(element)
                    related[try child.text("entity")] = SharingPermission(
                        rawValue: try child.text("permission"))
                }
            }
            let rule = SharingRule(
                id: RecordID(0), entity: try arguments.text("entity"), from: try arguments.party("from"),
                to: try arguments.party("to"),
                permission: SharingPermission(rawValue: try arguments.text("permission")) ?? .none,
                related: related)
            return { administration throws(CRMError) in try administration.createRule(rule) }
        },
        SecurityChange("sharing.delete_rule", "Deletes a sharing rule.", "", [id("sharing_rule")]) {
            arguments throws(CRMError) in
            let id = try arguments.id()
            return { administration throws(CRMError) in try administration.deleteRule(id) }
        },
        SecurityChange(
            "field_access.set", "Says who sees and writes a field.",
            "Without a profile it is the organisation's switch, which hides a field from all but administrators.",
            [
                entity,
                Parameter(
                    "field", .text(maximumLength: FieldRightName.limit),
                    "The field's name; of a link's values RELATION.FIELD.", required: true),
                Parameter("profile", .id(of: "profile"), "Whose right; all of the organisation's without."),
                Parameter("visible", .boolean, "Whether the field is there.", required: true),
                Parameter(
                    "read_only", .boolean, "Whether it cannot be written; false where it is not given."),
            ],
            example: .init(
                parameters:
                    #"{"entity": "account", "field": "annual_revenue", "visible": false, "profile": 6}"#,
                result:
                    #"{"id": 654, "warnings": []}"#)
        ) { arguments throws(CRMError) in
            let (entity, field) = (try arguments.text("entity"), try arguments.text("field"))
            let profile = arguments.idIfGiven("profile")
            let right = FieldRight(visible: arguments.flag("visible"), readOnly: arguments.flag("read_only"))
            return { administration throws(CRMError) in
                try administration.setFieldAccess(field, of: entity, profile: profile, right)
            }
        },
    ]
}

/// What rights to fields name: a field, or the name of a relation, a full stop, and a field of its links.
enum FieldRightName {
    /// Two names of 60 characters and what stands between them.
    static let limit = 121
}
