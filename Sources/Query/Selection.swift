import CRMSDK
import Registry
import Security

/// The select list of a read: columns in order, and where each field's value is among them.
struct Selection {
    private(set) var expressions: [String] = []
    private(set) var columns: [OutputColumn] = []
    private(set) var idColumn = 0
    private(set) var versionColumn = 0
    private(set) var deletedAtColumn = 0

    /// Selects the fields named, or all that the caller may see, in the entity's order; id first.
    init(_ fields: [String]?, _ builder: inout StatementBuilder) throws(CRMError) {
        let entity = builder.entity
        var chosen: [Field] = [entity.system("id")]
        if let fields {
            guard fields.count <= 200 else {
                throw CRMError(.limitExceeded, "at most 200 fields can be asked for")
            }
            for name in fields {
                let field = try builder.viewpoint.field(name, of: entity)
                if !chosen.contains(where: { $0 === field }) { chosen.append(field) }
            }
        } else {
            let mask = builder.viewpoint.mask(entity)
            chosen += entity.fields.dropFirst().filter { mask.isVisible($0.name) && $0.name != "deleted_at" }
        }
        for field in chosen { add(field, &builder) }
        idColumn = 0
        versionColumn = append("\(builder.base).version")
        deletedAtColumn = append("\(builder.base).deleted_at")
    }

    private mutating func add(_ field: Field, _ builder: inout StatementBuilder) {
        let column = "\(builder.base).\(field.column)"
        let form: OutputForm
        if field.name == "id" {
            form = .plain(append(column))
        } else if field.isReference {
            form = reference(field, column, &builder)
        } else if field.wire == .money {
            let amount = append(column)
            let currency = field.type.currencyField.flatMap { builder.entity[$0] }
            form = .money(amount: amount, currency: currency.map { append("\(builder.base).\($0.column)") })
        } else {
            form = .plain(append(column))
        }
        columns.append(OutputColumn(field: field, form: form))
    }

    private mutating func reference(
        _ field: Field, _ column: String, _ builder: inout StatementBuilder
    ) -> OutputForm {
        if field.kind.name == "owner" || field.type.targets == ["user"] { return .person(append(column)) }
        let directory = builder.joinDirectory(field)
        let targets =
            field.type.targets.isEmpty
            ? builder.viewpoint.registry.entities
            : field.type.targets.compactMap { builder.viewpoint.registry[entity: $0] }
        let label = builder.visibleLabel(directory, targets: targets)
        return .reference(
            id: append(column), entity: append("\(directory).entity"), label: append(label),
            deletedAt: append("\(directory).deleted_at"))
    }

    @discardableResult
    mutating func append(_ expression: String) -> Int {
        expressions.append(expression)
        return expressions.count - 1
    }
}
