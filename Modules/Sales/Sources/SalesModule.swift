public import CRMSDK

/// Selling: who might buy (leads), what they might buy (potentials), and what that promises (forecast).
///
/// This is the table of contents; each line's meaning is in the file of its name. README.md tells it in prose.
public struct SalesModule: CRMModule {
    public init() {}

    public var manifest: ModuleManifest {
        var manifest = ModuleManifest(
            "sales", version: "1.0.0", label: "Sales",
            summary: "Leads, potentials with a pipeline of stages, lead conversion and forecast.")
        manifest.publisher = "CRM"
        manifest.entities = [
            Lead.definition, LeadMappingRow.definition, Potential.definition, StageHistory.definition,
        ]
        manifest.relations = [Potential.contacts]
        manifest.hooks = Lead.hooks + LeadMappingRow.hooks + Potential.hooks + StageHistory.hooks
        manifest.actions = [
            LeadConversion.action, LeadReversion.action, Forecast.action, Pipeline.action, WinRate.action,
            StageConversion.action,
            RottenDeals.action, StageTimes.action,
        ]
        manifest.migrations = Migrations.all
        manifest.fixtures = Lead.fixtures
        manifest.translations = [GermanLabels.table]
        return manifest
    }
}
