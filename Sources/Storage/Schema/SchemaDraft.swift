import CRMSDK
import Registry
import Text

/// A schema under change: what administrators want is done to a copy, with what has to be asked of the records first
/// and what has to go on in batches afterwards. Pure.
struct SchemaDraft {
    let before: StoredSchema
    var schema: StoredSchema
    var tasks: [SchemaTask.Order] = []
    var probes: [SchemaProbe] = []
    var notes: [String] = []
    var renames: [FieldRename] = []

    init(_ schema: StoredSchema) {
        before = schema
        self.schema = schema
    }

    mutating func make(_ change: SchemaChange) throws(CRMError) {
        switch change {
        case .createEntity(let definition): try create(definition)
        case .updateEntity(let name, let patch): try update(name, patch)
        case .deleteEntity(let name): try delete(name)
        case .restoreEntity(let name): try restore(name)
        case .purgeEntity(let name): try purge(name)
        case .createField(let entity, let field): try create(field, in: entity)
        case .updateField(let name, let patch): try update(name, patch)
        case .renameField(let name, let new): try rename(name, to: new)
        case .deleteField(let name): try delete(name)
        case .restoreField(let name): try restore(name)
        case .purgeField(let name): try purge(name)
        case .changeType(let name, let type, let empties):
            try changeType(name, to: type, emptiesUnfit: empties)
        case .picklist(let name, let edit): try self.edit(name, edit)
        case .section(let entity, let edit): try self.edit(entity, edit)
        case .label(let target, let language, let texts): try label(target, language, texts)
        }
    }

    // MARK: Finding

    /// - Throws: `invalidParameters` with near names; an entity that was deleted is one only for `restore` and `purge`.
    func index(of name: String, deleted: Bool = false) throws(CRMError) -> Int {
        if let index = schema.entities.firstIndex(where: { $0.name == name }) {
            let entity = schema.entities[index]
            if let module = schema.modules.first(where: { $0.name == entity.module }), !module.isEnabled {
                throw problem(
                    "entity \"\(name)\" does not exist", hint: "Its module \"\(module.name)\" is not enabled."
                )
            }
            guard entity.isDeleted != deleted else { return index }
            throw CRMError(
                .invalidParameters,
                deleted ? "entity \"\(name)\" is not deleted" : "entity \"\(name)\" was deleted",
                hint: deleted ? "Delete it first." : "Restore it first.")
        }
        var error = CRMError(.invalidParameters, "entity \"\(name.prefix(60))\" does not exist")
        error.candidates = Spelling.nearest(to: name, among: schema.entities.map(\.name))
        if let near = error.candidates.first { error.hint = "Did you mean \"\(near)\"?" }
        throw error
    }

    /// Where a field stands among those of its entity.
    func place(
        of name: FieldName, deleted: Bool = false
    ) throws(CRMError) -> (entity: Int, field: Int) {
        let entity = try index(of: name.entity)
        let fields = schema.entities[entity].fields
        if let field = fields.firstIndex(where: { $0.name == name.field }) {
            guard fields[field].isDeleted != deleted else { return (entity, field) }
            throw CRMError(
                .invalidParameters,
                "field \"\(name.field)\" of \"\(name.entity)\" "
                    + (deleted ? "is not deleted" : "was deleted"),
                hint: deleted ? "Delete it first." : "Restore it first.")
        }
        guard !SystemField.names.contains(name.field) else {
            throw CRMError(
                .invalidParameters,
                "field \"\(name.field)\" of \"\(name.entity)\" is the system's and stays as it is")
        }
        var error = CRMError(
            .invalidParameters, "\"\(name.entity)\" has no field \"\(name.field.prefix(60))\"")
        let live = fields.filter { $0.isDeleted == deleted }
        error.candidates =
            live.filter { $0.placement.adjustments.formerNames.contains(name.field) }.map(\.name)
            + Spelling.nearest(to: name.field, among: live.map(\.name))
        if let near = error.candidates.first { error.hint = "Did you mean \"\(near)\"?" }
        throw error
    }

    subscript(place: (entity: Int, field: Int)) -> StoredField {
        get { schema.entities[place.entity].fields[place.field] }
        set { schema.entities[place.entity].fields[place.field] = newValue }
    }

    /// - Throws: `invalidParameters` for a field of a module, unless it says what else can be done.
    func requireCustom(_ field: StoredField, _ name: FieldName, _ doing: String, hint: String)
        throws(CRMError)
    {
        guard field.placement.source != .custom else { return }
        throw CRMError(
            .invalidParameters,
            "field \"\(name.field)\" of \"\(name.entity)\" belongs to a module and cannot be \(doing)",
            hint: hint)
    }

    func problem(_ message: String, hint: String? = nil) -> CRMError {
        CRMError(.invalidParameters, message, hint: hint)
    }
}
