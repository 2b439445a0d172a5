import CRMSDK
import Identity
import JSON
import Records
import Registry

/// API keys: what programs log in with.
enum KeyMethods {
    static let all: [Method] = [
        Method(
            "api_key.create", needs: .session, .writes, "Makes an API key.",
            "Its rights are at most its user's; a key narrowed by scopes is never an administrator. A key cannot make another.",
            parameters: [
                Parameter("name", .text(maximumLength: 100), "For people.", required: true),
                Parameter(
                    "scopes", .list(of: .text),
                    "Module and verb, such as \"sales:view\"; \"*\" or nothing is everything."),
                Parameter(
                    "addresses", .list(of: .text),
                    "Where it may be used from, such as \"192.0.2.0/24\"; anywhere where it is not given."),
                Parameter("expires_at", .field(.datetime), "When it ends; never where it is not given."),
                Parameter(
                    "contact", .id(of: "contact"),
                    "For a customer in a portal: of what the user reaches, only that which is this contact's or their account's."
                ),
                AuthMethods.user,
            ],
            result: .object([
                Parameter("key", .object([]), "The key, as api_key.list has it.", required: true),
                Parameter("token", .text, "To be sent with every call; not shown again.", required: true),
            ]), errors: [.limitExceeded]
        ) { scope throws(CRMError) in
            let call = try scope.identityCall()
            let contact = try Self.contact(scope)
            let request = try APIKeyRequest(
                name: try scope.arguments.text("name"),
                scopes: scope.arguments.textsIfGiven("scopes") ?? ["*"],
                addresses: scope.arguments.textsIfGiven("addresses") ?? [],
                expiresAt: scope.arguments.textIfGiven("expires_at").flatMap { Instant($0) }, contact: contact
            )
            let user = try scope.userMeant()
            let identity = scope.services.identity
            return .elsewhere { answer in
                identity.createKey(request, for: user, call) { result in
                    answer(
                        result.json { made, writer in
                            writer.beginObject()
                            writer.key("key")
                            write(made.key, to: &writer)
                            writer.key("token")
                            writer.string(made.token)
                            writer.endObject()
                        })
                }
            }
        },
        Method(
            "api_key.list", needs: .session, .reads, "The API keys of a user, newest first.",
            parameters: [AuthMethods.user],
            result: .object([
                Parameter("keys", .list(of: .object([])), "Never with their tokens.", required: true)
            ])
        ) { scope throws(CRMError) in
            let keys = try scope.services.identity.keys(of: try scope.userMeant(), try scope.identityCall())
            scope.writer.beginObject()
            scope.writer.key("keys")
            scope.writer.beginArray()
            for key in keys { write(key, to: &scope.writer) }
            scope.writer.endArray()
            scope.writer.endObject()
            return .done
        },
        Method(
            "api_key.revoke", needs: .session, .writes, "Ends an API key at once.",
            parameters: [Parameter("key", .integer, "As api_key.list names it.", required: true)],
            result: .done,
            errors: [.notFound]
        ) { scope throws(CRMError) in
            let call = try scope.identityCall()
            let key = scope.arguments.integerIfGiven("key") ?? 0
            let identity = scope.services.identity
            return .elsewhere { answer in identity.revokeKey(key, call) { answer($0.json(writeDone)) } }
        },
    ]

    /// One that the caller may view.
    private static func contact(_ scope: CallScope) throws(CRMError) -> RecordID? {
        guard let id = scope.arguments.integerIfGiven("contact").map({ RecordID($0) }) else { return nil }
        let entity = try scope.snapshot.registry.entity("contact")
        try scope.services.records.requireVisible(
            try scope.context(), scope.snapshot, on: scope.reader, id: id, entity, named: "contact")
        return id
    }

    private static func write(_ key: APIKeySummary, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.int(key.id)
        writer.key("name")
        writer.string(key.name)
        writer.key("scopes")
        writer.strings(key.scopes.texts)
        writer.key("addresses")
        writer.strings(key.addresses.map { "\($0)" })
        writer.key("created_at")
        writer.instant(key.createdAt)
        writer.key("expires_at")
        writer.instant(key.expiresAt)
        writer.key("contact")
        if let contact = key.contact { writer.int(contact.rawValue) } else { writer.null() }
        writer.key("last_used_at")
        writer.instant(key.lastUsedAt)
        writer.endObject()
    }
}
