import CRMSDK
import Security
import Testing

@Suite("Predicates and sets of owners")
struct PredicateTests {
    private let some = OwnerSet([3, 1, 2].map { RecordID($0) })

    @Test("a set of owners is ascending, without doubles, whatever it is made from")
    func ownerSet() {
        let set = OwnerSet([5, 1, 3, 5, 1].map { RecordID($0) })
        #expect(set.ids == [1, 3, 5].map { RecordID($0) })
        #expect(set.count == 3)
        #expect([0, 1, 2, 3, 4, 5, 6].filter { set.contains(RecordID($0)) } == [1, 3, 5])
        #expect(set == OwnerSet([RecordID(3), RecordID(1)]).union(OwnerSet([RecordID(5)])))
        #expect(!OwnerSet.empty.contains(RecordID(1)))
    }

    @Test("the normal form has no branch too many")
    func normalForm() {
        #expect(AccessPredicate.anyOf([.nothing, .nothing]) == .nothing)
        #expect(AccessPredicate.anyOf([.owners(some), .everything]) == .everything)
        #expect(AccessPredicate.anyOf([.owners(some)]) == .owners(some))
        #expect(AccessPredicate.anyOf([.owners(.empty)]) == .nothing)
        #expect(
            AccessPredicate.anyOf([.parent(entity: "account", field: "account", owners: .empty)]) == .nothing)
        #expect(AccessPredicate.anyOf([.belonging(entity: "task", field: "x", .nothing)]) == .nothing)
    }

    @Test("branches in another order, split or nested are the same predicate")
    func order() {
        let parent = AccessPredicate.parent(entity: "account", field: "account", owners: some)
        let other = AccessPredicate.parent(entity: "potential", field: "potential", owners: some)
        let one = AccessPredicate.anyOf([other, .owners(some), parent])
        let two = AccessPredicate.anyOf([
            .any([parent, other]), .owners(OwnerSet([RecordID(1), RecordID(2)])), parent,
            .owners(OwnerSet([RecordID(3)])),
        ])
        #expect(one == two)
        #expect(one.hashValue == two.hashValue)
        #expect(one == .any([.owners(some), parent, other]))
        #expect(one.directOwners == some)
    }

    @Test("people with equal rights have equal predicates")
    func equalRights() {
        var company = Company.sample()
        // Whatever sales owns, all of sales sees: then only the place in the tree could tell ann from bob.
        let sales = SharingParty.group(company.group("G_sales"))
        company.facts.rules = [
            SharingRule(
                id: RecordID(1), entity: "account", from: .group(company.group("G_hub")), to: sales,
                permission: .read),
            SharingRule(id: RecordID(2), entity: "account", from: sales, to: sales, permission: .read),
        ]
        let bobsID = company.user("bob")
        company.facts.groups[company.group("G_north")]?.members.append(.user(bobsID))
        let snapshot = company.snapshot()
        let ann = snapshot.predicate(company.principal("ann"), .view, "account")
        let bob = snapshot.predicate(company.principal("bob"), .view, "account")
        #expect(ann == bob && ann.hashValue == bob.hashValue)
        #expect(
            snapshot.predicate(company.principal("ann"), .edit, "account")
                != snapshot.predicate(company.principal("bob"), .edit, "account"))
    }

    @Test("contact has the predicate of account, for it has its default and rules")
    func follows() {
        var company = Company.sample()
        company.facts.rules = [company.rule("S2")].compactMap { $0 }
        let snapshot = company.snapshot()
        #expect(
            snapshot.predicate(company.principal("tom"), .view, "contact")
                == snapshot.predicate(company.principal("tom"), .view, "account"))
    }

    @Test("a related permission tests the owner of the parent, through the child's field")
    func parent() {
        var company = Company.sample()
        company.facts.rules = [company.rule("S4")].compactMap { $0 }
        let predicate = company.snapshot().predicate(company.principal("tom"), .edit, "ticket")
        let reps = OwnerSet([company.user("ann"), company.user("bob")])
        let own = OwnerSet([company.user("tom"), company.group("G_hub"), company.group("G_desk")])
        #expect(
            predicate == .any([.owners(own), .parent(entity: "account", field: "related_to", owners: reps)]))
    }

    @Test("a record is seen with the one it belongs to, and edited only by its own rights")
    func belonging() {
        var company = Company.sample()
        company.entities.append(
            SecuredEntity(name: "comment", sharing: .private, belongsTo: ["account": "related_to"]))
        let snapshot = company.snapshot()
        let account = company.record(7, ownedBy: "ann")
        let comment = RecordFacts(
            id: RecordID(8), owner: company.user("vic"), belongsTo: ["account": account])
        let ann = company.principal("ann")
        #expect(
            snapshot.decide(ann, .view, "comment", record: comment).decidedBy == "follows account")
        #expect(snapshot.decide(ann, .edit, "comment", record: comment).decidedBy == "no grant")
        #expect(!snapshot.decide(company.principal("bob"), .view, "comment", record: comment).allowed)
        let predicate = snapshot.predicate(ann, .view, "comment")
        let accounts = snapshot.predicate(ann, .view, "account")
        #expect(
            predicate
                == .any([
                    .owners(
                        OwnerSet(
                            [company.user("ann")]
                                + ["G_north", "G_field", "G_sales", "G_hub"].map(company.group))),
                    .belonging(entity: "account", field: "related_to", accounts),
                ]))
    }
}
