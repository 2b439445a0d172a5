import CRMSDK

/// Filters and sorts in memory, with the wire contract's meaning: null is no value, text compares without case.
enum TestFilter {
    /// - Parameter lookUp: The record that a reference means.
    static func matches(
        _ record: Record, _ filter: Filter, _ lookUp: (RecordID) -> Record?
    ) throws(CRMError) -> Bool {
        switch filter.node {
        case .condition(let condition):
            return try holds(condition, value(at: condition.path, of: record, lookUp))
        case .all(let filters):
            for filter in filters where try !matches(record, filter, lookUp) { return false }
            return true
        case .any(let filters):
            for filter in filters where try matches(record, filter, lookUp) { return true }
            return false
        case .not(let filter):
            return try !matches(record, filter, lookUp)
        }
    }

    static func sorted(_ records: [Record], by keys: [String]) -> [Record] {
        records.sorted { left, right in
            for key in keys {
                let isDescending = key.hasPrefix("-")
                let name = isDescending ? String(key.dropFirst()) : key
                let (first, second) = isDescending ? (right, left) : (left, right)
                if precedes(field(name, of: first), field(name, of: second)) { return true }
                if precedes(field(name, of: second), field(name, of: first)) { return false }
            }
            return left.id < right.id
        }
    }

    /// Nulls are lowest; values of different kinds are never in order.
    static func precedes(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): false
        case (.null, _): true
        case (.bool(let left), .bool(let right)): !left && right
        case (.integer(let left), .integer(let right)): left < right
        case (.decimal(let left), .decimal(let right)): left.units < right.units
        case (.money(let left), .money(let right)): left.tenThousandths < right.tenThousandths
        case (.text(let left), .text(let right)): left.lowercased() < right.lowercased()
        case (.date(let left), .date(let right)): left < right
        case (.time(let left), .time(let right)): left < right
        case (.instant(let left), .instant(let right)): left < right
        case (.reference(let left), .reference(let right)): left < right
        default: false
        }
    }

    private static func field(_ name: String, of record: Record) -> Value {
        name == "id" ? .reference(record.id) : record[name]
    }

    private static func value(
        at path: String, of record: Record, _ lookUp: (RecordID) -> Record?
    ) -> Value {
        // What a link says stands with the record at its other end.
        if path.hasPrefix("link.") { return record[path] }
        var current: Record? = record
        var value = Value.null
        for step in path.split(separator: ".") {
            guard let here = current else { return .null }
            value = field(String(step), of: here)
            current = value.reference.flatMap(lookUp)
        }
        return value
    }

    private static func holds(_ condition: FilterCondition, _ value: Value) throws(CRMError) -> Bool {
        let operand = condition.operand
        switch condition.comparison {
        case .isEmpty: return value.isNull
        case .isNotEmpty: return !value.isNull
        case .notEqual: return !equals(value, operand)
        case .isNotIn: return !(operand.list ?? []).contains { equals(value, $0) }
        case _ where value.isNull: return false
        case .equal: return equals(value, operand)
        case .isIn: return (operand.list ?? []).contains { equals(value, $0) }
        case .less: return precedes(value, operand)
        case .lessOrEqual: return precedes(value, operand) || equals(value, operand)
        case .greater: return precedes(operand, value)
        case .greaterOrEqual: return precedes(operand, value) || equals(value, operand)
        case .contains: return folded(value).contains(folded(operand))
        case .startsWith: return folded(value).hasPrefix(folded(operand))
        case .endsWith: return folded(value).hasSuffix(folded(operand))
        case .between:
            guard let bounds = operand.list, bounds.count == 2 else { break }
            return !precedes(value, bounds[0]) && !precedes(bounds[1], value)
        case .near:
            guard let circle = GeoCircle(operand) else { break }
            return value.text.flatMap { GeoPoint($0) }.map(circle.contains) ?? false
        default: break
        }
        throw CRMError(
            .invalidParameters, "the test context cannot compare with \"\(condition.comparison.symbol)\"")
    }

    private static func equals(_ left: Value, _ right: Value) -> Bool {
        if let left = left.text, let right = right.text { return left.lowercased() == right.lowercased() }
        return left == right
    }

    private static func folded(_ value: Value) -> String { value.text?.lowercased() ?? "" }
}
