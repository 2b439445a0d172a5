import CRMSDK
import Crypto
import Installation
import JSON
import Storage
import Text

/// Changes of the schema by the list: planned, shown, then applied as one; and the work that they leave behind.
enum SchemaMethods {
    private static let changeLimit = 200

    private static let changes = Parameter(
        "changes",
        .list(
            of: .object([
                Parameter("method", .text(maximumLength: 60), "Such as field.create.", required: true),
                Parameter("params", .any, "As that method takes them.", required: true),
            ])), "In order; each finds what the one before has left.", required: true)

    static let all: [Method] =
        SchemaVerb.all.map(\.method) + [
            Method(
                "schema.plan", needs: .administrator, .reads,
                "What changes of the schema would do, what depends on them, and which records do not fit.",
                "Nothing is changed. The token is for schema.apply with the same changes.",
                parameters: [changes],
                result: .object(
                    [Parameter("plan", .text, "The token.", required: true)] + SchemaJSON.members),
                errors: [.duplicate, .limitExceeded],
                example: .init(
                    parameters:
                        #"{"changes": [{"method": "field.create", "params": {"entity": "account", "name": "x_site", "type": "url"}}]}"#,
                    result:
                        #"{"plan": "70-b7aac3c165934bdf6b2289287c7b0d38", "steps": ["add the field \"x_site\" (url) to \"account\"", "renew the view \"account\""], "findings": [], "notes": [], "tasks": []}"#
                )
            ) { scope throws(CRMError) in
                let (call, installation) = (try scope.context(), scope.services.installation)
                let (wanted, digest) = (try read(scope.arguments), try digest(scope.arguments))
                return .scan { reader, writer throws(CRMError) in
                    let report = try installation.plan(call, wanted, on: reader)
                    SchemaJSON.write(report, plan: "\(report.generation)-\(digest)", to: &writer)
                }
            },
            Method(
                "schema.apply", needs: .administrator, .writes,
                "Does what schema.plan has shown: all of it, or nothing.",
                "Refused when the schema has changed since the plan was made.",
                parameters: [
                    changes, Parameter("plan", .text(maximumLength: 100), "The token.", required: true),
                ],
                result: SchemaJSON.answer, errors: [.versionConflict, .duplicate, .limitExceeded],
                example: .init(
                    parameters:
                        #"{"changes": [{"method": "field.create", "params": {"entity": "account", "name": "x_site", "type": "url"}}], "plan": "70-b7aac3c165934bdf6b2289287c7b0d38"}"#,
                    result:
                        #"{"steps": ["add the field \"x_site\" (url) to \"account\"", "renew the view \"account\""], "findings": [], "notes": [], "tasks": []}"#
                )
            ) { scope throws(CRMError) in
                let (call, installation) = (try scope.context(), scope.services.installation)
                let wanted = try read(scope.arguments)
                let token = try scope.arguments.text("plan").split(separator: "-").map(String.init)
                guard token.count == 2, let generation = Int64(token[0]),
                    token[1] == (try digest(scope.arguments))
                else {
                    throw CRMError(
                        .versionConflict, "the plan is not of these changes",
                        hint: "Send the changes that were planned.")
                }
                return .write(.commit) { transaction, writer throws(CRMError) in
                    SchemaJSON.write(
                        try installation.apply(call, wanted, expecting: generation, in: transaction),
                        to: &writer)
                }
            },
            Method(
                "schema.tasks", needs: .administrator, .reads,
                "The work that changes of the schema have left behind, the latest first.",
                parameters: [Parameter("limit", .integer(1...1000), "How many; 50 where it is not given.")],
                result: .object([
                    Parameter(
                        "tasks", .list(of: .object(SchemaJSON.task)), "The latest first.", required: true)
                ]),
                example: .init(
                    parameters:
                        #"{"limit": 1}"#,
                    result:
                        #"{"tasks": [{"id": 14, "kind": "change_type", "entity": "account", "field": "x_year", "status": "running", "done": 2000, "unfit": 0, "records": []}]}"#
                )
            ) { scope throws(CRMError) in
                let limit = Int(scope.arguments.integerIfGiven("limit") ?? 50)
                return .scan { reader, writer throws(CRMError) in
                    let tasks = try SchemaTaskStore.latest(reader, limit: limit)
                    writer.beginObject()
                    SchemaJSON.write(tasks, to: &writer)
                    writer.endObject()
                }
            },
        ]

    private static func read(_ arguments: Arguments) throws(CRMError) -> [SchemaChange] {
        let nodes = Array(try arguments.node("changes").elements)
        guard (1...changeLimit).contains(nodes.count) else {
            throw CRMError(.limitExceeded, "a plan has 1 to \(changeLimit) changes, not \(nodes.count)")
        }
        var changes: [SchemaChange] = []
        for (index, node) in nodes.enumerated() {
            let name = node["method"]?.string ?? ""
            guard let verb = SchemaVerb.all.first(where: { $0.name == name }) else {
                var error = CRMError(
                    .invalidParameters, "changes[\(index)]: \"\(name.prefix(60))\" does not change the schema"
                )
                error.candidates = Spelling.nearest(to: name, among: SchemaVerb.all.map(\.name))
                throw error
            }
            try ParameterReading.check(
                node["params"], against: verb.parameters, at: "changes[\(index)].params")
            changes.append(try verb.read(Arguments(node["params"])))
        }
        return changes
    }

    private static func digest(_ arguments: Arguments) throws(CRMError) -> String {
        SHA256.hash(try arguments.node("changes").rawBytes).bytes.prefix(16).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
