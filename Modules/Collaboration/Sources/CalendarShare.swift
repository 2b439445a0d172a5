import CRMSDK

/// With whom somebody shares their calendar: those people view the owner's events that are public.
enum CalendarShare {
    static let definition = EntityDefinition(
        "calendar_share", label: "Calendar Share", plural: "Calendar Shares",
        fields: [
            .reference("shared_with", "Shared with", to: "user").mandatory().indexed().help(
                "Who views the public events of the owner's calendar.")
        ]
    )
    .labelled(by: "shared_with")
    .sorted(by: "-created_at")
    .listing("owner", "shared_with", "created_at")
    .index("shared_with", "owner")
    .sharing(.private)

    static let hooks = [
        Hook("check_calendar_share", on: "calendar_share", [.beforeCreate, .beforeUpdate], check)
    ]

    /// A calendar is its owner's to share, whatever defaults and rules say: else anybody could open one to themselves.
    @Sendable
    private static func check(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        let (owner, person) = (change["owner"], change["shared_with"])
        let me = Value.reference(context.caller.user)
        guard context.caller.isAdministrator || owner == me || owner.isNull else {
            throw FieldRules.problem(change, "owner", "only its owner shares a calendar")
        }
        guard person != (owner.isNull ? me : owner) else {
            throw FieldRules.problem(change, "shared_with", "everybody sees their own calendar")
        }
        let twins = Filter.all([
            .where("owner", .equal, owner.isNull ? me : owner), .where("shared_with", .equal, person),
            .where("id", .notEqual, .reference(change.id)),
        ])
        guard try context.count("calendar_share", where: twins) == 0 else {
            throw CRMError(.duplicate, "this calendar is shared with them already")
        }
    }
}
