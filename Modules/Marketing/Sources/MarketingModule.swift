public import CRMSDK

/// Marketing: campaigns, whom they reach, what they cost and what they bring.
///
/// This is the table of contents; each line's meaning is in the file of its name. README.md tells it in prose.
public struct MarketingModule: CRMModule {
    public init() {}

    public var manifest: ModuleManifest {
        var manifest = ModuleManifest(
            "marketing", version: "1.0.0", label: "Marketing",
            summary: "Campaigns with their members, cost, revenue and return on investment.")
        manifest.publisher = "CRM"
        manifest.entities = [Campaign.definition]
        manifest.extensions = [CampaignRevenue.potentialFields]
        manifest.relations = Campaign.members
        manifest.hooks = Campaign.hooks + CampaignRevenue.hooks + LeadMembership.hooks
        manifest.migrations = Migrations.all
        return manifest
    }
}
