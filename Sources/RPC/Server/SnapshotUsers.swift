package import CRMSDK
package import Identity
package import Records

/// The people of the current snapshot, as Identity asks for them.
package struct SnapshotUsers: UserDirectory {
    private let people: PeopleDirectory

    package init(_ snapshot: KernelSnapshot) { people = snapshot.people }

    package func user(named username: String) -> IdentityUser? {
        people.user(named: username).flatMap(Self.user)
    }

    package func user(id: RecordID) -> IdentityUser? { people[id].flatMap(Self.user) }

    private static func user(_ person: PeopleDirectory.Person) -> IdentityUser? {
        guard !person.username.isEmpty else { return nil }
        return IdentityUser(
            id: person.id, username: person.username, isAdministrator: person.isAdministrator,
            isActive: person.isActive, language: person.language, timeZone: person.timeZone, role: person.role
        )
    }
}
