import CRMSDK
import JSON
import Records
import Registry
import Security
import Storage
import Text

/// Why somebody may or may not do something, and what a change of rights would do.
enum SecurityMethods {
    static let all = [explain, whatIf]

    // MARK: Explain

    private static let explain = Method(
        "security.explain", needs: .session, .writes, "Why somebody may do something, or not.",
        "The steps tried, the one that decided, and for a refusal the smallest change that would allow it. About "
            + "others only administrators ask; what the asker may not see is not found, and who else has rights is not told.",
        parameters: [
            Parameter("user", .id(of: "user"), "Whose right; the caller's where it is not given."),
            Parameter(
                "action", .text(maximumLength: 60),
                "view, create, edit, delete, import, export or a module's own.",
                required: true),
            Parameter("entity", .text(maximumLength: 60), "The entity; the record's where it is not given."),
            Parameter("id", .id(), "The record; the entity as such where it is not given."),
            Parameter("field", .text(maximumLength: FieldRightName.limit), "Ask for this field as well."),
        ],
        result: .object([
            Parameter("allowed", .boolean, "The decision.", required: true),
            Parameter("decided_by", .text, "What decided, in short.", required: true),
            Parameter("step", .integer, "The number of the step that decided, 1 to 14.", required: true),
            Parameter("message", .text, "The decision as a sentence.", required: true),
            Parameter("steps", .list(of: .object([])), "Those tried: step, title, answer.", required: true),
            Parameter("field", .any, "Whether the field is visible and editable, and why not; or null."),
            Parameter("remedies", .list(of: .text), "What would have allowed it, together.", required: true),
        ]), errors: [.notFound],
        example: .init(
            parameters:
                #"{"action": "edit", "entity": "account", "id": 17, "user": 660}"#,
            result:
                #"{"allowed": false, "decided_by": "no grant", "step": 14, "message": "edit on account is refused at step 14, no grant: neither ownership, nor the default, nor a sharing rule gives it", "steps": [{"step": 14, "title": "nothing allowed it", "answer": "refused"}], "field": null, "remedies": ["a sharing rule on account from role Organisation to role Sales North with read_write"]}"#
        )
    ) { scope throws(CRMError) in
        let (question, json) = (try Asked(scope), ValueJSON(scope.snapshot.currencies))
        return .write(.commit) { transaction, writer throws(CRMError) in
            let explanation = try question.explain(transaction)
            try question.note(transaction)
            json.write(question.answer(explanation), to: &writer)
        }
    }

    // MARK: What if

    private static let whatIf = Method(
        "security.what_if", needs: .administrator, .reads,
        "Who would gain and who would lose records, if rights were changed.",
        "The changes are tried in order and undone; then what each user reaches is counted before and after.",
        parameters: [
            Parameter(
                "changes",
                .list(
                    of: .object([
                        Parameter(
                            "method", .text(maximumLength: 60),
                            "One that changes rights: sharing.set_default …",
                            required: true),
                        Parameter("params", .any, "Its parameters."),
                    ])), "At most 20.", required: true)
        ],
        result: .object([
            Parameter(
                "differences", .list(of: .object([])),
                "User, entity, action, and how many records are gained and lost, with examples.",
                required: true),
            Parameter("warnings", .list(of: .object([])), "Of the changes.", required: true),
            Parameter("partial", .boolean, "Whether there is more than was counted.", required: true),
        ]), errors: [.notFound, .invalidRecord, .duplicate],
        example: .init(
            parameters:
                #"{"changes": [{"method": "sharing.set_default", "params": {"entity": "account", "sharing": "public_read"}}]}"#,
            result:
                #"{"differences": [{"user": {"id": 660, "username": "ada"}, "entity": "account", "action": "view", "gains": {"count": 88, "examples": [{"id": 17, "label": "Acme"}]}, "loses": {"count": 0, "examples": []}}], "warnings": [], "partial": false}"#
        )
    ) { scope throws(CRMError) in
        let steps = try steps(try scope.arguments.node("changes"))
        let (services, call, snapshot) = (scope.services, try scope.context(), scope.snapshot)
        return .scan { reader, writer throws(CRMError) in
            let records = services.records
            let tried = try services.database.writer.perform(mode: .rollBack) {
                transaction throws(CRMError) in
                try records.unit(transaction, call) { unit throws(CRMError) -> Tried in
                    let administration = SecurityAdministration(unit)
                    var warnings: [SecurityProblem] = []
                    for step in steps { warnings += try step(administration).warnings }
                    return Tried(facts: try administration.factsNow(), warnings: warnings)
                }
            }
            var whatIf = WhatIf(call, records, snapshot, after: tried.facts)
            let report = try whatIf.report(on: reader)
            try services.database.writer.perform { transaction throws(CRMError) in
                try SecurityMethods.note(call, transaction)
            }
            ValueJSON(snapshot.currencies).write(answer(report, tried, snapshot), to: &writer)
        }
    }

    private struct Tried: Sendable {
        let facts: SecurityFacts
        let warnings: [SecurityProblem]
    }

    private static func steps(_ node: JSONNode) throws(CRMError) -> [SecurityChange.Step] {
        guard node.count <= 20 else {
            throw CRMError(.limitExceeded, "\(node.count) changes are over the limit of 20")
        }
        var steps: [SecurityChange.Step] = []
        for (index, element) in node.elements.enumerated() {
            let name = element["method"]?.string ?? ""
            guard let change = SecurityChange.all.first(where: { $0.name == name }) else {
                var error = CRMError(
                    .invalidParameters, "changes[\(index)]: \"\(name.prefix(60))\" does not change rights")
                error.candidates = Spelling.nearest(to: name, among: SecurityChange.all.map(\.name))
                throw error
            }
            try ParameterReading.check(
                element["params"], against: change.parameters, at: "changes[\(index)].params")
            steps.append(try change.read(Arguments(element["params"])))
        }
        return steps
    }

    private static func answer(
        _ report: WhatIf.Report, _ tried: Tried, _ snapshot: KernelSnapshot
    ) -> StructuredValue {
        func side(_ side: WhatIf.Side) -> StructuredValue {
            .object([
                .init("count", .count(side.count)),
                .init(
                    "examples",
                    .list(
                        side.examples.map {
                            .object([.init("id", $0.id.json), .init("label", .text($0.label))])
                        })),
            ])
        }
        let differences = report.differences.map { difference in
            StructuredValue.object([
                .init(
                    "user",
                    .object([
                        .init("id", difference.user.json),
                        .init("username", .text(snapshot.people[difference.user]?.username ?? "")),
                    ])), .init("entity", .text(difference.entity)),
                .init("action", .text(difference.verb.name)), .init("gains", side(difference.gained)),
                .init("loses", side(difference.lost)),
            ])
        }
        return .object([
            .init("differences", .list(differences)),
            .init("warnings", SecurityJSON.problems(tried.warnings)),
            .init("partial", .flag(report.isPartial)),
        ])
    }

    /// Who asks about rights stands in the log: questions tell as well.
    fileprivate static func note(_ call: CallContext, _ transaction: WriteTransaction) throws(CRMError) {
        try transaction.append(
            ChangeEntry(
                .security, actor: call.principal.user, source: call.source.name, method: call.method,
                payload: Array("{}".utf8)))
    }
}

/// A question to `security.explain`, and what its asker may be told.
private struct Asked: Sendable {
    private let records: RecordService
    private let snapshot: KernelSnapshot
    private let call: CallContext
    private let isAdministrator: Bool
    private let user: RecordID
    private let verb: AccessVerb
    private let entityName: String?
    private let id: RecordID?
    private let field: String?
    private let view: FieldView

    init(_ scope: CallScope) throws(CRMError) {
        records = scope.services.records
        snapshot = scope.snapshot
        call = try scope.context()
        isAdministrator = scope.snapshot.isAdministrator(call.principal)
        user = scope.arguments.idIfGiven("user") ?? call.principal.user
        verb = .utility(try scope.arguments.text("action"))
        entityName = scope.arguments.textIfGiven("entity")
        id = scope.arguments.idIfGiven("id")
        field = scope.arguments.textIfGiven("field")
        view = try scope.fieldView()
        guard user == call.principal.user || isAdministrator else {
            var error = CRMError(.forbidden, "only an administrator may ask about others")
            error.rule = "administrator"
            throw error
        }
        guard entityName != nil || id != nil else {
            throw CRMError(.invalidParameters, "parameter \"entity\" or \"id\" is missing")
        }
    }

    func explain(_ transaction: WriteTransaction) throws(CRMError) -> Explanation {
        let entity: Entity
        var record: RecordFacts?
        if let id {
            entity = try records.entity(of: id, named: entityName, snapshot, transaction)
            try records.requireVisible(call, snapshot, on: transaction, id: id, entity, named: entityName)
            record = try records.recordFacts(id, entity, snapshot, on: transaction)
            guard record != nil else { throw .recordNotFound(id, entity: entityName) }
        } else {
            entity = try snapshot.registry.readable(entityName ?? "")
        }
        if let field { _ = try view.field(at: field, of: entity) }
        guard let asked = snapshot.security.facts.users[user] else {
            throw .recordNotFound(user, entity: "user")
        }
        let principal = Principal(user: user, isAdministrator: asked.isAdministrator, source: .session)
        return snapshot.security.explain(principal, verb, entity.name, record: record, field: field)
    }

    func note(_ transaction: WriteTransaction) throws(CRMError) {
        try SecurityMethods.note(call, transaction)
    }

    func answer(_ explanation: Explanation) -> StructuredValue {
        let decision = explanation.decision
        let steps = explanation.steps.map { step in
            StructuredValue.object([
                .init("step", .count(Int64(step.number))), .init("title", .text(step.title)),
                .init("answer", .text(step.answer.rawValue)),
            ])
        }
        let field = explanation.field.map { field in
            StructuredValue.object([
                .init("name", .text(field.field)), .init("visible", .flag(field.isVisible)),
                .init("editable", .flag(field.isEditable)),
                .init("message", field.message.map { .text($0) } ?? .value(.null)),
            ])
        }
        // Rules, profiles and parties are the administrators' business: others are told what kind of change it takes.
        let remedies = explanation.remedies.map { isAdministrator ? $0.message : $0.change.kind }
        return .object([
            .init("allowed", .flag(decision.allowed)),
            .init("decided_by", .text(isAdministrator ? decision.decidedBy : decision.reason.name)),
            .init("step", .count(Int64(decision.step))),
            .init("message", .text(isAdministrator ? decision.message : decision.plainMessage)),
            .init("steps", .list(steps)), .init("field", field ?? .value(.null)),
            .init("remedies", .list(remedies.map { .text($0) })),
        ])
    }
}

extension AccessDecision {
    /// The decision without the rule's id.
    fileprivate var plainMessage: String {
        "\(verb.name) on \(entity) is \(allowed ? "allowed" : "refused") at step \(step): \(reason.meaning)"
    }
}

extension Remedy.Change {
    /// What kind of change it is, without names.
    fileprivate var kind: String {
        switch self {
        case .activate: "an active user"
        case .makeAdministrator: "an administrator's rights"
        case .giveRole: "a role"
        case .giveProfile: "a profile for the role"
        case .grantAccess: "access to the module in a profile"
        case .grantAction: "the action in a profile"
        case .share: "a sharing rule"
        case .join: "membership of the owning group"
        case .widenDefault: "a wider default of the organisation"
        case .switchFieldOn: "the field switched on for the organisation"
        case .showField: "the field shown by a profile"
        case .unlockField: "the field unlocked in a profile"
        }
    }
}
