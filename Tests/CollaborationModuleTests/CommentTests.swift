import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Comments: whose they are and where they stay")
struct CommentTests {
    let team: Team
    let comment: Record

    init() throws {
        team = try Team()
        comment = try team.create(
            "comment", ["body": "They liked it.", "related_to": .reference(team.account)])
    }

    @Test("a comment is signed by whoever writes it")
    func signature() {
        #expect(comment["author"] == .reference(RecordID(1)))
        #expect(comment["edited_at"] == .null)
    }

    @Test("its author edits it, which shows")
    func edit() throws {
        team.clock.advance(seconds: 60)
        let edited = try team.update(comment, ["body": "They loved it.", "edit_reason": "Understated."])
        #expect(edited["edited_at"] == instant("2026-03-10T09:01:00Z"))
        let flagged = try team.update(edited, ["internal": true])
        #expect(flagged["edited_at"] == edited["edited_at"], "other fields are no edit")
    }

    @Test("nobody else changes the words, but an administrator")
    func others() throws {
        team.call(as: 2)
        #expect(refusal { _ = try team.update(comment, ["body": "They hated it."]) }?.kind == .forbidden)
        #expect(refusal { _ = try team.update(comment, ["internal": true]) } == nil)
        team.call(as: 3, isAdministrator: true)
        #expect(try team.update(comment, ["body": "…"])["edited_at"] != .null)
    }

    @Test("a comment stays with its record")
    func place() throws {
        let other = try team.create("account", ["account_name": "Contoso"])
        let error = refusal { _ = try team.update(comment, ["related_to": .reference(other.id)]) }
        #expect(error?.fields.map(\.field) == ["related_to"])
        #expect(refusal { _ = try team.update(comment, ["parent_comment": .reference(comment.id)]) } != nil)
    }

    @Test("a reply is about the same record as what it answers")
    func replies() throws {
        let other = try team.create("account", ["account_name": "Contoso"])
        func reply(to account: RecordID) throws {
            _ = try team.create(
                "comment",
                [
                    "body": "Good.", "related_to": .reference(account),
                    "parent_comment": .reference(comment.id),
                ])
        }
        #expect(refusal { try reply(to: team.account) } == nil)
        #expect(refusal { try reply(to: other.id) }?.fields.map(\.field) == ["parent_comment"])
    }
}
