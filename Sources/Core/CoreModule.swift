package import CRMSDK

/// The entities that live with the kernel, defined through the SDK like anyone's. Always enabled.
package struct CoreModule: CRMModule {
    package init() {}

    package var manifest: ModuleManifest {
        var manifest = ModuleManifest(
            "core", version: "1.0.0", label: "Core",
            summary: "Accounts, contacts, users, roles and currencies.")
        manifest.entities = [
            Account.definition, Contact.definition, User.definition, Role.definition, Currency.definition,
        ]
        manifest.hooks = Account.hooks + Contact.hooks + User.hooks + Role.hooks + Currency.hooks
        return manifest
    }
}
