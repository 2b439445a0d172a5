import CRMSDK
import CRMSDKTesting
import Testing

@Suite("FAQ: from draft to published")
struct ArticleTests {
    @Test(
        "an article is reviewed before it is published",
        arguments: [
            ("draft", "reviewed", true), ("draft", "published", false), ("draft", "obsolete", true),
            ("reviewed", "published", true), ("reviewed", "draft", true), ("published", "reviewed", false),
            ("published", "obsolete", true), ("published", "draft", true), ("obsolete", "draft", true),
            ("obsolete", "published", false),
        ])
    func move(_ from: String, _ to: String, _ isAllowed: Bool) throws {
        let desk = try Desk()
        let article = try desk.article(["status": .text(from)])
        #expect((refusal { _ = try desk.update(article, ["status": .text(to)]) } == nil) == isAllowed)
    }

    @Test(
        "another wording of what was reviewed is a draft again",
        arguments: [
            ("draft", "draft"), ("reviewed", "draft"), ("published", "draft"), ("obsolete", "obsolete"),
        ])
    func rewording(_ before: String, _ after: String) throws {
        let desk = try Desk()
        let article = try desk.article(["status": .text(before)])
        #expect(try desk.update(article, ["answer": "It prints."])["status"] == .text(after))
    }

    @Test("other changes of a published article leave it published")
    func otherChanges() throws {
        let desk = try Desk()
        let article = try desk.article(["status": "published"])
        #expect(try desk.update(article, ["audience": "portal"])["status"] == "published")
    }

    @Test("publishing notes the day, unless the same write names one")
    func publishDate() throws {
        let desk = try Desk()
        let article = try desk.article(["status": "reviewed"])
        #expect(article["publish_date"] == .null)
        #expect(try desk.update(article, ["status": "published"])["publish_date"] == date("2026-03-10"))
        let other = try desk.article(["status": "reviewed"])
        let published = try desk.update(other, ["status": "published", "publish_date": date("2026-04-01")])
        #expect(published["publish_date"] == date("2026-04-01"))
    }

    @Test("an article cannot expire before it is published; the same day it can")
    func expiry() throws {
        let desk = try Desk()
        let error = refusal {
            _ = try desk.article(["publish_date": date("2026-04-02"), "expires_on": date("2026-04-01")])
        }
        #expect(error?.fields.map(\.field) == ["expires_on"])
        _ = try desk.article(["publish_date": date("2026-04-01"), "expires_on": date("2026-04-01")])
    }
}
