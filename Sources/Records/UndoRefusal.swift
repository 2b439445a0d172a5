import CRMSDK
import Storage

/// What to do about a change set that `change.undo` does not take.
enum UndoRefusal {
    /// By the method that made it; what is not here is told by its kind.
    private static let advice: [String: String] = [
        "field.create": "Delete the field with field.delete.",
        "field.delete": "Bring the field back with field.restore.",
        "field.restore": "Delete the field again with field.delete.",
        "field.rename": "Rename it back with field.rename.",
        "field.update":
            "Give it its old definition with field.update; entity.describe shows the present one.",
        "module.enable": "Disable the module with module.disable; its data stay.",
        "module.disable": "Enable the module again with module.enable.",
        "user.create": "Deactivate the user: record.update with status inactive.",
    ]

    private static let adviceByKind: [ChangeKind: String] = [
        .schema: "Change the definition back with the method that is its opposite.",
        .module: "module.enable and module.disable are each other's opposite.",
        .security:
            "Set the old rights again with the same method; record.history and security.explain show them.",
        .purge: "What was purged is gone; a backup has it.",
        .erase: "What was erased is gone on purpose.",
    ]

    static func error(_ change: LoggedChange) -> CRMError {
        let (kind, method, number) = (change.entry.kind, change.entry.method, change.changeSet)
        let isRight = change.entry.record != nil && kind.concernsValues
        let what = isRight ? "rights or users" : adviceByKind[kind] == nil ? nil : kind.name
        guard let what else {
            return CRMError(
                .invalidParameters, "change set \(number) is a \(kind.name) and changed no record",
                hint: "There is nothing to undo.")
        }
        return CRMError(
            .invalidParameters, "change set \(number) (\(what), by \(method)) cannot be undone as a whole",
            hint: advice[method] ?? (isRight ? adviceByKind[.security] : adviceByKind[kind]))
    }
}
