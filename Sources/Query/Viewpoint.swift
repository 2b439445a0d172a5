package import CRMSDK
package import Registry
package import Security

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
        var error = CRMError(.invalidParameters, entity.lacks(name))
        error.candidates = entity.near(name, where: mask(entity).isVisible)
        if let near = error.candidates.first { error.hint = "Did you mean \"\(near)\"?" }
        return error
    }
}
