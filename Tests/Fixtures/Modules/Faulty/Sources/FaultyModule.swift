public import CRMSDK
import Glibc

/// A module as it should not be: its one hook does what the record's `behaviour` says, so that tests can see what
/// becomes of a platform with a broken module in it.
public struct FaultyModule: CRMModule {
    public init() {}

    public var manifest: ModuleManifest {
        var manifest = ModuleManifest(
            "faulty", version: "1.0.0", label: "Faulty", summary: "A hook that traps or hangs on request.")
        manifest.publisher = "CRM"
        manifest.entities = [Self.probe]
        manifest.hooks = [
            Hook("misbehave", on: "faulty_probe", [.beforeCreate]) { change, _ throws(CRMError) in
                switch change["behaviour"].text {
                case "trap": Self.trap()
                case "hang": while true { pause() }
                default: break
                }
            }
        ]
        return manifest
    }

    private static let probe = EntityDefinition(
        "faulty_probe", label: "Probe", plural: "Probes",
        fields: [
            .text("faulty_name", "Name").mandatory(),
            .picklist("behaviour", "Behaviour", ["well", "trap", "hang"].map { PicklistValue($0, $0) }),
        ]
    ).labelled(by: "faulty_name").sorted(by: "faulty_name")

    /// As ordinary code traps: an index that is not there.
    private static func trap() { _ = Array(CommandLine.arguments.prefix(0))[1] }
}
