import CRMSDK

/// What a snapshot has worked out so far. Bounded by the ids and predicates it holds: past a bound the sets are
/// dropped and built again when asked for.
struct ReachCache {
    struct Key: Hashable {
        let user: RecordID
        let entity: String
        let reach: RecordReach
    }

    /// 64 MB of ids.
    static let maximumIDs = 8_000_000
    static let maximumPredicates = 100_000

    var users: [RecordID: UserReach] = [:]
    private var own: [RecordID: OwnerSet] = [:]
    private var predicates: [Key: AccessPredicate] = [:]
    private var parties: [SharingParty: OwnerSet] = [:]
    private var distinct: Set<OwnerSet> = []
    private var heldIDs = 0

    func predicate(_ key: Key) -> AccessPredicate? { predicates[key] }
    func own(_ user: RecordID) -> OwnerSet? { own[user] }
    func owners(_ party: SharingParty) -> OwnerSet? { parties[party] }

    mutating func keep(_ predicate: AccessPredicate, for key: Key) {
        if predicates.count >= Self.maximumPredicates { drop() }
        predicates[key] = predicate
    }
    mutating func keep(own owners: OwnerSet, of user: RecordID) { own[user] = owners }
    mutating func keep(_ owners: OwnerSet, of party: SharingParty) { parties[party] = owners }

    /// The one storage for this set of owners.
    mutating func interned(_ owners: OwnerSet) -> OwnerSet {
        let (isNew, kept) = distinct.insert(owners)
        if isNew { heldIDs += owners.count }
        if heldIDs > Self.maximumIDs { drop() }
        return kept
    }

    private mutating func drop() {
        own = [:]
        predicates = [:]
        parties = [:]
        distinct = []
        heldIDs = 0
    }
}
