import CRMSDK
import Identity
import JSON
import Records

/// What users have beyond their records, which are read and written through `record.*` like any others.
enum UserMethods {
    private static let id = Parameter("id", .id(of: "user"), "The user's record.", required: true)

    static let all: [Method] = [
        Method(
            "user.set_password", needs: .administrator, .writes,
            "Gives somebody a password, to be changed at the next log-in.",
            "All sessions of the user end. Without a password one is made and answered once.",
            parameters: [
                id,
                Parameter(
                    "password", .text(maximumLength: 1024), "The password; made where it is not given."),
            ],
            result: .object([Parameter("password", .any, "The one that was made, or null.", required: true)]),
            errors: [.notFound, .invalidRecord]
        ) { scope throws(CRMError) in
            let call = try scope.identityCall()
            let user = try scope.arguments.id()
            let password = scope.arguments.textIfGiven("password")
            let identity = scope.services.identity
            return .elsewhere { answer in
                identity.setPassword(of: user, to: password, call) { result in
                    answer(
                        result.json { made, writer in
                            writer.beginObject()
                            writer.key("password")
                            if let made { writer.string(made) } else { writer.null() }
                            writer.endObject()
                        })
                }
            }
        },
        setting(
            "user.disable", "inactive",
            "Stops a user from calling and logging in, at once. The records stay theirs."),
        setting("user.enable", "active", "Lets a user log in again."),
    ]

    private static func setting(_ name: String, _ status: String, _ summary: String) -> Method {
        Method(
            name, needs: .administrator, .writes, summary, parameters: [id, RecordMethods.dryRun],
            result: .record(of: "user"), errors: [.notFound, .invalidRecord]
        ) { scope throws(CRMError) in
            let user = try scope.arguments.id()
            let answer = try WrittenRecord(scope)
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                _ = try answer.records.unit(transaction, answer.call) { unit throws(CRMError) in
                    try unit.update(user, entity: "user", ["status": .text(status)], version: nil)
                }
                try answer.write(user, "user", from: transaction, to: &writer)
            }
        }
    }
}
