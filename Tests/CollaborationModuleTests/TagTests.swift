import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Tags")
struct TagTests {
    let team: Team

    init() throws { team = try Team() }

    func tag(_ name: String, _ scope: String = "shared") throws(CRMError) -> Record {
        try team.create("tag", ["name": .text(name), "scope": .text(scope)])
    }

    func put(_ tag: Record, on record: RecordID) throws(CRMError) -> Record {
        try team.create("tagging", ["tag": .reference(tag.id), "record": .reference(record)])
    }

    @Test("a shared name is there once, however it is written")
    func sharedNames() throws {
        let first = try tag("VIP")
        #expect(refusal { _ = try tag("vip") }?.kind == .duplicate)
        let second = try tag("Key")
        #expect(refusal { _ = try team.update(second, ["name": "Vip"]) }?.kind == .duplicate)
        #expect(refusal { _ = try team.update(first, ["name": "vip"]) } == nil, "it may be rewritten itself")
    }

    @Test("a personal name is there once for each person, beside a shared one")
    func personalNames() throws {
        _ = try tag("VIP")
        _ = try tag("VIP", "personal")
        #expect(refusal { _ = try tag("vip", "personal") }?.kind == .duplicate)
        team.call(as: 2)
        #expect(refusal { _ = try tag("vip", "personal") } == nil)
    }

    @Test("a restored tag does not double one that was made meanwhile")
    func restored() throws {
        let first = try tag("VIP")
        try team.context.delete("tag", first.id)
        _ = try tag("vip")
        #expect(refusal { _ = try team.context.restore("tag", first.id) }?.kind == .duplicate)
    }

    @Test("a tag is on a record once, and stays the tag and the record that it is")
    func taggings() throws {
        let tag = try tag("VIP")
        let tagging = try put(tag, on: team.account)
        #expect(refusal { _ = try put(tag, on: team.account) }?.kind == .duplicate)
        let other = try self.tag("Key")
        #expect(refusal { _ = try team.update(tagging, ["tag": .reference(other.id)]) } != nil)
        try team.context.delete("tagging", tagging.id)
        _ = try put(tag, on: team.account)
        #expect(refusal { _ = try team.context.restore("tagging", tagging.id) }?.kind == .duplicate)
    }

    @Test("a personal tag is its owner's to put on records and to take off")
    func personalTaggings() throws {
        let mine = try tag("Mine", "personal")
        let tagging = try put(mine, on: team.account)
        let other = try team.create("account", ["account_name": "Contoso"]).id
        team.call(as: 2)
        #expect(refusal { _ = try put(mine, on: other) }?.kind == .forbidden)
        #expect(refusal { try team.context.delete("tagging", tagging.id) }?.kind == .forbidden)
        team.call(as: 1)
        try team.context.delete("tagging", tagging.id)
    }

    @Test("a tag that is deleted comes off all records")
    func cleared() throws {
        let tag = try tag("VIP")
        let kept = try self.tag("Key")
        _ = try put(tag, on: team.account)
        _ = try put(kept, on: team.account)
        try team.context.delete("tag", tag.id)
        let left = try team.context.list(ListRequest("tagging"))
        #expect(left.map { $0["tag"] } == [.reference(kept.id)])
    }
}
