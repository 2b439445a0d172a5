public import CRMSDK

/// What every module is held to, whoever wrote it. One test covers it:
///
/// ```swift
/// #expect(Conformance.problems(of: SalesModule.self).isEmpty)
/// ```
public enum Conformance {
    /// One line per problem; empty for a module that the kernel would take.
    public static func problems(of module: any CRMModule.Type) -> [String] {
        let manifest = module.init().manifest
        return ManifestCheck.problems(manifest) + stability(of: module) + documentation(of: manifest)
    }

    /// A manifest is a value: asking twice, or making the module twice, gives the same one.
    private static func stability(of module: any CRMModule.Type) -> [String] {
        let first = module.init()
        let tables = [first.manifest, first.manifest, module.init().manifest].map { manifest in
            [
                manifest.name, manifest.version.description, "\(manifest.entities.hashValue)",
                "\(manifest.fixtures.hashValue)", "\(manifest.relations.hashValue)",
                "\(manifest.extensions.hashValue)",
                manifest.hooks.map(\.name).joined(separator: ","),
                manifest.linkHooks.map(\.name).joined(separator: ","),
                manifest.actions.map(\.name).joined(separator: ","),
            ]
        }
        return Set(tables).count == 1 ? [] : ["the manifest changes from one time to the next"]
    }

    /// What clients see must say what it means.
    private static func documentation(of manifest: ModuleManifest) -> [String] {
        manifest.actions.filter { $0.description.isEmpty }.map { "action \"\($0.name)\" has no description" }
            + manifest.entities.filter { $0.listFields.isEmpty }.map {
                "entity \"\($0.name)\" lists no fields"
            }
            + manifest.migrations.filter { $0.summary.isEmpty }.map {
                "migration \($0.number) has no summary"
            }
    }
}
