import CRMSDK
import JSON
import Storage

extension SchemaVerb {
    private static let name = Parameter(
        "name", .text(maximumLength: 60), "The entity's name.", required: true)
    private static let indexes = Parameter(
        "indexes", .list(of: .list(of: .text(maximumLength: 60))),
        "Further indexes for lists: each names the fields it sorts by, in order.")
    private static let plural = "What people read above a list."

    static let entities: [SchemaVerb] = [
        SchemaVerb(
            "entity.create", "Makes a new kind of record.",
            "Its name begins with x_ and never changes. It has the field x_name, which names its records, and is at once "
                + "there in record.*, imports, security and this document. Profiles have no right to it until they are "
                + "given one.",
            [
                Parameter("name", .text(maximumLength: 60), "x_ and snake case.", required: true),
                Parameter("label", .text(maximumLength: 100), "What people read.", required: true),
                Parameter("plural_label", .text(maximumLength: 100), plural, required: true),
                Parameter(
                    "name_label", .text(maximumLength: 100),
                    "The label of the field x_name; Name where it is not given."),
                Parameter(
                    "number_pattern", .text(maximumLength: 40),
                    "Gives its records a number, x_number, written like this: SITE00000."),
                names("sections", "The groups of fields on its form, in order.", required: false),
                Parameter("fields", .list(of: .object(fieldParameters)), "As in field.create."),
                names("list_fields", "The columns of a list that names none.", required: false),
                names(
                    "default_sort", "Of a list that names none: field names, - in front for descending.",
                    required: false),
                indexes,
                Parameter(
                    "sharing", .field(.picklist(SharingDefault.all.map { PicklistValue($0.name, $0.name) })),
                    "Who may see and change its records when nothing else decides; private where it is not given."
                ),
            ],
            example: .init(
                parameters:
                    #"{"name": "x_site", "label": "Site", "plural_label": "Sites"}"#,
                result:
                    #"{"steps": ["create the entity \"x_site\" with 1 field", "add the index \"e_x_site.sort\"", "add the index \"e_x_site.owner.sort\"", "add the index \"e_x_site.modified\"", "add the index \"e_x_site.owner.modified\"", "renew the view \"x_site\""], "findings": [], "notes": ["profiles have no right to \"x_site\" until they are given one; administrators have every right"], "tasks": []}"#
            )
        ) { arguments throws(CRMError) in .createEntity(try newEntity(arguments)) },
        SchemaVerb(
            "entity.update", "Changes an entity's labels, default list and indexes.",
            "What is not given stays.",
            [
                name, label, Parameter("plural_label", .text(maximumLength: 100), plural),
                names("list_fields", "The columns of a list that names none.", required: false),
                names(
                    "default_sort", "Of a list that names none: field names, - in front for descending.",
                    required: false),
                indexes,
            ]
        ) { arguments throws(CRMError) in
            var patch = EntityPatch()
            patch.label = arguments.textIfGiven("label")
            patch.pluralLabel = arguments.textIfGiven("plural_label")
            patch.listFields = arguments.textsIfGiven("list_fields")
            patch.defaultSort = arguments.textsIfGiven("default_sort")
            patch.indexes = arguments.lists("indexes")
            return .updateEntity(try arguments.text("name"), patch)
        },
        SchemaVerb(
            "entity.delete", "Takes an entity of administrators out of sight; its records stay.",
            "Entities of modules go with module.disable.", [name]
        ) { arguments throws(CRMError) in .deleteEntity(try arguments.text("name")) },
        SchemaVerb("entity.restore", "Brings a deleted entity back, with its records.", "", [name]) {
            arguments throws(CRMError) in .restoreEntity(try arguments.text("name"))
        },
        SchemaVerb(
            "entity.purge", "Removes a deleted entity's records and its table for ever.",
            "In batches beside other work; schema.tasks shows how far it is.", [name]
        ) { arguments throws(CRMError) in .purgeEntity(try arguments.text("name")) },
    ]

    private static func newEntity(_ arguments: Arguments) throws(CRMError) -> EntityDefinition {
        var fields: [FieldDefinition] = []
        if let pattern = arguments.textIfGiven("number_pattern") {
            fields.append(.autonumber("x_number", "Number", pattern))
        }
        fields.append(.text("x_name", arguments.textIfGiven("name_label") ?? "Name").mandatory())
        if let given = arguments["fields"] {
            for node in given.elements { fields.append(try newField(Arguments(node))) }
        }
        let sections = (arguments.textsIfGiven("sections") ?? []).map { SectionDefinition($0) }
        if let first = sections.first {
            fields = fields.map { $0.section == nil ? $0.section(first.key) : $0 }
        }
        var entity = EntityDefinition(
            try arguments.text("name"), label: try arguments.text("label"),
            plural: try arguments.text("plural_label"), fields: fields)
        entity.labelFields = ["x_name"]
        entity.defaultSort = arguments.textsIfGiven("default_sort") ?? ["x_name"]
        entity.listFields = arguments.textsIfGiven("list_fields") ?? fields.prefix(8).map(\.name)
        entity.indexes = arguments.lists("indexes") ?? []
        entity.sections = sections
        let sharing = arguments.textIfGiven("sharing") ?? SharingDefault.private.name
        entity.sharing = SharingDefault.all.first { $0.name == sharing } ?? .private
        return entity
    }
}

extension Arguments {
    func lists(_ name: String) -> [[String]]? {
        self[name].map { $0.elements.map { $0.elements.compactMap(\.string) } }
    }
}
