import CRMSDK

/// `sales.revert_conversion`: a conversion by mistake, taken back as if it had not been.
///
/// As long as nobody has gone on with what it made: the account, contact and potential that are new go to the recycle
/// bin, blanks that were filled are empty again, what other modules carried over is back at the lead, and the lead is
/// open. Otherwise it is refused, with what has been changed since, and nothing is changed.
enum LeadReversion {
    static let action = Action(
        "revert_conversion", .writes,
        summary: "Takes a conversion back, while nobody has gone on with what it made.",
        description: """
            For administrators. What the conversion made goes to the recycle bin, and everything is back at the lead. \
            Refused, naming them, when records that it made have been changed, linked or referred to since.
            """,
        parameters: [Parameter("lead", .id(of: "lead"), "The converted lead.", required: true)],
        result: .object([Parameter("lead", .id(of: "lead"), "The lead, which is open again.")]),
        requires: AccessRight(.utility("convert_lead"), "lead"), revert)

    @Sendable
    private static func revert(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let id = parameters["lead"]?.value.reference else {
            throw CRMError(.invalidParameters, "a conversion is of a lead")
        }
        let lead = try context.get("lead", id)
        guard context.caller.isAdministrator else {
            throw CRMError(.forbidden, "a conversion is taken back by an administrator")
        }
        guard lead["converted"] == true else {
            let name = lead["lead_no"].text ?? id.description
            throw CRMError(.invalidRecord, "lead \"\(name)\" is not converted")
        }
        try context.undoChange(of: "converted_at", "lead", id)
        return .object(["lead": .value(.reference(id))])
    }
}
