import CRMSDK
import Records
import Security

/// The profiles that a new installation has: data like any other, to be changed or deleted.
///
/// No role carries one yet: people work with the system's default until an administrator decides.
enum ShippedProfiles {
    private typealias Right = SecurityAdministration.Right

    private struct Profile {
        let name: String
        let description: String
        var editsAll = false
        let rights: [Right]
    }

    private static let business: Set<AccessVerb> = [.view, .create, .edit, .delete]

    private static let all = [
        Profile(
            name: "Administrator", description: "Everything but what only administrators may do.",
            editsAll: true,
            rights: [
                others(
                    business.union([.import, .export, .mergeDuplicates, .mailMerge, .convertLead]))
            ]),
        Profile(
            name: "Sales", description: "Works with customers from lead to invoice; reads tickets.",
            rights: [others(business.union([.convertLead])), right("ticket", [.view])]),
        Profile(
            name: "Support", description: "Works on tickets and answers; reads whom they are for.",
            rights: [
                right("account", [.view]), right("contact", [.view, .edit]), right("ticket", business),
                right("faq", business), right("lead", [.view]), right("campaign", [.view]),
            ]),
        Profile(name: "Guest", description: "Reads what is shared.", rights: [others([.view])]),
    ]

    private static func right(_ entity: String, _ verbs: Set<AccessVerb>) -> Right {
        Right(entity: entity, access: true, verbs: verbs)
    }

    private static func others(_ verbs: Set<AccessVerb>) -> Right { right("*", verbs) }

    static func make(_ administration: SecurityAdministration) throws(CRMError) {
        for profile in all {
            try administration.shipProfile(
                [
                    "profile_name": .text(profile.name), "description": .text(profile.description),
                    "view_all": .bool(profile.editsAll), "edit_all": .bool(profile.editsAll),
                ], profile.rights)
        }
    }
}
