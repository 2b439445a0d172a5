public import CRMSDK

/// Helping customers: what they ask (tickets), and what is answered once for all (the knowledge base).
///
/// This is the table of contents; each line's meaning is in the file of its name. README.md tells it in prose.
public struct SupportModule: CRMModule {
    public init() {}

    public var manifest: ModuleManifest {
        var manifest = ModuleManifest(
            "support", version: "1.0.0", label: "Support",
            summary: "Tickets with a life from open to closed, and a knowledge base of reviewed answers.")
        manifest.publisher = "CRM"
        manifest.entities = [Ticket.definition, Article.definition]
        manifest.relations = [Ticket.articles]
        manifest.hooks = Ticket.hooks + Article.hooks
        manifest.migrations = Migrations.all
        return manifest
    }
}
