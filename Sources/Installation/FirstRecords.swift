package import CRMSDK
import Query
package import Records
import Registry
import Security
package import Storage

/// The records without which there is no platform: the root role, the base currency, the first administrator;
/// and what there is to begin with: the profiles, and the records that the kernel's own entities ship.
package enum FirstRecords {
    private static let role = RecordID(1)
    private static let currency = RecordID(2)
    package static let administrator = RecordID(3)

    /// What is known before there is anything: enough to write the first records.
    static let directories = Directories(
        people: PeopleDirectory([]), facts: SecurityFacts(users: [:], roles: [:]),
        currencies: CurrencyDirectory(
            base: base(CurrencyCode(packed: 0)), all: []))

    private static func base(_ code: CurrencyCode) -> CurrencyDirectory.Entry {
        CurrencyDirectory.Entry(
            id: currency, code: code, decimals: 2, rate: FixedDecimal(units: 1_000_000, scale: 6),
            isActive: true)
    }

    /// What the first records are made of.
    package struct Choices: Sendable {
        package var organisation = "Organisation"
        package var baseCurrency = "EUR"
        package var username = "admin"

        package init() {}
    }

    /// Makes them in one unit of an empty database. They are made by the administrator who comes last among them.
    ///
    /// - Throws: `duplicate` when the database has records already.
    package static func make(
        _ choices: Choices, _ service: RecordService, in transaction: WriteTransaction
    ) throws(CRMError) {
        guard CurrencyCode(choices.baseCurrency) != nil else {
            throw CRMError(
                .invalidParameters,
                "the base currency \"\(choices.baseCurrency.prefix(20))\" is not three capital letters",
                hint: "Give an ISO 4217 code, such as EUR.")
        }
        let call = CallContext(
            principal: .kernel(for: administrator), source: .system, method: "init", requestID: "init")
        try service.unit(transaction, call) { (unit) throws(CRMError) in
            let ids = [
                try unit.create("role", ["role_name": .text(choices.organisation)]),
                try unit.create(
                    "currency",
                    [
                        "code": .text(choices.baseCurrency), "name": .text(name(of: choices.baseCurrency)),
                        "is_base": true,
                    ]),
                try unit.create(
                    "user",
                    [
                        "username": .text(choices.username), "last_name": "Administrator", "is_admin": true,
                        "role": .reference(role),
                    ]),
            ]
            guard ids == [role, currency, administrator] else {
                throw CRMError(.duplicate, "the database has records already")
            }
            try ShippedProfiles.make(SecurityAdministration(unit))
            for module in service.snapshots.current.registry.modules {
                _ = try unit.bringFixtures(of: module.manifest)
            }
        }
    }

    private static func name(of code: String) -> String {
        ["EUR": "Euro", "USD": "US Dollar", "GBP": "Pound Sterling", "CHF": "Swiss Franc", "JPY": "Yen"][code]
            ?? code
    }
}
