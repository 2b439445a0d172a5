package import CRMSDK
package import Query
package import Registry
package import Security
package import Storage

/// What the kernel knows from records of its own entities: people, rights, currencies and rules for duplicates.
package struct Directories: Sendable {
    package let people: PeopleDirectory
    package let facts: SecurityFacts
    package let currencies: CurrencyDirectory
    let duplicateRules: [DuplicateRuleFact]

    package init(people: PeopleDirectory, facts: SecurityFacts, currencies: CurrencyDirectory) {
        duplicateRules = []
        self.people = people
        self.facts = facts
        self.currencies = currencies
    }

    /// Reads them; costs one pass over users, currencies and what administrators have decided about rights.
    ///
    /// - Throws: `unavailable` when there is no base currency, without which no amount has a meaning.
    package init(_ registry: RegistrySnapshot, from source: some RowSource) throws(CRMError) {
        var people: [PeopleDirectory.Person] = []
        var users: [RecordID: UserFact] = [:]
        try source.rows(DirectoryStatements.users) { row throws(CRMError) in
            let person = PeopleDirectory.Person(
                id: RecordID(row.int64(0)), entity: "user", label: row.text(1), username: row.text(2),
                isAdministrator: row.int64(3) != 0, isActive: row.text(4) == "active" && row.isNull(8),
                role: row.isNull(5) ? nil : RecordID(row.int64(5)), timeZone: row.text(6),
                language: row.text(7))
            people.append(person)
            users[person.id] = UserFact(
                id: person.id, username: person.username, isAdministrator: person.isAdministrator,
                isActive: person.isActive, role: person.role)
            return .next
        }
        var facts = try SecurityFacts(of: source)
        facts.users = users
        for group in facts.groups.values {
            people.append(
                PeopleDirectory.Person(
                    id: group.id, entity: "group", label: group.name, username: "", isAdministrator: false,
                    isActive: true, role: nil, timeZone: "UTC", language: "en"))
        }
        self.people = PeopleDirectory(people)
        self.facts = facts
        currencies = try Self.currencies(source)
        // A registry of a test may do without.
        duplicateRules =
            registry[entity: DuplicateRule.entityName] == nil ? [] : try Self.duplicateRules(source)
    }

    private static func duplicateRules(_ source: some RowSource) throws(CRMError) -> [DuplicateRuleFact] {
        var rules: [DuplicateRuleFact] = []
        try source.rows(DuplicateStatements.rules) { row in
            rules.append(
                DuplicateRuleFact(
                    id: RecordID(row.int64(0)), name: row.text(1), entity: row.text(2), fields: row.text(3),
                    action: row.text(4), isOnUpdate: row.int64(5) != 0, isActive: row.int64(6) != 0))
            return .next
        }
        return rules
    }

    private static func currencies(_ source: some RowSource) throws(CRMError) -> CurrencyDirectory {
        var base: CurrencyDirectory.Entry?
        var all: [CurrencyDirectory.Entry] = []
        try source.rows(DirectoryStatements.currencies) { row throws(CRMError) in
            guard let code = CurrencyCode(row.text(1)) else { return .next }
            let entry = CurrencyDirectory.Entry(
                id: RecordID(row.int64(0)), code: code, decimals: Int(row.int64(2)),
                rate: FixedDecimal(units: row.int64(3), scale: 6), isActive: row.int64(5) != 0)
            all.append(entry)
            if row.int64(4) != 0 { base = entry }
            return .next
        }
        guard let base else {
            throw CRMError(
                .unavailable, "there is no base currency", hint: "Was this data folder made by crm init?")
        }
        return CurrencyDirectory(base: base, all: all, rates: try rates(source))
    }

    private static func rates(
        _ source: some RowSource
    ) throws(CRMError) -> [RecordID: [CurrencyDirectory.DatedRate]] {
        var rates: [RecordID: [CurrencyDirectory.DatedRate]] = [:]
        try source.rows(DirectoryStatements.rates) { row in
            rates[RecordID(row.int64(0)), default: []].append(
                .init(
                    from: CalendarDate(daysSince1970: row.int64(1)),
                    rate: FixedDecimal(units: row.int64(2), scale: 6)))
            return .next
        }
        return rates
    }
}
