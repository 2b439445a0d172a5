import CRMSDK

/// A call or a meeting: a stretch of time with the people who take part in it.
enum Event {
    static let definition = EntityDefinition(
        "event", label: "Event", plural: "Events",
        fields: [
            .text("subject", "Subject").mandatory().indexed(),
            .picklist("activity_type", "Type", labels: ["Call", "Meeting"]).mandatory()
                .defaulting(to: "meeting"),
            .picklist("status", "Status", labels: ["Planned", "Held", "Not Held"]).mandatory()
                .defaulting(to: "planned"),
            .picklist("priority", "Priority", labels: ["High", "Medium", "Low"]).defaulting(to: "medium"),
            .text("location", "Location"),
            RelatedTo.field,
            .longtext("description", "Description"),
        ] + time
    )
    .labelled(by: "subject")
    .sorted(by: "start_at")
    .listing("subject", "activity_type", "start_at", "end_at", "status", "related_to", "owner")
    .index("status", "start_at")
    .index("owner", "start_at")
    .sharing(.private)

    static let participants = [
        attendees("event_contact", to: "contact", label: "Contacts"),
        attendees("event_user", to: "user", label: "Invitees"),
    ]

    /// Each with what they answered.
    private static func attendees(_ name: String, to entity: String, label: String) -> RelationDefinition {
        RelationDefinition(
            name, from: "event", to: entity, label: label,
            fields: [
                .picklist("response", "Response", labels: ["None", "Accepted", "Tentative", "Declined"])
                    .defaulting(to: "none")
            ]
        ).inverse(label: "Events")
    }

    static let hooks = [
        Hook("check_event_times", on: "event", [.beforeCreate, .beforeUpdate], checkTimes)
    ]

    private static let time = FieldDefinition.section(
        "Time",
        .datetime("start_at", "Start").mandatory(),
        .datetime("end_at", "End").mandatory(),
        .boolean("all_day", "All day"),
        .picklist("visibility", "Visibility", labels: ["Private", "Public"]).mandatory()
            .defaulting(to: "private").help(
                "Whether those who share your calendar see more than that you are busy."),
        .integer("reminder_minutes", "Reminder").range("0", "40320").help("Minutes before the start."),
        .boolean("send_notification", "Send notification"),
        .text("recurrence", "Recurrence").help("A rule as in RFC 5545, such as FREQ=WEEKLY;BYDAY=MO."))

    @Sendable
    private static func checkTimes(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        try FieldRules.check(
            change, "start_at", notAfter: "end_at", in: try context.definition(of: "event"))
    }
}
