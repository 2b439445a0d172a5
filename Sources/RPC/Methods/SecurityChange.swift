import CRMSDK
import JSON
import Records
import Security

/// One way of changing who may do what: a row that its method and `security.what_if` share, so that what is tried out
/// is what would be done.
struct SecurityChange: Sendable {
    /// What is done inside a unit of work.
    typealias Step =
        @Sendable (SecurityAdministration) throws(CRMError) -> SecurityAdministration.Outcome

    /// The method's name.
    let name: String
    let summary: String
    let description: String
    let parameters: [Parameter]
    let example: Method.Example?
    /// Reads the parameters, which were held against the row before.
    let read: @Sendable (Arguments) throws(CRMError) -> Step

    init(
        _ name: String, _ summary: String, _ description: String = "", _ parameters: [Parameter],
        example: Method.Example? = nil,
        read: @escaping @Sendable (Arguments) throws(CRMError) -> Step
    ) {
        self.name = name
        self.summary = summary
        self.description = description
        self.parameters = parameters
        self.example = example
        self.read = read
    }

    static let all = profiles + roles + groups + sharing

    /// One unit of work; the answer names the record and warns of what has no effect.
    var method: Method {
        Method(
            name, needs: .administrator, .writes, summary, description,
            parameters: parameters + [RecordMethods.dryRun],
            result: .object([
                Parameter("id", .any, "The record that was made or changed, or null.", required: true),
                Parameter(
                    "warnings", .list(of: .object([])), "Why it does less than it says: code and message.",
                    required: true),
            ]), errors: [.notFound, .invalidRecord, .duplicate], example: example
        ) { scope throws(CRMError) in
            let step = try read(scope.arguments)
            let (records, call) = (scope.services.records, try scope.context())
            let json = ValueJSON(scope.snapshot.currencies)
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                let outcome = try records.unit(transaction, call) { unit throws(CRMError) in
                    try step(SecurityAdministration(unit))
                }
                json.write(
                    .object([
                        .init("id", outcome.id.json),
                        .init("warnings", SecurityJSON.problems(outcome.warnings)),
                    ]), to: &writer)
            }
        }
    }
}

// MARK: - Parameters that several share

extension SecurityChange {
    static func id(_ what: String, _ name: String = "id") -> Parameter {
        Parameter(name, .id(of: what), "The \(what).", required: true)
    }

    static func replacement(_ what: String, required: Bool = true) -> Parameter {
        Parameter(
            "replacement", .id(), "The \(what) that takes its place everywhere.", required: required)
    }

    static let entity = Parameter("entity", .text(maximumLength: 60), "The entity's name.", required: true)
    static let name = Parameter("name", .text(maximumLength: 100), "Unique.", required: true)
    static let newName = Parameter("name", .text(maximumLength: 100), "Unique.")
    static let details = Parameter("description", .text, "What it is for.")

    static let permission = ParameterType.choice("none", "read", "read_write")

    static let party = ParameterType.object([
        Parameter(
            "kind", .choice("role", "role_and_subordinates", "group"), "What it is.", required: true),
        Parameter("id", .id(of: "role", "group"), "The role or the group.", required: true),
    ])

    static let member = ParameterType.object([
        Parameter(
            "kind", .choice("user", "role", "role_and_subordinates", "group"), "What it is.", required: true),
        Parameter("id", .id(of: "user", "role", "group"), "The user, the role or the group.", required: true),
    ])

    static let entityOrAll = Parameter(
        "entity", .text(maximumLength: 60), "The entity's name; * means all that the profile does not name.",
        required: true)

    static let verbs = Parameter(
        "verbs", .list(of: .text(maximumLength: 60)),
        "view, create, edit, delete, import, export, and modules' own; none where it is not given.")

    static let right: [Parameter] = [
        entityOrAll,
        Parameter("access", .boolean, "Whether the entity is there at all; true where it is not given."),
        verbs,
    ]
}

extension Arguments {
    func ids(_ name: String) -> [RecordID]? {
        self[name].map { $0.elements.compactMap { $0.int64.map(RecordID.init) } }
    }

    func idIfGiven(_ name: String) -> RecordID? { integerIfGiven(name).map(RecordID.init) }

    func flagIfGiven(_ name: String) -> Bool? { self[name]?.bool }

    func party(_ name: String) throws(CRMError) -> SharingParty {
        let node = Arguments(try node(name))
        guard let party = SharingParty(kind: try node.text("kind"), try node.id()) else {
            throw CRMError(.invalidParameters, "parameter \"\(name)\" is no party")
        }
        return party
    }

    func member(_ name: String) throws(CRMError) -> GroupMember { try Self.member(try node(name)) }

    func members(_ name: String) throws(CRMError) -> [GroupMember] {
        var members: [GroupMember] = []
        if let node = self[name] {
            for element in node.elements { members.append(try Self.member(element)) }
        }
        return members
    }

    private static func member(_ node: JSONNode) throws(CRMError) -> GroupMember {
        let node = Arguments(node)
        guard let member = GroupMember(kind: try node.text("kind"), try node.id()) else {
            throw CRMError(
                .invalidParameters, "a member's kind is user, role, role_and_subordinates or group")
        }
        return member
    }

    var right: SecurityAdministration.Right {
        get throws(CRMError) {
            SecurityAdministration.Right(
                entity: try text("entity"), access: flagIfGiven("access") ?? true, verbs: verbs)
        }
    }

    var verbs: Set<AccessVerb> { Set((textsIfGiven("verbs") ?? []).map(AccessVerb.utility)) }

    /// Values of those parameters that are given, by the field they stand for.
    func values(_ fields: [String: String], flags: [String] = []) -> [String: Value] {
        var values: [String: Value] = [:]
        for (parameter, field) in fields {
            if let text = textIfGiven(parameter) { values[field] = .text(text) }
        }
        for flag in flags {
            if let value = flagIfGiven(flag) { values[flag] = .bool(value) }
        }
        return values
    }
}
