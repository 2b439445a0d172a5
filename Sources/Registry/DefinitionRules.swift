package import CRMSDK

/// What makes a definition valid: names, types, and that everything it names is there.
///
/// Pure. Each problem is one sentence that names the thing; an empty list means valid.
package enum DefinitionRules {
    /// Fields of one entity, deleted ones that are not purged not counted.
    package static let fieldLimit = 400
    package static let sectionLimit = 100
    /// Fields of one entity that name records other than users: a record is read together with the labels of all that
    /// it names, and the database joins at most 64 tables.
    package static let referenceLimit = 50

    /// Snake case: a letter, then letters, digits and underscores; 1–60 characters, ASCII.
    package static func isIdentifier(_ name: String) -> Bool {
        let bytes = name.utf8
        guard let first = bytes.first, (0x61...0x7A).contains(first), bytes.count <= 60 else { return false }
        return bytes.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }

    package static func problems(in field: FieldDefinition, of entity: String) -> [String] {
        let place = "field \"\(field.name)\" of \"\(entity)\""
        guard let kind = FieldKindList.kind(named: field.type.name) else {
            return ["\(place): there is no field type \"\(field.type.name)\""]
        }
        var problems = kind.problems(in: field.type)
        if !isIdentifier(field.name) {
            problems.append("the name must be a–z, 0–9 and _, 1 to 60 characters")
        }
        if SystemField.names.contains(field.name) { problems.append("the name is reserved") }
        if field.name.hasSuffix("__k") { problems.append("a name cannot end in \"__k\"") }
        if field.label.isEmpty || field.label.unicodeScalars.count > 100 {
            problems.append("the label must have 1 to 100 characters")
        }
        if kind.ordering == nil, field.isUnique || field.isIndexed {
            problems.append("a \(kind.name) field cannot be indexed or unique")
        }
        if field.isSearchable == true, kind.searchForm == nil {
            problems.append("a \(kind.name) field cannot be searched")
        }
        if kind.wire(field.type) == .file, field.isMandatory {
            problems.append("a file cannot be mandatory: a record is there before its file is sent")
        }
        if let text = field.defaultText {
            do throws(FieldRefusal) {
                _ = try kind.parse(text, for: field)
            } catch {
                problems.append("the default: \(error.message)")
            }
        }
        return problems.map { "\(place): \($0)" }
    }

    package static func problems(in entity: EntityDefinition) -> [String] {
        var problems: [String] = []
        if !isIdentifier(entity.name) {
            problems.append("entity \"\(entity.name)\": the name must be a–z, 0–9 and _, 1 to 60 characters")
        }
        if entity.name.hasPrefix("crm_") || entity.name.hasPrefix("sqlite_") || entity.name.hasPrefix("e_") {
            problems.append("entity \"\(entity.name)\": the prefix is reserved")
        }
        if entity.fields.count > fieldLimit {
            problems.append(
                "entity \"\(entity.name)\" would have \(entity.fields.count) fields; \(fieldLimit) is the most"
            )
        }
        let references = entity.fields.filter { $0.type.name == "reference" && $0.type.targets != ["user"] }
        if references.count > referenceLimit {
            problems.append(
                "entity \"\(entity.name)\" would have \(references.count) references; \(referenceLimit) is the most"
            )
        }
        for label in [entity.label, entity.pluralLabel]
        where label.isEmpty || label.unicodeScalars.count > 100 {
            problems.append("entity \"\(entity.name)\": a label must have 1 to 100 characters")
        }
        problems += sectionProblems(entity)
        let isLine = entity.lineOf != nil
        var names = Set(SystemField.names + (isLine ? ManifestCheck.lineFields : []))
        for field in entity.fields {
            problems += Self.problems(in: field, of: entity.name)
            if !names.insert(field.name).inserted, !SystemField.names.contains(field.name) {
                problems.append("entity \"\(entity.name)\" has two fields \"\(field.name)\"")
            }
            if isLine { problems += lineProblems(in: field, of: entity.name) }
        }
        let mentioned =
            entity.labelFields + entity.listFields + entity.indexes.flatMap { $0 }
            + entity.defaultSort.map { $0.hasPrefix("-") ? String($0.dropFirst()) : $0 }
            // A line's amounts are in the currency of its record.
            + (isLine ? [] : entity.fields.compactMap(\.type.currencyField))
        for field in entity.fields where field.type.baseOf != nil {
            problems += Self.problems(inBaseAmount: field, of: entity)
        }
        for name in mentioned where !names.contains(name) {
            problems.append(
                "entity \"\(entity.name)\" mentions the field \"\(name)\", which it does not have")
        }
        if entity.labelFields.isEmpty, !isLine {
            problems.append("entity \"\(entity.name)\" has no label fields")
        }
        return problems
    }

    /// What belongs to whole records cannot be in a line.
    private static func lineProblems(in field: FieldDefinition, of entity: String) -> [String] {
        let place = "field \"\(field.name)\" of \"\(entity)\""
        var problems: [String] = []
        if ["owner", "autonumber", "lines", "file"].contains(field.type.name) {
            problems.append("\(place): a line has no \(field.type.name)")
        }
        if field.isUnique { problems.append("\(place): a field of a line cannot be unique") }
        return problems
    }

    private static func sectionProblems(_ entity: EntityDefinition) -> [String] {
        var problems: [String] = []
        var keys: Set<String> = []
        if entity.sections.count > sectionLimit {
            problems.append("entity \"\(entity.name)\" would have more than \(sectionLimit) sections")
        }
        for section in entity.sections {
            if !keys.insert(section.key).inserted {
                problems.append("entity \"\(entity.name)\" has two sections \"\(section.key)\"")
            }
            if section.label.isEmpty || section.label.unicodeScalars.count > 100 {
                problems.append(
                    "entity \"\(entity.name)\": the label of a section must have 1 to 100 characters")
            }
        }
        return problems
    }

    /// An amount in the base currency follows an amount that has a currency of its own, and a date of the record.
    private static func problems(inBaseAmount field: FieldDefinition, of entity: EntityDefinition) -> [String]
    {
        let place = "field \"\(field.name)\" of \"\(entity.name)\""
        let source = entity.fields.first { $0.name == field.type.baseOf }
        var problems: [String] = []
        if source?.type.name != "money" || source?.type.currencyField == nil {
            problems.append(
                "\(place) follows \"\(field.type.baseOf ?? "")\", which is no amount with a currency field")
        }
        if let date = field.type.rateDate,
            entity.fields.first(where: { $0.name == date })?.type.name != "date"
        {
            problems.append("\(place) takes its rate by \"\(date)\", which is no date")
        }
        return problems
    }
}
