import CRMSDK

/// Tells a product's handler once when what is available falls below its reorder level: a task where there are tasks,
/// and always the moment on the product.
enum ReorderNotice {
    /// - Parameters:
    ///   - before: What was available, in ten-thousandths.
    ///   - after: What is available now.
    /// - Returns: Whether the product's notice is due.
    static func isDue(_ product: Record, before: Int64, after: Int64) -> Bool {
        guard let level = product["reorder_level"].decimal?.units else { return false }
        return after < level && before >= level
    }

    /// Writes the task. `context` has the module's rights.
    static func tell(_ product: Record, available: Int64, _ context: any ModuleContext) throws(CRMError) {
        guard context.hasEntity("task") else { return }
        let name = product["product_name"].text ?? ""
        let left = FixedDecimal(units: available, scale: 4).text(minimumDecimals: 0)
        var values: [String: Value] = [
            "subject": .text("Reorder \(name.prefix(200)): \(left) available"),
            "due_date": .date(context.today), "related_to": .reference(product.id),
        ]
        let handler = product["handler"].isNull ? product["owner"] : product["handler"]
        if !handler.isNull { values["owner"] = handler }
        _ = try context.create("task", values)
    }
}
