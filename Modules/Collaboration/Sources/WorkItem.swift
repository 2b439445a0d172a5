import CRMSDK

/// Something to do by a day, entity `task`. (Swift has a `Task` of its own.)
///
/// Whether a task is overdue is a matter of the clock and not of the record, and so is asked for, not stored: open, and
/// due before today.
enum WorkItem {
    static let definition = EntityDefinition(
        "task", label: "Task", plural: "Tasks",
        fields: [
            .text("subject", "Subject").mandatory().indexed(),
            .picklist("status", "Status", statuses).mandatory().defaulting(to: "not_started"),
            .picklist("priority", "Priority", labels: ["High", "Medium", "Low"]).defaulting(to: "medium"),
            RelatedTo.field,
            .reference("contact", "Contact", to: "contact").indexed(),
            .longtext("description", "Description"),
        ] + time
    )
    .labelled(by: "subject")
    .sorted(by: "due_date")
    .listing("subject", "status", "priority", "due_date", "related_to", "owner")
    .index("status", "due_date")
    .index("owner", "status", "due_date")
    .sharing(.private)

    static let hooks = [
        Hook("check_task_times", on: "task", [.beforeCreate, .beforeUpdate], checkTimes),
        Hook("note_task_completion", on: "task", [.beforeCreate, .beforeUpdate], noteCompletion),
    ]

    private static let time = FieldDefinition.section(
        "Time",
        .date("due_date", "Due date").mandatory(),
        .time("due_time", "Due time").help("On the due date, by the clock of whoever reads it."),
        .datetime("start_at", "Start"),
        .datetime("completed_at", "Completed at").readOnly(),
        .datetime("reminder_at", "Reminder").indexed(),
        .boolean("send_notification", "Send notification"),
        .text("recurrence", "Recurrence").help("A rule as in RFC 5545, such as FREQ=WEEKLY;BYDAY=MO."))

    private static let statuses = [
        PicklistValue("Not Started").stateClass("open").system(),
        PicklistValue("In Progress").stateClass("open"),
        PicklistValue("Pending Input").stateClass("open"),
        PicklistValue("Deferred").stateClass("open"),
        PicklistValue("Planned").stateClass("open"),
        PicklistValue("Completed").stateClass("closed").system(),
    ]

    /// A task is due when or after it starts, by the clocks of whoever writes it. Without a due time it is due at the
    /// end of the day.
    @Sendable
    private static func checkTimes(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard ["due_date", "due_time", "start_at"].contains(where: { change.changes($0) }),
            let start = change["start_at"].instant, let due = change["due_date"].date
        else { return }
        let offset = Int64(context.secondsFromUTC(at: start)) * 1000
        let local = Instant(millisecondsSince1970: start.millisecondsSince1970 + offset)
        let day = local.dateInUTC
        let time = local.millisecondsSince1970 - day.daysSince1970 * 86_400_000
        guard due >= day else {
            throw FieldRules.problem(change, "due_date", "Due date cannot be before Start")
        }
        if due == day, let dueTime = change["due_time"].time, dueTime.milliseconds < time {
            throw FieldRules.problem(change, "due_time", "Due time cannot be before Start")
        }
    }

    @Sendable
    private static func noteCompletion(
        _ change: inout RecordChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard change.changes("status") else { return }
        let definition = try context.definition(of: "task")
        let isDone =
            LifeCycle.state(change, "status", in: definition)?.attributes[LifeCycle.stateClass] == "closed"
        if isDone != !change["completed_at"].isNull {
            change["completed_at"] = isDone ? .instant(context.now) : .null
        }
    }
}
