/// A way in for people who have no account: each record of one of the module's entities is a gate, which an
/// administrator opens, and through which anybody may call a few of the module's actions.
///
/// The kernel keeps the gate. A call without credentials names a gate by its key and reaches nothing but these actions;
/// it is limited by address and by gate before anything else is done; it acts as the user whom the gate's record names,
/// without that user's rights as an administrator and with no entity in reach but those listed here; the change log
/// says through which gate, as whom and from where. Whatever becomes of it, the answer is the same, so that nobody
/// learns from it what the company knows: only mistakes in what the caller gave, an `invalidRecord` with fields, and
/// limits are told.
///
/// ```swift
/// manifest.gates = [
///     PublicGate(
///         "web_form", actions: ["submit_form"], reach: ["lead"], answer: .object(["accepted": .value(true)]))
/// ]
/// ```
///
/// Each action takes the gate's key as its required text parameter `form`, writes, and asks for no right of its own.
/// What it is told of the call is `ModuleContext.publicCall`.
public struct PublicGate: Sendable {
    /// An administrative entity of the module.
    public let entity: String
    /// Names of the module's actions.
    public let actions: [String]
    /// The entities that these actions may touch, with raised rights too. What hooks of others then do is not meant.
    public let reach: [String]
    /// What every call is answered.
    public let answer: StructuredValue
    /// The unique text field by which a gate is named; a hook gives it 20 characters of chance or more.
    public var keyField = "public_id"
    /// The boolean that opens it.
    public var openField = "active"
    /// The reference to the user as whom its calls act.
    public var userField = "run_as"
    /// The integer that says how many calls an hour it takes from everyone together; empty: `defaultHourlyLimit`.
    public var limitField = "hourly_limit"
    /// The integer that says how many calls an hour it takes from one address; empty: `defaultAddressLimit`.
    public var addressLimitField = "address_hourly_limit"
    /// How browsers see it; nil for gates that programs alone use.
    public var page: Page?

    /// A gate's page at `/forms/` and its key.
    public struct Page: Sendable {
        /// The module's action that answers what the page shows; it reads, and is called with what `PublicPage`
        /// describes.
        public let show: String
        /// The one of the gate's actions that takes what was filled in, as `values`: an object of texts.
        public let send: String

        public init(show: String, send: String) {
            self.show = show
            self.send = send
        }
    }

    public static let defaultHourlyLimit: Int64 = 200
    public static let defaultAddressLimit: Int64 = 10

    public init(
        _ entity: String, actions: [String], reach: [String], answer: StructuredValue, page: Page? = nil
    ) {
        self.entity = entity
        self.actions = actions
        self.reach = reach
        self.answer = answer
        self.page = page
    }
}

/// What the action that shows a gate's page is asked and answers.
///
/// It takes `form`, the key; `moment`, one of `moments`; `values`, an object of what was filled in, or of what stands
/// in the address; and `problems`, a list of objects with `field` and `message`. It answers `answer`.
public enum PublicPage {
    /// `fill_in` shows the form; `mistakes` shows it again with what was wrong; `sent` thanks.
    public static let moments = ["fill_in", "mistakes", "sent"]

    public static let parameters: [Parameter] = [
        Parameter("form", .text, "The form's public id.", required: true),
        Parameter(
            "moment", .field(.picklist(moments.map { PicklistValue($0, $0) })),
            "What the page is to show; fill_in without it."),
        Parameter("values", .any, "What was filled in, an object of texts."),
        Parameter(
            "problems",
            .list(
                of: .object([
                    Parameter("field", .text, "The field.", required: true),
                    Parameter("message", .text, "What is wrong with it.", required: true),
                ])), "What was wrong with that."),
    ]

    public static let answer = ParameterType.object([
        Parameter("html", .text, "A page that is whole in itself, without script.", required: true),
        Parameter("location", .text, "Where the browser goes instead: an address with https."),
        Parameter("leads_to", .text, "The origin that sending the page leads to, beside this one: https://…"),
    ])
}

/// A call through a gate, as the kernel tells the action about it.
public struct PublicCall: Hashable, Sendable {
    /// The gate's record, with all fields.
    public let gate: Record
    /// Where the call came from: an IP address, or `local`.
    public let address: String
    /// Whether it came from a page in a browser rather than as JSON-RPC.
    public let isPage: Bool
    /// The origin of the page that sent it, such as `https://www.example.com`, as the browser says in Origin or
    /// Referer; nil where it says none. Who is no browser can say what it likes.
    public let origin: String?
    /// Whether that is the gate's own page.
    public let isOwnPage: Bool

    public init(
        gate: Record, address: String, isPage: Bool = false, origin: String? = nil, isOwnPage: Bool = false
    ) {
        self.gate = gate
        self.address = address
        self.isPage = isPage
        self.origin = origin
        self.isOwnPage = isOwnPage
    }
}

/// What is wrong with a manifest's gates.
enum GateCheck {
    static func problems(_ manifest: ModuleManifest) -> [String] {
        let entities = manifest.gates.map(\.entity)
        return Dictionary(grouping: entities) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
            .map { "gate \"\($0)\" is defined twice" }
            + manifest.gates.flatMap { gate in
                (fields(gate, manifest) + actions(gate, manifest) + page(gate, manifest))
                    .map { "gate \"\(gate.entity)\": \($0)" }
            }
    }

    private static func fields(_ gate: PublicGate, _ manifest: ModuleManifest) -> [String] {
        guard let entity = manifest.entities.first(where: { $0.name == gate.entity }) else {
            return ["it is no entity of the module"]
        }
        // Whoever may write a gate lets others act as anybody.
        var problems = entity.isAdministrative ? [] : ["its entity is not administrative"]
        let wanted: [(String, Bool, (FieldDefinition) -> Bool)] = [
            (gate.keyField, true, { $0.type.name == "text" && $0.isUnique }),
            (gate.openField, true, { $0.type.name == "boolean" && $0.defaultText == "false" }),
            (
                gate.userField, true,
                { $0.type.name == "reference" && $0.type.targets == ["user"] && $0.isMandatory }
            ),
            (gate.limitField, false, { $0.type.name == "integer" }),
            (gate.addressLimitField, false, { $0.type.name == "integer" }),
        ]
        for (name, isNeeded, isFit) in wanted {
            guard let field = entity.fields.first(where: { $0.name == name }) else {
                if isNeeded { problems.append("there is no field \"\(name)\"") }
                continue
            }
            if !isFit(field) { problems.append("the field \"\(name)\" is not fit for it") }
        }
        return problems
    }

    private static func actions(_ gate: PublicGate, _ manifest: ModuleManifest) -> [String] {
        if gate.actions.isEmpty { return ["it leads to no action"] }
        return gate.actions.compactMap { name in
            guard let action = manifest.actions.first(where: { $0.name == name }) else {
                return "there is no action \"\(name)\""
            }
            let isFit = action.effect == .writes && action.requires == nil && takesKey(action)
            return isFit
                ? nil : "the action \"\(name)\" does not take a form, does not write, or asks for a right"
        }
    }

    private static func page(_ gate: PublicGate, _ manifest: ModuleManifest) -> [String] {
        guard let page = gate.page else { return [] }
        var problems: [String] = []
        let show = manifest.actions.first { $0.name == page.show }
        if show?.effect != .reads || show?.parameters.map(\.name) != PublicPage.parameters.map(\.name) {
            problems.append("\"\(page.show)\" is no action that shows its page")
        }
        let send = manifest.actions.first { $0.name == page.send }
        if !gate.actions.contains(page.send)
            || send?.parameters.contains(where: { $0.name == "values" }) != true
        {
            problems.append("\"\(page.send)\" is no action of it that takes values")
        }
        return problems
    }

    private static func takesKey(_ action: Action) -> Bool {
        action.parameters.contains { $0.name == "form" && $0.isRequired && $0.type == .text }
    }
}
