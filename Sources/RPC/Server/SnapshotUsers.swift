package import CRMSDK
package import Identity
package import Records
import Security

/// The people of the current snapshot, as Identity asks for them.
package struct SnapshotUsers: UserDirectory {
    private let people: PeopleDirectory
    private let snapshot: KernelSnapshot

    package init(_ snapshot: KernelSnapshot) {
        people = snapshot.people
        self.snapshot = snapshot
    }

    package func user(named username: String) -> IdentityUser? {
        people.user(named: username).flatMap(identity)
    }

    package func user(id: RecordID) -> IdentityUser? { people[id].flatMap(identity) }

    private func identity(_ person: PeopleDirectory.Person) -> IdentityUser? {
        guard !person.username.isEmpty else { return nil }
        return IdentityUser(
            id: person.id, username: person.username, isAdministrator: person.isAdministrator,
            isActive: person.isActive, language: person.language, timeZone: person.timeZone,
            role: person.role,
            roleName: person.role.flatMap { snapshot.security.facts.roles[$0]?.name })
    }
}
