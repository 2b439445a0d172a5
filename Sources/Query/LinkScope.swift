package import CRMSDK
package import Registry
import Security

/// The links of one record under one relation: joined to the records at their other end, each of which is there once.
package struct LinkScope: Sendable {
    package let relation: Relation
    /// The record whose links are meant.
    package let record: RecordID
    /// Whether it stands on the side of `to`.
    package let isInverse: Bool

    package init(_ relation: Relation, of record: RecordID, isInverse: Bool) {
        self.relation = relation
        self.record = record
        self.isInverse = isInverse
    }

    /// What a path into the link begins with.
    static let prefix = "link."
    static let alias = "l"

    var nearColumn: String { isInverse ? "to_id" : "from_id" }
    var farColumn: String { isInverse ? "from_id" : "to_id" }
}

extension Viewpoint {
    /// Whether the caller may see a value of a relation's links: a right to a field of the entity that it goes out
    /// from.
    package func sees(_ field: Field, of relation: Relation) -> Bool {
        field.isSystem || mask(relation.from).isVisible(relation.maskedName(field))
    }
}

extension StatementBuilder {
    /// The field that `link.role` names; nil for a path that does not go into a link.
    func linkField(_ path: String) throws(CRMError) -> FieldPath? {
        guard let link, path.hasPrefix(LinkScope.prefix) else { return nil }
        let name = String(path.dropFirst(LinkScope.prefix.count))
        guard let field = link.relation[name], viewpoint.sees(field, of: link.relation) else {
            var error = CRMError(
                .invalidParameters,
                "field \"\(name.prefix(80))\" of the relation \"\(link.relation.name)\" does not exist")
            error.candidates = link.relation.fields.filter { viewpoint.sees($0, of: link.relation) }
                .map { LinkScope.prefix + $0.name }
            throw error
        }
        return FieldPath(field: field, aliases: [LinkScope.alias])
    }

    /// The link's values behind the record's, as far as the caller sees them.
    func selectLink(_ selection: inout Selection) -> [OutputColumn] {
        guard let relation = link?.relation else { return [] }
        return relation.fields.filter { viewpoint.sees($0, of: relation) }.map { field in
            let index = selection.append("\(LinkScope.alias).\(field.column)")
            let form: OutputForm
            if field.isReference {
                form = .person(index)
            } else if field.wire == .money {
                form = .money(amount: index, currency: nil)
            } else {
                form = .plain(index)
            }
            return OutputColumn(field: field, form: form)
        }
    }
}
