import CRMSDK

/// A stage of the pipeline, as the picklist `sales_stage` holds it now.
///
/// What a stage means is data on the picklist's value, so that an administrator who adds a stage also says what
/// it is worth. The attributes:
///
/// - `class`: `open`, `won` or `lost`; a stage without it is open.
/// - `probability`: percent 0–100 that entering the stage sets; without it the probability stays.
/// - `limit_days`: how long a deal may stand in it before it is rotten; without it, for ever.
/// - `next_states`: the stages that may follow; see `LifeCycle`.
/// - `required_fields`: see `RequiredFields`.
///
/// Which stages belong together is said by the pipeline: see `PipelineStages`.
struct Stage: Hashable, Sendable {
    /// What a stage makes of a deal. A struct's names are the attribute's words.
    enum Class: String, Sendable {
        case open, won, lost
    }

    let key: String
    let label: String
    let `class`: Class
    /// Percent, scale 2; nil when the stage does not say.
    let probability: FixedDecimal?
    /// Whole days, at least 1; nil for no limit.
    let limitDays: Int64?

    var isClosed: Bool { `class` != .open }

    init(_ value: PicklistValue) {
        key = value.key
        label = value.label
        `class` = value.attributes["class"].flatMap(Class.init(rawValue:)) ?? .open
        probability = value.attributes["probability"].flatMap { try? FixedDecimal(parsing: $0, scale: 2) }
        limitDays = value.attributes["limit_days"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// All stages in the pipeline's order, retired ones too: old deals stand in them.
    static func all(in context: any ModuleContext) throws(CRMError) -> [Stage] {
        try values(in: context).map { Stage($0) }
    }

    /// The stage that a value of `sales_stage` names; nil for none, or one that is not in the picklist.
    static func named(_ value: Value, in context: any ModuleContext) throws(CRMError) -> Stage? {
        guard let key = value.text else { return nil }
        return try values(in: context).first { $0.key == key }.map { Stage($0) }
    }

    private static func values(in context: any ModuleContext) throws(CRMError) -> [PicklistValue] {
        let potential = try context.definition(of: "potential")
        return potential.fields.first { $0.name == "sales_stage" }?.type.values ?? []
    }

    /// The keys of the stages of a class, as the operand of `in`.
    static func keys(of class: Class, in context: any ModuleContext) throws(CRMError) -> Value {
        .list(try all(in: context).filter { $0.class == `class` }.map { .text($0.key) })
    }

    /// The ten stages that the module ships.
    static let shipped: [PicklistValue] = [
        stage("Prospecting", .open, 10),
        stage("Qualification", .open, 20),
        stage("Needs Analysis", .open, 25),
        stage("Value Proposition", .open, 30),
        stage("Id. Decision Makers", .open, 40),
        stage("Perception Analysis", .open, 50),
        stage("Proposal/Price Quote", .open, 65),
        stage("Negotiation/Review", .open, 80),
        stage("Closed Won", .won, 100).system(),
        stage("Closed Lost", .lost, 0, requiring: "loss_reason").system(),
    ]

    private static func stage(
        _ label: String, _ class: Class, _ probability: Int, requiring fields: String...
    ) -> PicklistValue {
        PicklistValue(label)
            .attribute("class", `class`.rawValue)
            .attribute("probability", String(probability))
            .attribute(
                RequiredFields.attribute, (["related_to", "closing_date"] + fields).joined(separator: " "))
    }
}
