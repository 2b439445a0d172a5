package import CRMSDK

/// The entities that live with the kernel, defined through the SDK like anyone's. Always enabled.
package struct CoreModule: CRMModule {
    package init() {}

    package var manifest: ModuleManifest {
        var manifest = ModuleManifest(
            "core", version: "1.0.0", label: "Core",
            summary: "Accounts, contacts, users, currencies, and who may do what.")
        manifest.entities =
            [Account.definition, Contact.definition, User.definition, Role.definition, Currency.definition]
            + [ExchangeRate.definition, Company.definition, TemplateRecord.definition]
            + Profile.entities + Group.entities + Sharing.entities + [DuplicateRules.definition]
        manifest.hooks =
            Account.hooks + Contact.hooks + User.hooks + Role.hooks + Currency.hooks + ExchangeRate.hooks
            + Profile.hooks
            + Group.hooks + Sharing.hooks + Company.hooks + TemplateRecord.hooks
        manifest.actions = [PrintedPage.action]
        manifest.fixtures = DuplicateRules.fixtures
        manifest.translations = [GermanLabels.table]
        return manifest
    }
}
