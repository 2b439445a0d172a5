import CRMSDK
import Printing

/// Reads what a template uses of a record, under the rights of the one who prints: what they may not see is not there.
struct PrintedValues {
    let context: any ModuleContext
    let formats: PrintFormats

    func values(of record: Record, _ usage: PrintUsage) throws(CRMError) -> [String: PrintValue] {
        var printed = try values(record.values, of: try context.definition(of: record.entity), usage)
        printed["id"] = .text("\(record.id.rawValue)")
        for name in PrintShapes.systemDays {
            if let moment = record[name].instant { printed[name] = .text(formats.day(moment)) }
        }
        return printed
    }

    private func values(
        _ values: [String: Value], of definition: EntityDefinition, _ usage: PrintUsage
    ) throws(CRMError) -> [String: PrintValue] {
        var printed: [String: PrintValue] = [:]
        for field in definition.fields {
            guard let used = usage[field.name], let value = values[field.name], !value.isNull else {
                continue
            }
            printed[field.name] = try self.value(value, of: field, used)
        }
        return printed
    }

    private func value(_ value: Value, of field: FieldDefinition, _ usage: PrintUsage) throws(CRMError)
        -> PrintValue
    {
        if let lines = value.lines { return .many(try items(lines, of: field, usage)) }
        if let id = value.reference { return .one(try target(id, of: field, usage)) }
        let text = try text(value, of: field)
        return isZero(value) ? .nothing(text) : .text(text)
    }

    private func items(
        _ lines: [Line], of field: FieldDefinition, _ usage: PrintUsage
    ) throws(CRMError) -> [[String: PrintValue]] {
        guard let target = field.type.targets.first else { return [] }
        let definition = try context.definition(of: target)
        var items: [[String: PrintValue]] = []
        for (index, line) in lines.enumerated() {
            var item = try values(line.values, of: definition, usage)
            item["number"] = .text(formats.number(Int64(index + 1)))
            items.append(item)
        }
        return items
    }

    /// The record that a reference names; empty where the caller may not view it.
    private func target(
        _ id: RecordID, of field: FieldDefinition, _ usage: PrintUsage
    ) throws(CRMError) -> [String: PrintValue] {
        for entity in PrintShapes.targets(of: field) where context.hasEntity(entity) {
            let record: Record
            do throws(CRMError) {
                record = try context.get(entity, id)
            } catch {
                guard error.kind == .notFound || error.kind == .forbidden else { throw error }
                continue
            }
            var printed = try values(of: record, usage)
            if usage["label"] != nil {
                let definition = try context.definition(of: entity)
                var words: [String] = []
                for name in definition.labelFields {
                    guard let part = definition.fields.first(where: { $0.name == name }), !record[name].isNull
                    else { continue }
                    words.append(try text(record[name], of: part))
                }
                printed["label"] = .text(words.joined(separator: " "))
            }
            return printed
        }
        return [:]
    }

    private func text(_ value: Value, of field: FieldDefinition) throws(CRMError) -> String {
        func label(_ key: String) -> String { field.type.values.first { $0.key == key }?.label ?? key }
        switch value {
        case .text(let text): return field.type.values.isEmpty ? text : label(text)
        case .list(let keys): return keys.compactMap { $0.text.map(label) }.joined(separator: ", ")
        // Nothing for no: {{#if paid}} asks whether something is there.
        case .bool(let flag): return flag ? "✓" : ""
        case .integer(let number): return formats.number(number)
        case .decimal(let number):
            // Six decimals are a price's or a rate's: they are written with two at least.
            return formats.number(number, minimumDecimals: number.scale == 6 ? 2 : 0)
                + (field.type.name == "percent" ? " %" : "")
        case .money(let money): return formats.amount(money, decimals: try decimals(of: money.currency))
        case .date(let date): return formats.date(date)
        case .time(let time): return String(time.description.prefix(5))
        case .instant(let moment): return formats.moment(moment)
        case .reference(let id): return "\(id.rawValue)"
        default: return ""
        }
    }

    private func isZero(_ value: Value) -> Bool {
        switch value {
        case .integer(let number): number == 0
        case .decimal(let number): number.units == 0
        case .money(let money): money.tenThousandths == 0
        default: false
        }
    }

    private func decimals(of currency: CurrencyCode) throws(CRMError) -> Int {
        try context.elevated(reason: "a currency's decimals") { (context) throws(CRMError) in
            let request = ListRequest(
                "currency", where: .where("code", .equal, .text(currency.description)), limit: 1)
            return try context.list(request).first?["decimals"].integer.map { Int($0) } ?? 2
        }
    }
}
