import CRMSDK
import Crypto
import Testing

@testable import Identity

@Suite("Second factor")
struct SecondFactorTests {
    /// RFC 6238, appendix B, SHA-1: seconds and code of eight digits.
    private static let published: [(Int64, String)] = [
        (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
    ]
    private static let secret = Array("12345678901234567890".utf8)

    private func factor(after lastStep: UInt64? = nil) -> SecondFactor {
        SecondFactor(secret: Self.secret, isConfirmed: true, lastStep: lastStep, recoveryDigests: [])
    }

    @Test("the codes of RFC 6238 are right at their time", arguments: published)
    func vectors(seconds: Int64, code: String) {
        let step = UInt64(seconds / 30)
        #expect(factor().proof(by: code, secondsSince1970: seconds) == .step(step))
        #expect(factor().proof(by: String(code.suffix(6)), secondsSince1970: seconds) == .step(step))
        #expect(factor().proof(by: "00000000", secondsSince1970: seconds) == nil)
    }

    @Test("clocks may differ by one step of 30 s, not by two", arguments: -3...3)
    func drift(steps: Int64) {
        let code = TOTP.code(secret: Self.secret, secondsSince1970: 1_111_111_110)
        let proof = factor().proof(by: code, secondsSince1970: 1_111_111_110 + steps * 30)
        #expect((proof != nil) == (abs(steps) <= 1))
    }

    @Test("a code works once, and none before it works afterwards")
    func replay() throws {
        var factor = factor()
        let present = TOTP.code(secret: Self.secret, secondsSince1970: 3_000)
        let previous = TOTP.code(secret: Self.secret, secondsSince1970: 2_970)
        let next = TOTP.code(secret: Self.secret, secondsSince1970: 3_030)
        factor.spend(try #require(factor.proof(by: present, secondsSince1970: 3_000)))
        #expect(factor.proof(by: present, secondsSince1970: 3_000) == nil)
        #expect(factor.proof(by: previous, secondsSince1970: 3_000) == nil)
        #expect(factor.proof(by: next, secondsSince1970: 3_000) != nil)
    }

    // MARK: As people meet it

    /// A user with a second factor in force: the secret, and the recovery codes.
    private func enrolled(_ fixture: IdentityFixture) async throws -> (secret: [UInt8], recovery: [String]) {
        let call = try fixture.call(await fixture.token())
        let offer = try await answer {
            fixture.service.beginSecondFactor(call, password: IdentityFixture.password, completion: $0)
        }.get()
        #expect(offer.address == "otpauth://totp/CRM:anna?secret=\(offer.secret)&issuer=CRM")
        #expect(await fixture.login().error == nil, "not in force before it is confirmed")
        let secret = try #require(Base32.decode(offer.secret))
        let wrong = await answer { fixture.service.confirmSecondFactor(call, code: "000000", completion: $0) }
        #expect(wrong.error?.kind == .forbidden)
        let recovery = try await answer {
            fixture.service.confirmSecondFactor(call, code: code(secret, fixture), completion: $0)
        }.get()
        fixture.clock.advance(seconds: 30)
        return (secret, recovery)
    }

    private func code(_ secret: [UInt8], _ fixture: IdentityFixture) -> String {
        TOTP.code(secret: secret, secondsSince1970: fixture.clock.now.millisecondsSince1970 / 1_000)
    }

    @Test(
        "a log-in needs the code once the factor is in force; no answer tells whether the password was right")
    func login() async throws {
        let fixture = try IdentityFixture()
        let (secret, _) = try await enrolled(fixture)
        let missing = await fixture.login().error
        #expect(missing?.kind == .unauthenticated && missing?.rule == nil)
        #expect(missing?.message == "user name, password or code is wrong")
        let wrongBoth = await fixture.login("anna", "wrong").error
        #expect(wrongBoth?.message == "user name, password or code is wrong" && wrongBoth?.rule == nil)
        let wrongCode = await fixture.login(code: "000000").error
        #expect(wrongCode?.message == "user name, password or code is wrong" && wrongCode?.rule == nil)
        let right = code(secret, fixture)
        #expect(await fixture.login(code: right).error == nil)
        #expect(await fixture.login(code: right).error?.kind == .unauthenticated, "the same code again")
        try fixture.restart()
        #expect(await fixture.login(code: right).error?.kind == .unauthenticated, "nor after a restart")
        fixture.clock.advance(seconds: 30)
        #expect(await fixture.login(code: code(secret, fixture)).error == nil)
    }

    @Test("wrong codes count like wrong passwords")
    func throttled() async throws {
        let fixture = try IdentityFixture()
        let (secret, _) = try await enrolled(fixture)
        for _ in 0..<5 { _ = await fixture.login(code: "000000") }
        #expect(await fixture.login(code: code(secret, fixture)).error?.kind == .unauthenticated)
        fixture.clock.advance(seconds: 30)
        #expect(await fixture.login(code: code(secret, fixture)).error == nil)
    }

    @Test("a recovery code works once, however it is typed")
    func recovery() async throws {
        let fixture = try IdentityFixture()
        let (_, codes) = try await enrolled(fixture)
        #expect(Set(codes).count == 10)
        #expect(await fixture.login(code: codes[0]).error == nil)
        #expect(await fixture.login(code: codes[0]).error?.kind == .unauthenticated)
        let typed = codes[1].uppercased().replacing("-", with: " ")
        #expect(await fixture.login(code: typed).error == nil)
        try fixture.restart()
        #expect(await fixture.login(code: codes[1]).error?.kind == .unauthenticated)
        #expect(await fixture.login(code: codes[2]).error == nil)
    }

    @Test("it goes with the password, or by an administrator; a new password leaves it")
    func removal() async throws {
        let fixture = try IdentityFixture()
        let (secret, _) = try await enrolled(fixture)
        let call = try fixture.call(try await fixture.login(code: code(secret, fixture)).get().token)
        let again = await answer {
            fixture.service.beginSecondFactor(call, password: IdentityFixture.password, completion: $0)
        }
        #expect(again.error?.kind == .duplicate)
        let wrong = await answer {
            fixture.service.removeSecondFactor(call, password: "wrong", completion: $0)
        }
        #expect(wrong.error?.kind == .forbidden)
        let stranger = try fixture.call(await fixture.token("boris"))
        let refused = await answer {
            fixture.service.resetSecondFactor(of: IdentityFixture.anna, stranger, completion: $0)
        }
        #expect(refused.error?.kind == .forbidden)
        let console = try fixture.consoleCall()
        _ = try await answer {
            fixture.service.setPassword(
                of: IdentityFixture.anna, to: "another otter", console, completion: $0)
        }.get()
        #expect(await fixture.login("anna", "another otter").error?.kind == .unauthenticated)
        try await answer {
            fixture.service.resetSecondFactor(of: IdentityFixture.anna, console, completion: $0)
        }.get()
        #expect(await fixture.login("anna", "another otter").error == nil)
    }
}
