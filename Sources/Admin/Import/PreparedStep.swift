import JSON
import Text

/// A step that was checked against its file and the kernel's entities: every column, field and value that it names is
/// there.
struct PreparedStep {
    let step: ImportStep
    let path: String
    let header: [String]
    /// Place of each column.
    let columns: [String: Int]
    /// The fields that are written, by name; those that are still to be made, too.
    let fields: [String: FieldFacts]
    /// Fields of the entity that a dry run cannot ask for, since only the run itself would make them.
    let missingFields: Set<String>
    /// Values that other files have, by column.
    let knownValues: [String: Set<String>]
    /// Fields that are not written, with the reason.
    let leftOut: [String: String]
    let lines: [PreparedLines]
}

/// Lines of a step that were checked like the step itself.
struct PreparedLines {
    let lines: ImportLines
    let step: PreparedStep
}

/// Checks a mapping before anything is written.
struct MappingCheck {
    let session: Session
    /// Where the mapping's files are.
    let folder: String
    /// The file of a mapping of one step, where the command names it.
    let file: String?

    func prepare(_ mapping: ImportMapping) throws(AdminError) -> [PreparedStep] {
        try checkWishes(mapping)
        var prepared: [PreparedStep] = []
        for step in mapping.steps { prepared.append(try prepare(step, mapping)) }
        return prepared
    }

    /// The wishes that are not there yet.
    func missing(_ mapping: ImportMapping) throws(AdminError) -> [ImportMapping.FieldWish] {
        var missing: [ImportMapping.FieldWish] = []
        for wish in mapping.wishes where try session.entities().fields(of: wish.entity)[wish.name] == nil {
            missing.append(wish)
        }
        return missing
    }

    struct MissingValues {
        let entity: String
        let field: String
        let values: [(key: String, label: String)]
    }

    /// The picklists that lack values.
    func missingValues(_ mapping: ImportMapping) throws(AdminError) -> [MissingValues] {
        var missing: [MissingValues] = []
        for wish in mapping.valueWishes {
            let facts = try picklist(wish)
            let new = wish.values.filter { !facts.values.contains($0.key) }.sorted { $0.key < $1.key }
            guard !new.isEmpty else { continue }
            missing.append(
                MissingValues(
                    entity: wish.entity, field: wish.field, values: new.map { ($0.key, $0.value) }))
        }
        return missing
    }

    private func picklist(_ wish: ImportMapping.ValueWish) throws(AdminError) -> FieldFacts {
        let fields = try fields(of: wish.entity, wish.place)
        guard let facts = fields[wish.field] else {
            throw AdminError(
                "\(wish.place): \(wish.entity) has no field \"\(wish.field)\"",
                hint: Spelling.suggestion(for: wish.field, among: fields.keys.sorted()))
        }
        guard facts.type == "picklist" || facts.type == "multipicklist" else {
            throw AdminError("\(wish.place): field \"\(wish.field)\" is of type \(facts.type), no picklist")
        }
        return facts
    }

    private func checkWishes(_ mapping: ImportMapping) throws(AdminError) {
        for wish in mapping.valueWishes { _ = try picklist(wish) }
        for wish in mapping.wishes {
            guard let present = try fields(of: wish.entity, wish.place)[wish.name] else { continue }
            guard present.type == wish.type else {
                throw AdminError(
                    "\(wish.place): field \"\(wish.name)\" of \(wish.entity) is there already, as \(present.type) and not \(wish.type)",
                    hint: "Choose another name in the mapping.")
            }
        }
    }

    /// - Parameter lineFields: the fields of the lines that the step is about; nil for a step about records.
    private func prepare(
        _ step: ImportStep, _ mapping: ImportMapping, lineFields: [String: FieldFacts]? = nil
    ) throws(AdminError) -> PreparedStep {
        let path = try lineFields == nil ? path(of: step) : path(ofFile: step.file ?? "")
        let header = step.isOneRecord ? [] : try CSVFile(path: path, delimiter: step.delimiter).header
        for (column, place) in step.columnsNamed where !header.contains(column) {
            throw AdminError(
                "\(place): \"\(path)\" has no column \"\(column)\"",
                hint: Spelling.suggestion(for: column, among: header)
                    ?? "Its columns are \(header.joined(separator: ", ")).")
        }
        var fields: [String: FieldFacts] = [:]
        var missing: Set<String> = []
        for (name, place) in step.fieldsWritten {
            if let lineFields {
                fields[name] = try lineField(name, lineFields, step, place)
                continue
            }
            let (facts, isThere) = try field(name, of: step.entity, mapping, place)
            fields[name] = facts
            if !isThere || !newValues(of: name, step.entity, mapping, facts).isEmpty { missing.insert(name) }
        }
        for (lookup, place) in step.lookups { _ = try field(lookup.by, of: lookup.entity, mapping, place) }
        for rule in step.rules {
            try check(
                rule, fields[rule.field],
                new: fields[rule.field].map { newValues(of: rule.field, step.entity, mapping, $0) } ?? [])
        }
        var lines: [PreparedLines] = []
        for part in step.lines { lines.append(try prepare(part, fields[part.field], mapping)) }
        var known: [String: Set<String>] = [:]
        for (column, source) in step.knownIn { known[column] = try values(source, step) }
        return PreparedStep(
            step: step, path: path, header: header,
            columns: Dictionary(uniqueKeysWithValues: header.enumerated().map { ($1, $0) }), fields: fields,
            missingFields: missing, knownValues: known, leftOut: try leftOut(step), lines: lines)
    }

    private func prepare(
        _ lines: ImportLines, _ facts: FieldFacts?, _ mapping: ImportMapping
    ) throws(AdminError) -> PreparedLines {
        guard let fields = facts?.lines else {
            throw AdminError("\(lines.place): field \"\(lines.field)\" holds no lines")
        }
        let prepared = try prepare(lines.step, mapping, lineFields: fields)
        for key in lines.keys where prepared.columns[key.lineColumn] == nil {
            throw AdminError(
                "\(lines.place).key: \"\(prepared.path)\" has no column \"\(key.lineColumn)\"",
                hint: Spelling.suggestion(for: key.lineColumn, among: prepared.header))
        }
        return PreparedLines(lines: lines, step: prepared)
    }

    private func lineField(
        _ name: String, _ fields: [String: FieldFacts], _ step: ImportStep, _ place: String
    ) throws(AdminError) -> FieldFacts {
        guard let facts = fields[name] else {
            throw AdminError(
                "\(place): \(step.name) has no field \"\(name)\"",
                hint: Spelling.suggestion(for: name, among: fields.keys.sorted()))
        }
        return facts
    }

    /// Values that the run itself would add to a picklist.
    private func newValues(
        of field: String, _ entity: String, _ mapping: ImportMapping, _ facts: FieldFacts
    ) -> [String] {
        mapping.valueWishes.filter { $0.entity == entity && $0.field == field }.flatMap(\.values.keys)
            .filter { !facts.values.contains($0) }
    }

    private func path(of step: ImportStep) throws(AdminError) -> String {
        if step.isOneRecord { return "the mapping" }
        if let file { return file }
        guard let name = step.file else {
            throw .usage(
                "the mapping names no file for \(step.name)",
                hint: "Name it: crm-admin import FILE --mapping ….")
        }
        return path(ofFile: name)
    }

    private func path(ofFile name: String) -> String { name.hasPrefix("/") ? name : "\(folder)/\(name)" }

    private func field(
        _ name: String, of entity: String, _ mapping: ImportMapping, _ place: String
    ) throws(AdminError) -> (facts: FieldFacts, isThere: Bool) {
        let known = try fields(of: entity, place)
        if let facts = known[name] { return (facts, true) }
        if let wish = mapping.wishes.first(where: { $0.entity == entity && $0.name == name }) {
            return (FieldFacts(name: name, label: name, type: wish.type), false)
        }
        let wished = mapping.wishes.filter { $0.entity == entity }.map(\.name)
        throw AdminError(
            "\(place): \(entity) has no field \"\(name)\"",
            hint: Spelling.suggestion(for: name, among: known.keys.sorted() + wished)
                ?? "crm-admin field list \(entity) shows them.")
    }

    private func fields(of entity: String, _ place: String) throws(AdminError) -> [String: FieldFacts] {
        do throws(AdminError) {
            return try session.entities().fields(of: entity)
        } catch {
            guard error.exit == .notFound else { throw error }
            throw AdminError(
                "\(place): \(error.message)",
                hint: error.hint ?? "Is the module of \"\(entity)\" enabled? crm-admin module list says.")
        }
    }

    private func check(_ rule: ColumnRule, _ facts: FieldFacts?, new: [String]) throws(AdminError) {
        guard let facts else { return }
        guard rule.lookup == nil || facts.isReference else {
            throw AdminError("\(rule.place): field \"\(facts.name)\" is no reference, and takes no lookup")
        }
        guard !facts.values.isEmpty else { return }
        let targets = (rule.values.map { $0.values.sorted() } ?? []) + (rule.otherwise.map { [$0] } ?? [])
        let known = facts.values + new
        for target in targets where target != "=" && !known.contains(target) {
            throw AdminError(
                "\(rule.place).values: \"\(target)\" is no value of field \"\(facts.name)\"",
                hint: Spelling.suggestion(for: target, among: known)
                    ?? "Its values are \(known.joined(separator: ", ")).")
        }
    }

    private func values(
        _ source: ImportStep.KnownIn, _ step: ImportStep
    ) throws(AdminError) -> Set<String> {
        let path = source.file.hasPrefix("/") ? source.file : "\(folder)/\(source.file)"
        let file = try CSVFile(path: path, delimiter: step.delimiter)
        guard let index = file.header.firstIndex(of: source.column) else {
            throw AdminError(
                "\(source.place): \"\(path)\" has no column \"\(source.column)\"",
                hint: Spelling.suggestion(for: source.column, among: file.header))
        }
        var values: Set<String> = []
        while let record = try file.next() {
            if record.fields.indices.contains(index) { values.insert(record.fields[index].trimmingSpaces) }
        }
        return values
    }

    /// Amounts in a currency that the field does not have: to write them would change what they mean.
    private func leftOut(_ step: ImportStep) throws(AdminError) -> [String: String] {
        var result: [String: String] = [:]
        for rule in step.rules {
            guard let currency = rule.currency else { continue }
            let base = try baseCurrency()
            if base != currency {
                result[rule.field] = "its amounts are in \(currency), and the base currency is \(base)"
            }
        }
        return result
    }

    private func baseCurrency() throws(AdminError) -> String {
        var parameters = Parameters()
        parameters.set("entity", "currency")
        parameters.set("filter", json: Array(#"["is_base","=",true]"#.utf8))
        parameters.set("fields", ["code"])
        let found = try session.client().call("record.list", parameters)
        for record in found["records"]?.elements ?? JSONNode.noElements {
            if let code = record["code"]?.string { return code }
        }
        return "unknown"
    }
}
