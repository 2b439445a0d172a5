import Crypto
import Foundation
import JSON
import TestKit
import Testing

@Suite("End to end: the second factor")
struct SecondFactorOverTheWireTests {
    private static let password = "seven grey geese flying"

    private func code(_ secret: String, stepsAhead: Int64 = 0) throws -> String {
        let key = try #require(Base32.decode(secret))
        return TOTP.code(
            secret: key, secondsSince1970: Int64(Date().timeIntervalSince1970) + stepsAhead * 30)
    }

    private func logIn(_ platform: TestPlatform, code: String?) throws -> Caller {
        let code = code.map { #","code":\#($0.jsonText)"# } ?? ""
        let answer = try Caller(platform).call(
            "auth.login", #"{"username":"anna","password":"\#(Self.password)"\#(code)}"#)
        return Caller(platform, token: try answer.string("token"))
    }

    private func refusal(_ platform: TestPlatform, password: String = password, code: String?) throws
        -> String
    {
        let code = code.map { #","code":\#($0.jsonText)"# } ?? ""
        let refusal = try Caller(platform).refusal(
            of: "auth.login", #"{"username":"anna","password":"\#(password)"\#(code)}"#)
        return
            "\(refusal.status) \(refusal.code) \(refusal.message) \(refusal.hint ?? "") \(refusal.rule ?? "")"
    }

    @Test("set up, asked for, replaced by a recovery code, reset by an administrator")
    func life() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        let role = try admin.call("role.list").array("roles")[0].integer("id")
        let user = try admin.create("user", #"{"username":"anna","last_name":"Plain","role":\#(role)}"#)
        let made = try admin.call("user.set_password", #"{"id":\#(user)}"#).string("password")
        try platform.logIn("anna", made).call(
            "auth.change_password", #"{"current":\#(made.jsonText),"new":"\#(Self.password)"}"#)

        let anna = try logIn(platform, code: nil)
        let secret = try anna.call("second_factor.begin", #"{"password":"\#(Self.password)"}"#).string(
            "secret")
        #expect(try anna.refusal(of: "second_factor.confirm", #"{"code":"000000"}"#).code == -32002)
        let first = try code(secret)
        let codes = try anna.call("second_factor.confirm", #"{"code":"\#(first)"}"#).array("recovery_codes")
        #expect(codes.count == 10)
        #expect(try anna.call("second_factor.status")["in_force"]?.bool == true)

        // No answer tells whether the password was right.
        let answers = try [
            refusal(platform, code: nil), refusal(platform, code: "000000"), refusal(platform, code: first),
            refusal(platform, password: "wrong", code: nil),
        ]
        #expect(Set(answers).count == 1, "\(answers)")
        let second = try logIn(platform, code: try code(secret, stepsAhead: 1))
        let recovery = try #require(codes[0].string)
        _ = try logIn(platform, code: recovery)
        #expect(try refusal(platform, code: recovery) == answers[0], "a recovery code opens once")
        #expect(try second.call("second_factor.status")["recovery_codes_left"]?.int64 == 9)

        let listed = try admin.call("auth.sessions", #"{"user":\#(user)}"#).array("sessions")
        #expect(listed.count == 4, "with the one that changed the password")
        #expect(try second.refusal(of: "second_factor.reset", #"{"user":\#(user)}"#).rule == "administrator")
        let reset = try platform.admin("second-factor", "reset", "anna")
        #expect(reset.code == 0, "\(reset)")
        #expect(try second.refusal(of: "auth.whoami").status == 401, "all sessions ended")
        _ = try logIn(platform, code: nil)
    }

    @Test("where it is required, nothing else can be done before it is set up")
    func required() throws {
        let platform = try TestPlatform(settings: ["CRM_REQUIRE_SECOND_FACTOR": "administrators"])
        let admin = try platform.logIn()
        #expect(try admin.call("auth.whoami")["must_set_up_second_factor"]?.bool == true)
        for method in ["role.list", "auth.sessions", "log.list"] {
            let refusal = try admin.refusal(of: method)
            #expect(refusal.message == "a second factor must be set up first", "\(refusal)")
        }
        let begun = try admin.call(
            "second_factor.begin", #"{"password":"\#(TestPlatform.administratorPassword)"}"#)
        let first = try code(try begun.string("secret"))
        try admin.call("second_factor.confirm", #"{"code":"\#(first)"}"#)
        #expect(try admin.call("role.list").array("roles").count == 1)
        // The administrators' socket is vouched for by the system.
        #expect(try platform.admin("role", "list").code == 0)
    }
}
