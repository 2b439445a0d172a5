import CRMSDK
import Identity
import JSON

/// The second factor: codes of an authenticator app (RFC 6238), beside the password.
enum SecondFactorMethods {
    private static let password = Parameter(
        "password", .text(maximumLength: 1024), "The caller's password.", required: true)

    static let all: [Method] = [
        Method(
            "second_factor.status", needs: .session, .reads,
            "Whether a user has a second factor, and needs one.",
            parameters: [AuthMethods.user],
            result: .object([
                Parameter("in_force", .boolean, "Whether a log-in needs a code.", required: true),
                Parameter("is_required", .boolean, "Whether the configuration asks for one.", required: true),
                Parameter("recovery_codes_left", .integer, "Those not used yet.", required: true),
            ])
        ) { scope throws(CRMError) in
            let status = try scope.services.identity.secondFactorStatus(
                of: try scope.userMeant(), try scope.identityCall())
            scope.writer.beginObject()
            scope.writer.key("in_force")
            scope.writer.bool(status.isInForce)
            scope.writer.key("is_required")
            scope.writer.bool(status.isRequired)
            scope.writer.key("recovery_codes_left")
            scope.writer.int(status.recoveryCodesLeft)
            scope.writer.endObject()
            return .done
        },
        Method(
            "second_factor.begin", needs: .session, .writes, "Makes a secret for the caller's app.",
            "No code is asked for yet: second_factor.confirm puts it in force. Beginning again replaces it.",
            parameters: [password],
            result: .object([
                Parameter("secret", .text, "In Base32, for typing.", required: true),
                Parameter("address", .text, "otpauth://…, for a square to scan.", required: true),
            ]), errors: [.duplicate, .tooManyRequests]
        ) { scope throws(CRMError) in
            let (call, password) = (try scope.identityCall(), try scope.arguments.text("password"))
            let identity = scope.services.identity
            return .elsewhere { answer in
                identity.beginSecondFactor(call, password: password) { result in
                    answer(
                        result.json { offer, writer in
                            writer.beginObject()
                            writer.key("secret")
                            writer.string(offer.secret)
                            writer.key("address")
                            writer.string(offer.address)
                            writer.endObject()
                        })
                }
            }
        },
        Method(
            "second_factor.confirm", needs: .session, .writes,
            "Puts the caller's second factor in force, by a first code.",
            parameters: [Parameter("code", .text(maximumLength: 64), "Of the app.", required: true)],
            result: .object([
                Parameter(
                    "recovery_codes", .list(of: .text), "Each good for one log-in; not shown again.",
                    required: true)
            ]), errors: [.notFound]
        ) { scope throws(CRMError) in
            let (call, code) = (try scope.identityCall(), try scope.arguments.text("code"))
            let identity = scope.services.identity
            return .elsewhere { answer in
                identity.confirmSecondFactor(call, code: code) { result in
                    answer(
                        result.json { codes, writer in
                            writer.beginObject()
                            writer.key("recovery_codes")
                            writer.strings(codes)
                            writer.endObject()
                        })
                }
            }
        },
        Method(
            "second_factor.remove", needs: .session, .writes, "Removes the caller's own second factor.",
            parameters: [password], result: .done, errors: [.tooManyRequests]
        ) { scope throws(CRMError) in
            let (call, password) = (try scope.identityCall(), try scope.arguments.text("password"))
            let identity = scope.services.identity
            return .elsewhere { answer in
                identity.removeSecondFactor(call, password: password) { answer($0.json(writeDone)) }
            }
        },
        Method(
            "second_factor.reset", needs: .administrator, .writes, "Removes somebody's second factor.",
            "For an administrator who has made sure who asks. All sessions of the user end.",
            parameters: [
                Parameter("user", .id(of: "user"), "The user's record.", required: true)
            ], result: .done, errors: [.notFound]
        ) { scope throws(CRMError) in
            let call = try scope.identityCall()
            let user = try scope.userMeant()
            let identity = scope.services.identity
            return .elsewhere { answer in
                identity.resetSecondFactor(of: user, call) { answer($0.json(writeDone)) }
            }
        },
    ]
}
