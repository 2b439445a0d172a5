package import CRMSDK
import Query
package import Registry
import Security
package import Storage

/// A record's field for a file, as a caller may use it.
package struct FileField: Sendable {
    package let entity: Entity
    package let field: Field
    /// What it holds now; nil where it is empty.
    package let file: FileValue?
}

extension RecordService {
    /// The field for files that a caller means, if they may do this with it now.
    ///
    /// - Parameter name: nil where the record has one field for files that the caller may see.
    /// - Throws: `notFound` for a record that is missing or invisible, and for a field that is either; `forbidden`
    ///   where the caller may see and not change it.
    package func fileField(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, of id: RecordID,
        named name: String?, for verb: AccessVerb
    ) throws(CRMError) -> FileField {
        let entity = try entity(of: id, named: nil, snapshot, source)
        try requireVisible(call, snapshot, on: source, id: id, entity)
        let mask = snapshot.security.mask(call.principal, entity.name)
        let visible = entity.files.filter { mask.isVisible($0.name) }
        guard let field = name == nil ? visible.first : visible.first(where: { $0.name == name }) else {
            throw CRMError(
                .notFound,
                name.map { "\(entity.name) \(id) has no file in a field \"\($0.prefix(80))\"" }
                    ?? "a record of \(entity.name) has no field for a file",
                hint: visible.isEmpty
                    ? "Attach it to a document that is related to the record." : names(visible))
        }
        guard name != nil || visible.count == 1 else {
            throw CRMError(
                .invalidParameters, "\(entity.name) has several fields for files", hint: names(visible))
        }
        if verb == .edit { try requireEditable(call, snapshot, on: source, id, entity, field) }
        var file: FileValue?
        try get(call, snapshot, on: source, id: id, entity: entity.name, fields: [field.name]) { row, plan in
            file = plan.record(row, snapshot)[field.name].file
        }
        return FileField(entity: entity, field: field, file: file)
    }

    private func names(_ fields: [Field]) -> String {
        "Name one: field=\(fields.map(\.name).joined(separator: ", field="))."
    }

    /// What the unit of work would refuse in the end is refused before a byte has come.
    private func requireEditable(
        _ call: CallContext, _ snapshot: KernelSnapshot, on source: some RowSource, _ id: RecordID,
        _ entity: Entity, _ field: Field
    ) throws(CRMError) {
        try snapshot.security.require(call.principal, .edit, entity.name)
        var mayEdit = false
        try source.rows(Planner.check(viewpoint(call, snapshot), entity, .edit, id: id)) { _ in
            mayEdit = true
            return .stop
        }
        let mask = snapshot.security.mask(call.principal, entity.name)
        guard mayEdit, mask.isEditable(field.name), !field.definition.isReadOnly else {
            throw CRMError(
                .forbidden, "you may not put a file into \(entity.name) \(id)",
                hint: "Ask security.explain why.")
        }
    }
}
