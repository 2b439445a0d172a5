package import CRMSDK
package import Query
package import Registry
package import Security
import Storage
import Synchronization

/// Everything that a call needs to know before it reads a record: registrations, rights, people, currencies.
///
/// Immutable. A change of any part makes a new snapshot, which is published after COMMIT; a call works to its end on
/// the one that it took first.
package final class KernelSnapshot: Sendable {
    package let registry: RegistrySnapshot
    package let security: SecuritySnapshot
    package let people: PeopleDirectory
    package let currencies: CurrencyDirectory
    /// The rules for duplicates that can work, by entity.
    let duplicateRules: [String: [DuplicateRule]]
    let plans = PlanCache()
    let insertions = Insertions()

    package init(registry: RegistrySnapshot, directories: Directories) {
        self.registry = registry
        people = directories.people
        currencies = directories.currencies
        security = SecuritySnapshot(facts: directories.facts, entities: registry.securedEntities)
        duplicateRules = DuplicateRule.awake(directories.duplicateRules, registry)
        self.directories = directories
    }

    /// What comes from records; kept so that a change of the registry alone need not read them again.
    let directories: Directories

    package func with(registry: RegistrySnapshot) -> KernelSnapshot {
        KernelSnapshot(registry: registry, directories: directories)
    }

    package func with(directories: Directories) -> KernelSnapshot {
        KernelSnapshot(registry: registry, directories: directories)
    }

    func viewpoint(_ call: CallContext, now: Instant, counts: RecordCounts?) -> Viewpoint {
        Viewpoint(
            registry: registry, security: security, principal: call.principal, currencies: currencies,
            clock: CallerClock(now: now, timeZone: call.timeZone), counts: counts)
    }
}

extension RegistrySnapshot {
    /// All entities as Security knows them; those of lines for the sake of their fields.
    var securedEntities: [SecuredEntity] {
        (entities + lineEntities).map { SecuredEntity($0.completeDefinition) }
    }
}

extension KernelSnapshot {
    /// Whether the principal has an administrator's rights, by the facts as they are now.
    package func isAdministrator(_ principal: Principal) -> Bool {
        guard principal.isAdministrator, let user = security.facts.users[principal.user] else { return false }
        return user.isAdministrator && user.isActive
    }
}

/// Where the current snapshot is kept.
package final class SnapshotHolder: Sendable {
    private let held: Mutex<KernelSnapshot>
    private let observers = Mutex<[@Sendable () -> Void]>([])

    /// Where what is published here goes when the unit of work is committed; nil for the one that all calls see.
    private let whole: SnapshotHolder?

    package init(_ snapshot: KernelSnapshot) {
        held = Mutex(snapshot)
        whole = nil
    }

    /// For several operations in one unit of work: each sees what those before it changed of people and rights, and
    /// everyone else sees it after COMMIT.
    private init(within whole: SnapshotHolder) {
        held = Mutex(whole.current)
        self.whole = whole
    }

    func within() -> SnapshotHolder { SnapshotHolder(within: self) }

    /// Publishes directories that a unit has changed.
    func publish(_ directories: Directories, after transaction: WriteTransaction) {
        guard let whole else {
            transaction.afterCommit { [self] in update { $0.with(directories: directories) } }
            return
        }
        update { $0.with(directories: directories) }
        whole.publish(directories, after: transaction)
    }

    /// Has `action` called after every update, on the thread that updates, which is the writer's: it must be short.
    package func observe(_ action: @escaping @Sendable () -> Void) {
        observers.withLock { $0.append(action) }
    }

    package var current: KernelSnapshot { held.withLock { $0 } }

    /// Replaces the snapshot by one made from it. A change of one part never takes back another's.
    package func update(_ change: @Sendable (KernelSnapshot) -> KernelSnapshot) {
        held.withLock { $0 = change($0) }
        for action in observers.withLock({ $0 }) { action() }
    }
}

/// Users and groups by id, for labels and for who is who.
package struct PeopleDirectory: Sendable {
    package struct Person: Hashable, Sendable {
        package let id: RecordID
        /// `user`, or `group`.
        package let entity: String
        package let label: String
        /// Empty for a group.
        package let username: String
        package let isAdministrator: Bool
        package let isActive: Bool
        package let role: RecordID?
        package let timeZone: String
        package let language: String

        package init(
            id: RecordID, entity: String, label: String, username: String, isAdministrator: Bool,
            isActive: Bool,
            role: RecordID?, timeZone: String, language: String
        ) {
            self.id = id
            self.entity = entity
            self.label = label
            self.username = username
            self.isAdministrator = isAdministrator
            self.isActive = isActive
            self.role = role
            self.timeZone = timeZone
            self.language = language
        }
    }

    private let byID: [RecordID: Person]
    private let byUsername: [String: Person]

    package init(_ people: [Person]) {
        byID = Dictionary(people.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        byUsername = Dictionary(
            people.filter { !$0.username.isEmpty }.map { ($0.username, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    package subscript(id: RecordID) -> Person? { byID[id] }
    package func user(named username: String) -> Person? { byUsername[username] }
    package var all: some Collection<Person> { byID.values }
}

/// Read plans that are asked for again and again: planning costs more than running them.
///
/// Keyed by what the text depends on; the predicate and mask are in the key, so that no one gets another's plan.
final class PlanCache: Sendable {
    struct Key: Hashable, Sendable {
        let entity: Int
        let fields: [String]?
        let verb: AccessVerb
        let predicate: AccessPredicate
        let principal: Principal
    }

    private static let capacity = 1024
    private let plans = Mutex<[Key: ReadPlan]>([:])

    func plan(_ key: Key, _ make: () throws(CRMError) -> ReadPlan) throws(CRMError) -> ReadPlan {
        if let known = plans.withLock({ $0[key] }) { return known }
        let plan = try make()
        plans.withLock {
            if $0.count >= Self.capacity { $0.removeAll(keepingCapacity: true) }
            $0[key] = plan
        }
        return plan
    }
}
