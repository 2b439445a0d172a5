import CRMSDK

/// `collaboration.answer_invitation`: what somebody who is invited to an event answers.
///
/// An invitation lets people view an event and not change it, so that their answer is written with the module's rights.
enum Invitation {
    static let responses = ["Accepted", "Tentative", "Declined"].map { PicklistValue($0) }

    static let action = Action(
        "answer_invitation", .writes,
        summary: "Says whether the caller comes to an event they are invited to.",
        description: """
            Whoever is linked with the event as event_user is invited; the answer stands on that link, where the owner \
            sees it.
            """,
        parameters: [
            Parameter("event", .id(of: "event"), "The event.", required: true),
            Parameter(
                "response", .field(.picklist(responses)), "The answer.", required: true),
        ],
        result: .object([
            Parameter("event", .id(of: "event"), "The event."),
            Parameter("response", .text, "The answer as it is kept on the link."),
        ]),
        requires: AccessRight(.view, "event"), answer)

    @Sendable
    private static func answer(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let event = parameters["event"]?.value.reference, let response = parameters["response"]?.value
        else { throw CRMError(.invalidParameters, "an answer needs an event and a response") }
        _ = try context.get("event", event)
        let me = context.caller.user
        try context.elevated(reason: "answer to an invitation") { (context) throws(CRMError) in
            var invited = RelatedRequest("event_user", limit: 1)
            invited.filter = .where("id", .equal, .reference(me))
            guard try !context.related(event, invited).isEmpty else {
                throw CRMError(
                    .forbidden, "you are not invited to event \(event)",
                    hint: "Its owner invites people by linking them as event_user.")
            }
            try context.link(event, "event_user", to: me, ["response": response])
        }
        return .object(["event": .value(.reference(event)), "response": .value(response)])
    }
}
