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

    /// Whether fields of lines are read where no fields are named: of one record yes, of a page only when asked for.
    enum Breadth {
        case withLines, withoutLines
    }

    /// Selects the fields and paths named, in their order, or all fields that the caller may see, in the entity's
    /// order; id first.
    init(
        _ fields: [String]?, _ breadth: Breadth, _ builder: inout StatementBuilder
    ) throws(CRMError) {
        let entity = builder.entity
        add(entity.system("id"), of: builder.base, &builder)
        if let fields {
            guard fields.count <= 200 else {
                throw CRMError(.limitExceeded, "at most 200 fields can be asked for")
            }
            var seen: Set = ["id"]
            for name in fields where seen.insert(name).inserted {
                if name.contains(".") {
                    try add(path: name, &builder)
                } else {
                    add(try builder.viewpoint.field(name, of: entity), of: builder.base, &builder)
                }
            }
            try builder.checkJoins()
        } else {
            let mask = builder.viewpoint.mask(entity)
            let chosen = entity.fields.dropFirst().filter { field in
                mask.isVisible(field.name) && field.name != "deleted_at"
                    && (field.wire != .lines || breadth == .withLines)
            }
            for field in chosen { add(field, of: builder.base, &builder) }
        }
        idColumn = 0
        versionColumn = append(entity.isLine ? "NULL" : "\(builder.base).version")
        deletedAtColumn = append(entity.isLine ? "NULL" : "\(builder.base).deleted_at")
    }

    /// The columns of one line, read under `alias`: id, position, and the fields that the caller may see.
    init(lines: Entity, as alias: String, _ builder: inout StatementBuilder) {
        let mask = builder.viewpoint.mask(lines)
        let own = lines.fields.filter { !$0.isSystem && mask.isVisible($0.name) }
        for field in [lines.system("id"), lines.system(SystemField.linePosition)] + own {
            add(field, of: alias, &builder)
        }
    }

    private mutating func add(
        _ field: Field, of alias: String, path: String? = nil, _ builder: inout StatementBuilder
    ) {
        let column = "\(alias).\(field.column)"
        let form: OutputForm
        if field.name == "id" {
            form = .plain(append(column))
        } else if field.isReference {
            form = reference(field, alias, &builder)
        } else if field.wire == .money {
            let amount = append(column)
            let currency = builder.currency(of: field, in: alias)
            form = .money(amount: amount, currency: currency.map { append($0) })
        } else if let lines = builder.viewpoint.registry.lines(of: field) {
            let read = builder.lines(lines, of: alias)
            let text = "CASE WHEN \(column) IS NOT NULL THEN \(read.text) END"
            form = .lines(append(text), LineColumns(entity: lines, columns: read.columns))
        } else {
            form = .plain(append(column))
        }
        columns.append(OutputColumn(field: field, form: form, path: path))
    }

    /// What a path reaches is read under the rights and the mask of where it stands: null where the caller may not view
    /// the record there.
    private mutating func add(path: String, _ builder: inout StatementBuilder) throws(CRMError) {
        let found = try builder.resolve(path)
        let field = found.field
        guard field.wire != .lines else {
            throw CRMError(
                .invalidParameters, "\"\(path.prefix(120))\" are lines, which are read with their own record")
        }
        let isPerson = builder.isPerson(field)
        guard found.aliases.count == 1 || isPerson || !(field.isReference || field.wire == .money) else {
            throw CRMError(
                .invalidParameters,
                "the path \"\(path.prefix(120))\" may reach records of several entities; amounts and references are "
                    + "answered from one only")
        }
        guard found.aliases.count > 1 else {
            add(field, of: found.aliases[0], path: path, &builder)
            return
        }
        let index = append(builder.column(found))
        columns.append(
            OutputColumn(field: field, form: isPerson ? .person(index) : .plain(index), path: path))
    }

    private mutating func reference(
        _ field: Field, _ alias: String, _ builder: inout StatementBuilder
    ) -> OutputForm {
        let column = "\(alias).\(field.column)"
        if builder.isPerson(field) { return .person(append(column)) }
        let directory = builder.joinDirectory(field, of: alias)
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
