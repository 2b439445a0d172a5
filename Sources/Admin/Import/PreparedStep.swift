import JSON
import Text

/// A step that was checked against its file and the kernel's entities: every column, field and value that it names is there.
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

    private func checkWishes(_ mapping: ImportMapping) throws(AdminError) {
        for wish in mapping.wishes {
            guard let present = try fields(of: wish.entity, wish.place)[wish.name] else { continue }
            guard present.type == wish.type else {
                throw AdminError(
                    "\(wish.place): field \"\(wish.name)\" of \(wish.entity) is there already, as \(present.type) and not \(wish.type)",
                    hint: "Choose another name in the mapping.")
            }
        }
    }

    private func prepare(_ step: ImportStep, _ mapping: ImportMapping) throws(AdminError) -> PreparedStep {
        let path = try path(of: step)
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
            let (facts, isThere) = try field(name, of: step.entity, mapping, place)
            fields[name] = facts
            if !isThere { missing.insert(name) }
        }
        for (lookup, place) in step.lookups { _ = try field(lookup.by, of: lookup.entity, mapping, place) }
        for rule in step.rules { try check(rule, fields[rule.field]) }
        var known: [String: Set<String>] = [:]
        for (column, source) in step.knownIn { known[column] = try values(source, step) }
        return PreparedStep(
            step: step, path: path, header: header,
            columns: Dictionary(uniqueKeysWithValues: header.enumerated().map { ($1, $0) }), fields: fields,
            missingFields: missing, knownValues: known, leftOut: try leftOut(step))
    }

    private func path(of step: ImportStep) throws(AdminError) -> String {
        if step.isOneRecord { return "the mapping" }
        if let file { return file }
        guard let name = step.file else {
            throw .usage(
                "the mapping names no file for \(step.name)",
                hint: "Name it: crm-admin import FILE --mapping ….")
        }
        return name.hasPrefix("/") ? name : "\(folder)/\(name)"
    }

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

    private func check(_ rule: ColumnRule, _ facts: FieldFacts?) throws(AdminError) {
        guard let facts else { return }
        guard rule.lookup == nil || facts.isReference else {
            throw AdminError("\(rule.place): field \"\(facts.name)\" is no reference, and takes no lookup")
        }
        guard !facts.values.isEmpty, let values = rule.values else { return }
        for target in values.values.sorted() where target != "=" && !facts.values.contains(target) {
            throw AdminError(
                "\(rule.place).values: \"\(target)\" is no value of field \"\(facts.name)\"",
                hint: Spelling.suggestion(for: target, among: facts.values)
                    ?? "Its values are \(facts.values.joined(separator: ", ")).")
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
