import CModuleABI
public import CRMSDK

// A module of the SDK's first version. Tests compile it against Sources/CRMSDK/Baseline/1.0, so that it knows the SDK as
// it was then, and run it on today's kernel. It uses what a partner's module of that time would have used; nothing of a
// later SDK may be added here.

@_cdecl("elder_module_create")
public func createElderModule() -> UnsafeMutableRawPointer {
    ModuleEntry.make(ElderModule.self, stamp: crm_module_stamp_here())
}

public struct ElderModule: CRMModule {
    public init() {}

    public var manifest: ModuleManifest {
        var manifest = ModuleManifest(
            "elder", version: "1.0.0", label: "Elder", summary: "Parcels and what they weigh.")
        manifest.publisher = "A partner of old"
        manifest.entities = [Parcel.definition]
        manifest.extensions = [
            EntityExtension("account", fields: [.decimal("elder_weight_limit", "Weight limit", scale: 2)])
        ]
        manifest.hooks = [Hook("weigh", on: Parcel.entity, [.beforeCreate, .beforeUpdate], Parcel.weigh)]
        manifest.actions = [Parcel.total]
        return manifest
    }
}

enum Parcel {
    static let entity = "elder_parcel"

    static let definition = EntityDefinition(
        entity, label: "Parcel", plural: "Parcels",
        fields: [
            .text("parcel_name", "Name").mandatory().indexed(),
            .autonumber("parcel_no", "Parcel number", "PAR00000"),
            .decimal("weight", "Weight", scale: 2).range("0", nil),
            .picklist(
                "size", "Size",
                [PicklistValue("Small").system(), PicklistValue("Large").next("small").system()]
            ).readOnly(),
            .reference("account", "Account", to: "account").indexed(),
            .date("sent_on", "Sent on"),
            .money("fee", "Fee"),
        ]
    )
    .labelled(by: "parcel_no", "parcel_name")
    .sorted(by: "parcel_name")
    .listing("parcel_no", "parcel_name", "weight", "size")
    .index("size", "parcel_name")

    @Sendable
    static func weigh(_ change: inout RecordChange, _ context: any ModuleContext) throws(CRMError) {
        // Hundredths of a kilogram, as the field's scale says.
        let weight = try change["weight"].decimal?.rescaled(to: 2).units ?? 0
        if let account = change["account"].reference,
            let limit = try context.get("account", account)["elder_weight_limit"].decimal,
            try weight > limit.rescaled(to: 2).units
        {
            throw .invalidRecord(
                entity, [FieldProblem(field: "weight", code: "rule", message: "the parcel is too heavy")])
        }
        change["size"] = weight > 10_00 ? "large" : "small"
    }

    static let total = Action(
        "count", .reads, summary: "Counts parcels.", description: "Counts the parcels of a size.",
        parameters: [Parameter("size", .text, "The size.", required: true)],
        result: .object([Parameter("count", .integer, "How many.")])
    ) { parameters, context throws(CRMError) in
        let size = parameters["size"]?.value ?? .null
        let count = try context.count(entity, where: .where("size", .equal, size))
        return .object(["count": .value(.integer(Int64(count)))])
    }
}
