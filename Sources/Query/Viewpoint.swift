package import CRMSDK
package import Registry
package import Security
import Text

/// From where an operation looks at the data: what is registered, who asks, what day it is for them.
package struct Viewpoint: Sendable {
    package let registry: RegistrySnapshot
    package let security: SecuritySnapshot
    package let principal: Principal
    /// Currencies by id, for amounts.
    package let currencies: CurrencyDirectory
    /// The caller's days.
    package let clock: CallerClock
    /// By which the shape of a list is chosen; nil where nobody has counted.
    package let counts: RecordCounts?

    package init(
        registry: RegistrySnapshot, security: SecuritySnapshot, principal: Principal,
        currencies: CurrencyDirectory,
        clock: CallerClock, counts: RecordCounts? = nil
    ) {
        self.registry = registry
        self.security = security
        self.principal = principal
        self.currencies = currencies
        self.clock = clock
        self.counts = counts
    }

    func predicate(_ entity: Entity, _ verb: AccessVerb = .view) -> AccessPredicate {
        security.predicate(principal, verb, entity.name)
    }

    package func mask(_ entity: Entity) -> FieldMask { security.mask(principal, entity.name) }

    /// A field that the caller may see; a hidden one is unknown, so that its name cannot be probed.
    package func field(_ name: String, of entity: Entity) throws(CRMError) -> Field {
        if let field = entity[name], mask(entity).isVisible(name) { return field }
        throw unknownField(name, of: entity)
    }

    package func unknownField(_ name: String, of entity: Entity) -> CRMError {
        var error = CRMError(
            .invalidParameters, "field \"\(name.prefix(80))\" of \"\(entity.name)\" does not exist")
        let visible = mask(entity)
        error.candidates = Spelling.nearest(
            to: name, among: entity.fields.map(\.name).filter(visible.isVisible))
        if let near = error.candidates.first { error.hint = "Did you mean \"\(near)\"?" }
        return error
    }
}

/// The currencies of the installation at one moment.
package struct CurrencyDirectory: Sendable {
    package struct Entry: Hashable, Sendable {
        package let id: RecordID
        package let code: CurrencyCode
        /// Decimals on paper, 0–4.
        package let decimals: Int
        /// Units for one unit of the base currency, in millionths.
        package let rate: FixedDecimal
        package let isActive: Bool

        package init(id: RecordID, code: CurrencyCode, decimals: Int, rate: FixedDecimal, isActive: Bool) {
            self.id = id
            self.code = code
            self.decimals = decimals
            self.rate = rate
            self.isActive = isActive
        }
    }

    package let base: Entry
    private let byID: [RecordID: Entry]
    private let byCode: [CurrencyCode: Entry]

    package init(base: Entry, all: [Entry]) {
        self.base = base
        byID = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        byCode = Dictionary(all.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package var count: Int { byID.count }
    package subscript(id: RecordID) -> Entry? { byID[id] }
    package subscript(code: CurrencyCode) -> Entry? { byCode[code] }
}
