import CRMSDK
import Identity
import JSON
import Records
import Security

/// Who somebody is: logging in and out, passwords, sessions, keys for programs.
enum AuthMethods {
    static let all: [Method] = [login, logout, whoami, changePassword, sessions, revoke]

    static let userShape = ParameterType.object([
        Parameter("id", .id(of: "user"), "The user's record.", required: true),
        Parameter("username", .text, "The name to log in with.", required: true),
        Parameter("is_admin", .boolean, "Whether the user is an administrator.", required: true),
        Parameter("language", .text, "BCP 47.", required: true),
        Parameter("time_zone", .text, "IANA name.", required: true),
    ])

    private static let mustSetUp = Parameter(
        "must_set_up_second_factor", .boolean, "Whether second_factor.begin and confirm come first.",
        required: true)

    private static let login = Method(
        "auth.login", needs: .nothing, .writes, "Opens a session with user name and password.",
        "One answer for a wrong name, a wrong password, a code that is wrong or missing, and a user who may not log in: "
            + "whoever has guessed a password does not learn it from here. Too many of them make the account and the "
            + "address wait.",
        parameters: [
            Parameter("username", .text(maximumLength: 255), "The user's name.", required: true),
            Parameter("password", .text(maximumLength: 1024), "The password.", required: true),
            Parameter(
                "code", .text(maximumLength: 64),
                "The second factor's code, or a recovery code; for users who have set one up."),
        ],
        result: .object([
            Parameter("token", .text, "To be sent with every call; not shown again.", required: true),
            Parameter(
                "expires_at", .field(.datetime), "When the session ends at the latest.", required: true),
            Parameter(
                "must_change_password", .boolean, "Whether auth.change_password comes first.", required: true),
            mustSetUp,
            Parameter("user", userShape, "Who has logged in.", required: true),
        ]), errors: [.unauthenticated, .tooManyRequests, .unavailable],
        example: .init(
            parameters: #"{"username": "admin", "password": "correct horse battery staple"}"#,
            result:
                #"{"token": "…", "expires_at": "2026-11-23T03:24:20.123Z", "must_change_password": false, "must_set_up_second_factor": false, "user": {"id": 1, "username": "admin", "is_admin": true, "language": "en", "time_zone": "UTC"}}"#
        )
    ) { scope throws(CRMError) in
        let request = LoginRequest(
            username: try scope.arguments.text("username"), password: try scope.arguments.text("password"),
            code: scope.arguments.textIfGiven("code"), peer: scope.request.peer,
            source: scope.request.source.name)
        let identity = scope.services.identity
        return .elsewhere { answer in
            identity.login(request) { result in
                answer(
                    result.json { login, writer in
                        writer.beginObject()
                        writer.key("token")
                        writer.string(login.token)
                        writer.key("expires_at")
                        writer.instantString(millisecondsSince1970: login.expiresAt.millisecondsSince1970)
                        writer.key("must_change_password")
                        writer.bool(login.mustChangePassword)
                        writer.key("must_set_up_second_factor")
                        writer.bool(login.mustSetUpSecondFactor)
                        writer.key("user")
                        write(login.user, to: &writer)
                        writer.endObject()
                    })
            }
        }
    }

    private static let logout = Method(
        "auth.logout", needs: .session, .writes, "Ends the session that makes the call.",
        "An API key and the administrators' socket have no session: nothing happens.", result: .done
    ) { scope throws(CRMError) in
        let call = try scope.identityCall()
        let identity = scope.services.identity
        return .elsewhere { answer in identity.logout(call) { answer($0.json(writeDone)) } }
    }

    private static let whoami = Method(
        "auth.whoami", needs: .session, .none, "Who makes the call.",
        result: .object([
            Parameter("user", userShape, "The user.", required: true),
            Parameter(
                "by", .choice("session", "api_key", "console"), "How the caller is known.", required: true),
            Parameter("expires_at", .any, "When that ends; null where it does not.", required: true),
            Parameter(
                "must_change_password", .boolean, "Whether auth.change_password comes first.", required: true),
            mustSetUp,
            Parameter("scopes", .list(of: .text), "What an API key was narrowed to.", required: true),
        ])
    ) { scope throws(CRMError) in
        let session = try scope.session()
        scope.writer.beginObject()
        scope.writer.key("user")
        write(session.user, to: &scope.writer)
        scope.writer.key("by")
        scope.writer.string(session.principal.source.name)
        scope.writer.key("expires_at")
        scope.writer.instant(session.expiresAt)
        scope.writer.key("must_change_password")
        scope.writer.bool(session.mustChangePassword)
        scope.writer.key("must_set_up_second_factor")
        scope.writer.bool(session.mustSetUpSecondFactor)
        scope.writer.key("scopes")
        scope.writer.strings(session.scopes.texts)
        scope.writer.endObject()
        return .done
    }

    private static let changePassword = Method(
        "auth.change_password", needs: .session, .writes, "Changes the caller's own password.",
        "All other sessions of the user end.",
        parameters: [
            Parameter("current", .text(maximumLength: 1024), "The password until now.", required: true),
            Parameter("new", .text(maximumLength: 1024), "The password from now on.", required: true),
        ], result: .done, errors: [.invalidRecord, .tooManyRequests]
    ) { scope throws(CRMError) in
        let call = try scope.identityCall()
        let current = try scope.arguments.text("current")
        let new = try scope.arguments.text("new")
        let identity = scope.services.identity
        return .elsewhere { answer in
            identity.changePassword(call, current: current, new: new) { answer($0.json(writeDone)) }
        }
    }

    static let user = Parameter(
        "user", .id(of: "user"),
        "The user's record; the caller where it is not given, others for administrators only.")

    private static let sessions = Method(
        "auth.sessions", needs: .session, .reads, "The live sessions of a user, newest first.",
        parameters: [user],
        result: .object([
            Parameter("sessions", .list(of: .object([])), "Never with their tokens.", required: true)
        ])
    ) { scope throws(CRMError) in
        let call = try scope.identityCall()
        let sessions = try scope.services.identity.sessions(of: try scope.userMeant(), call)
        scope.writer.beginObject()
        scope.writer.key("sessions")
        scope.writer.beginArray()
        for session in sessions {
            scope.writer.beginObject()
            scope.writer.key("id")
            scope.writer.int(session.id)
            scope.writer.key("created_at")
            scope.writer.instant(session.createdAt)
            scope.writer.key("last_seen_at")
            scope.writer.instant(session.lastSeenAt)
            scope.writer.key("expires_at")
            scope.writer.instant(session.expiresAt)
            scope.writer.key("address")
            scope.writer.string(session.address)
            scope.writer.key("is_current")
            scope.writer.bool(call.session.origin == .login(session.id))
            scope.writer.endObject()
        }
        scope.writer.endArray()
        scope.writer.endObject()
        return .done
    }

    private static let revoke = Method(
        "auth.revoke", needs: .session, .writes, "Ends a session, or all of a user but the one that calls.",
        parameters: [
            Parameter("session", .integer, "As auth.sessions names it; all where it is not given."), user,
        ],
        result: .done, errors: [.notFound]
    ) { scope throws(CRMError) in
        let call = try scope.identityCall()
        let identity = scope.services.identity
        if let session = scope.arguments.integerIfGiven("session") {
            return .elsewhere { answer in identity.revokeSession(session, call) { answer($0.json(writeDone)) }
            }
        }
        let user = try scope.userMeant()
        return .elsewhere { answer in identity.revokeSessions(of: user, call) { answer($0.json(writeDone)) } }
    }

    private static func write(_ user: IdentityUser, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.int(user.id.rawValue)
        writer.key("username")
        writer.string(user.username)
        writer.key("is_admin")
        writer.bool(user.isAdministrator)
        writer.key("language")
        writer.string(user.language)
        writer.key("time_zone")
        writer.string(user.timeZone)
        writer.endObject()
    }
}

extension CallScope {
    /// The user that `user` names; the caller where it is not given.
    func userMeant() throws(CRMError) -> RecordID {
        let caller = try session().user.id
        return arguments.integerIfGiven("user").map { RecordID($0) } ?? caller
    }

    func identityCall() throws(CRMError) -> IdentityCall {
        IdentityCall(session: try session(), source: request.source.name, method: method.name)
    }
}

/// The result of what has nothing to tell: `{"done": true}`.
@Sendable func writeDone(_ nothing: Void, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("done")
    writer.bool(true)
    writer.endObject()
}

extension ParameterType {
    static var done: Self { .object([Parameter("done", .boolean, "True.", required: true)]) }
}

extension Result where Failure == CRMError {
    /// The answer's JSON.
    func json(_ write: (Success, inout JSONWriter) -> Void) -> Result<[UInt8], CRMError> {
        map { success in
            var writer = JSONWriter()
            write(success, &writer)
            return writer.finish()
        }
    }
}

extension JSONWriter {
    /// Null where there is none.
    mutating func instant(_ instant: Instant?) {
        if let instant { instantString(millisecondsSince1970: instant.millisecondsSince1970) } else { null() }
    }
}
