import CRMSDK

/// What an item's own taxes and the parts of a bundle must be.
extension Product {
    static let linkHooks = [
        LinkHook("check_product_tax", on: "product_tax", [.beforeLink], checkTax),
        LinkHook("check_component", on: "product_component", [.beforeLink], checkComponent),
    ]

    /// A retention stays one, and a tax a tax.
    @Sendable
    private static func checkTax(_ change: inout LinkChange, _ context: any ModuleContext) throws(CRMError) {
        guard let percent = change["percent"].decimal else { return }
        let isRetention = try context.get("tax", change.to)["kind"] == "retention"
        guard isRetention ? percent.units <= 0 : percent.units >= 0 else {
            throw problem(
                change, "percent",
                isRetention
                    ? "the percentage of a retention is not above 0"
                    : "the percentage of a tax is not below 0")
        }
    }

    /// No bundle is a part of itself, by however many steps.
    @Sendable
    private static func checkComponent(
        _ change: inout LinkChange, _ context: any ModuleContext
    ) throws(CRMError) {
        guard change.isNew else { return }
        let (bundle, part) = (change.from, change.to)
        let isCircle = try context.elevated(reason: "parts of bundles") { (context) throws(CRMError) in
            try BundleComponents(of: [part], context).contains(bundle)
        }
        guard !isCircle else {
            throw problem(change, "quantity", "a bundle cannot be a part of itself, nor of one of its parts")
        }
    }

    private static func problem(_ change: LinkChange, _ field: String, _ message: String) -> CRMError {
        .invalidRecord(
            change.relation, [FieldProblem(field: "link.\(field)", code: "rule", message: message)])
    }
}
