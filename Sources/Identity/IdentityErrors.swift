import CRMSDK

extension CRMError {
    /// The one answer to every log-in that does not succeed, whatever the reason.
    static let badLogin = CRMError(
        .unauthenticated, "user name, password or code is wrong",
        hint:
            "Who has set up a second factor sends its code as \"code\". After several wrong log-ins in a row a user name has to wait, up to 15 minutes."
    )

    static func tooManyLogins(retryAfterSeconds: Int) -> CRMError {
        var error = CRMError(
            .tooManyRequests, "there are too many log-ins at the moment", hint: "Try again later.")
        error.retryAfterSeconds = retryAfterSeconds
        return error
    }

    static let wrongCurrentPassword = CRMError(.forbidden, "the current password is wrong")

    static let notAnAdministrator = CRMError(.forbidden, "only an administrator can do that")

    static let notByKey = CRMError(
        .forbidden, "an API key cannot be used for that", hint: "Log in with a password.")

    static func sessionNotFound(_ id: Int64) -> CRMError {
        CRMError(.notFound, "session \(id) does not exist")
    }
    static func keyNotFound(_ id: Int64) -> CRMError { CRMError(.notFound, "API key \(id) does not exist") }
}
