import CRMSDK
import Foundation

/// A person or a program that logs in. Never deleted: made inactive, so that history keeps its names.
enum User {
    static let definition = EntityDefinition(
        "user", label: "User", plural: "Users",
        fields: [
            .text("username", "User Name", maximumLength: 60).mandatory().unique()
                .help("Lower case letters, digits, dot, hyphen and underscore; cannot be changed later."),
            .text("first_name", "First Name", maximumLength: 100),
            .text("last_name", "Last Name", maximumLength: 100).mandatory(),
            .email("email", "E-mail").indexed(),
            .reference("role", "Role", to: "role").mandatory(),
            .boolean("is_admin", "Administrator"),
            .picklist(
                "status", "Status",
                [PicklistValue("active", "Active").system(), PicklistValue("inactive", "Inactive").system()]
            ).mandatory().defaulting(to: "active"),
            .text("title", "Title", maximumLength: 100),
            .text("department", "Department", maximumLength: 100),
            .phone("phone", "Phone"),
            .phone("mobile", "Mobile"),
            .reference("reports_to", "Reports To", to: "user"),
            .text("language", "Language", maximumLength: 35).mandatory().defaulting(to: "en").help(
                "BCP 47: en, pl, pt-BR."),
            .text("time_zone", "Time Zone", maximumLength: 64).mandatory().defaulting(to: "UTC").help(
                "IANA: Europe/Warsaw."),
        ]
    )
    .labelled(by: "first_name", "last_name")
    .sorted(by: "username")
    .listing("username", "first_name", "last_name", "role", "status", "is_admin")
    .administrative()

    static let hooks = [
        Hook("user name", on: "user", [.beforeCreate, .beforeUpdate]) { change, _ throws(CRMError) in
            guard change.changes("username") else { return }
            if let old = change.old?["username"].text {
                throw problem("username", "read_only", "user name \"\(old)\" cannot be changed")
            }
            let name = change["username"].text ?? ""
            let isValid =
                (1...60).contains(name.utf8.count)
                && name.utf8.allSatisfy {
                    (0x61...0x7A).contains($0) || (0x30...0x39).contains($0)
                        || [0x2D, 0x2E, 0x5F].contains($0)
                }
            guard isValid else {
                throw problem(
                    "username", "format",
                    "user name \"\(name.prefix(60))\" must be lower case letters, digits, dot, hyphen and underscore"
                )
            }
        },
        FieldGroups.languageHook("user"),
        Hook("time zone of a user", on: "user", [.beforeCreate, .beforeUpdate]) {
            change, _ throws(CRMError) in
            guard change.changes("time_zone"), let name = change["time_zone"].text,
                TimeZone(identifier: name) == nil
            else { return }
            throw problem(
                "time_zone", "format",
                "time zone \"\(name)\" is not in the IANA database, whose names are such as Europe/Warsaw and UTC"
            )
        },
        Hook("one administrator remains", on: "user", [.beforeUpdate, .beforeDelete]) {
            change, context throws(CRMError) in
            guard let old = change.old, old["is_admin"].bool == true, old["status"].text == "active" else {
                return
            }
            let remains =
                change["is_admin"].bool == true && change["status"].text == "active" && !isDeletion(change)
            guard !remains else { return }
            let others = try context.count(
                "user",
                where: .all([.where("is_admin", .equal, true), .where("status", .equal, "active")]))
            guard others > 1 else {
                throw problem(
                    "is_admin", "rule",
                    "user \"\(old["username"].text ?? "")\" is the last active administrator")
            }
        },
        Hook("users are not deleted", on: "user", [.beforeDelete]) { change, _ throws(CRMError) in
            throw CRMError(
                .invalidRecord, "user \"\(change.old?["username"].text ?? "")\" cannot be deleted",
                hint: "Set its status to inactive; what it did stays under its name.")
        },
        Hook("reports to without cycle", on: "user", [.beforeCreate, .beforeUpdate]) {
            change, context throws(CRMError) in
            try ReferenceChain.refuseCycle(change, through: "reports_to", context)
        },
    ]

    /// A deletion changes no value: what is to be stored is what was.
    private static func isDeletion(_ change: RecordChange) -> Bool {
        change.given.isEmpty && change.touched.isEmpty
    }

    private static func problem(_ field: String, _ code: String, _ message: String) -> CRMError {
        .invalidRecord("user", [FieldProblem(field: field, code: code, message: message)])
    }
}
