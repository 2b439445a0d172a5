package import CRMSDK
package import JSON
package import Registry

/// Reads a filter from JSON: `["amount", ">=", "1000.00"]`, `{"all": […]}`, `{"any": […]}`, `{"not": …}`.
///
/// The operand is typed by the field at the end of the path, found by a walk over the registry through the caller's
/// eyes. Depth is bounded, so recursion on input is bounded too.
package struct FilterReading {
    /// Conditions of one filter.
    package static let conditionLimit = 50
    /// `all`, `any` and `not` within each other.
    package static let depthLimit = 10
    /// Values of one `in`.
    package static let listLimit = 1000
    /// References that a path may follow.
    package static let pathLimit = 5

    private let entity: Entity
    private let view: FieldView
    private var conditions = 0

    private init(entity: Entity, view: FieldView) {
        self.entity = entity
        self.view = view
    }

    /// - Throws: `invalidParameters` naming the place, such as `filter.all[2]`; `limitExceeded`.
    package static func read(
        _ node: JSONNode, on entity: Entity, _ view: FieldView
    ) throws(CRMError) -> Filter {
        var reading = FilterReading(entity: entity, view: view)
        return try reading.filter(node, at: "filter", depth: 1)
    }

    private mutating func filter(_ node: JSONNode, at place: String, depth: Int) throws(CRMError) -> Filter {
        guard depth <= Self.depthLimit else {
            throw CRMError(.limitExceeded, "the filter is nested over the limit of \(Self.depthLimit) levels")
        }
        switch node.kind {
        case .array: return try condition(node, at: place)
        case .object: return try group(node, at: place, depth: depth)
        default:
            throw refusal(
                place,
                "must be a condition such as [\"amount\", \">=\", \"1000.00\"], not \(node.kind.phrase)")
        }
    }

    private mutating func group(_ node: JSONNode, at place: String, depth: Int) throws(CRMError) -> Filter {
        var members = node.members
        guard node.count == 1, let (word, value) = members.next() else {
            throw refusal(place, "must have exactly one of all, any and not")
        }
        switch word {
        case "not":
            return .not(try filter(value, at: "\(place).not", depth: depth + 1))
        case "all", "any":
            guard value.kind == .array else {
                throw refusal("\(place).\(word)", "must be an array of filters, not \(value.kind.phrase)")
            }
            var parts: [Filter] = []
            for (index, part) in value.elements.enumerated() {
                parts.append(try filter(part, at: "\(place).\(word)[\(index)]", depth: depth + 1))
            }
            return word == "all" ? .all(parts) : .any(parts)
        default:
            throw refusal(place, "has \"\(word.prefix(40))\", which is none of all, any and not")
        }
    }

    private mutating func condition(_ node: JSONNode, at place: String) throws(CRMError) -> Filter {
        conditions += 1
        guard conditions <= Self.conditionLimit else {
            throw CRMError(
                .limitExceeded, "the filter is over the limit of \(Self.conditionLimit) conditions")
        }
        let parts = Array(node.elements)
        guard parts.count == 2 || parts.count == 3, let path = parts[0].string, let symbol = parts[1].string
        else {
            throw refusal(
                place,
                "must be [field, operator, value], [field, operator] for the tests of emptiness, or an object with "
                    + "all, any or not")
        }
        guard let comparison = FilterOperator(symbol: symbol) else {
            var error = refusal(place, "has the operator \"\(symbol.prefix(40))\", which does not exist")
            error.candidates = FilterOperator.all.map(\.symbol)
            throw error
        }
        let field = try view.field(at: path, of: entity)
        guard field.kind.comparisons.contains(comparison) else {
            var error = refusal(
                place,
                "compares \"\(path)\" by \"\(symbol)\"; a \(field.kind.name) field cannot be compared so")
            error.candidates = field.kind.comparisons.map(\.symbol)
            throw error
        }
        let takesNone = comparison == .isEmpty || comparison == .isNotEmpty
        guard takesNone == (parts.count == 2) else {
            throw refusal(
                place,
                takesNone ? "takes no value behind \"\(symbol)\"" : "lacks the value behind \"\(symbol)\"")
        }
        let operand = takesNone ? .null : try operand(parts[2], comparison, field, at: place)
        return .where(path, comparison, operand)
    }

    private func operand(
        _ node: JSONNode, _ comparison: FilterOperator, _ field: Field, at place: String
    ) throws(CRMError) -> Value {
        switch comparison {
        case .isIn, .isNotIn, .between:
            guard node.kind == .array else {
                throw refusal(
                    place, "needs an array behind \"\(comparison.symbol)\", not \(node.kind.phrase)")
            }
            guard node.count <= Self.listLimit else {
                throw CRMError(
                    .limitExceeded, "\(place) has \(node.count) values, over the limit of \(Self.listLimit)")
            }
            guard comparison != .between || node.count == 2 else {
                throw refusal(place, "needs the two ends behind \"between\", not \(node.count) values")
            }
            var values: [Value] = []
            for element in node.elements { values.append(try single(element, field, at: place)) }
            return .list(values)
        case .near:
            let parts = node.elements.map { $0.string.map { Value.text($0) } ?? .null }
            guard GeoCircle(.list(parts)) != nil else {
                throw refusal(
                    place,
                    "needs a place and a distance behind \"near\", such as [\"52.52,13.405\", \"25 km\"]; m, km and mi are known"
                )
            }
            return .list(parts)
        case .within:
            guard let phrase = node.string else {
                throw refusal(
                    place, "needs a span such as \"this quarter\" behind \"within\", not \(node.kind.phrase)")
            }
            return .text(phrase)
        default:
            return try single(node, field, at: place)
        }
    }

    private func single(_ node: JSONNode, _ field: Field, at place: String) throws(CRMError) -> Value {
        guard !node.isNull else {
            throw refusal(place, "compares with null; use \"is empty\" or \"is not empty\"")
        }
        do throws(FieldRefusal) {
            // A field of several values is compared with single ones.
            let wire = field.wire == .keys ? .string : field.wire
            // A date beside a moment means the caller's whole day.
            if wire == .instant, let day = node.string.flatMap(CalendarDate.init) { return .date(day) }
            return try WireValue.read(node, wire, label: "\(place): \(field.name)")
        } catch {
            throw CRMError(.invalidParameters, error.message)
        }
    }

    private func refusal(_ place: String, _ what: String) -> CRMError {
        CRMError(.invalidParameters, "\(place) \(what)")
    }
}
