package import CRMSDK
package import JSON
import Registry
import Text

/// Holds what a caller sent against a method's parameter table, and reads it.
///
/// `check` makes nothing: it walks the object once and throws at the first unknown, missing or wrongly typed parameter,
/// naming it, what was wanted and what came. `structured` makes the typed values that a module's action is given.
package enum ParameterReading {
    // MARK: Checking

    /// - Parameter node: the `params` member; nil where the call has none.
    /// - Parameter place: where the object stands within a parameter that takes several forms.
    package static func check(
        _ node: JSONNode?, against parameters: [Parameter], at place: String = ""
    ) throws(CRMError) {
        guard let node else {
            if let first = parameters.first(where: \.isRequired) { throw missing(first.name) }
            return
        }
        guard node.kind == .object else {
            throw CRMError(
                .invalidParameters,
                "\(place.isEmpty ? "params" : place) must be an object of named parameters, not \(node.kind.phrase)",
                hint: "Name each one: {\"\(parameters.first?.name ?? "name")\": …}.")
        }
        try checkMembers(node, parameters, at: place.isEmpty ? "" : place + ".")
    }

    private static func checkMembers(_ node: JSONNode, _ parameters: [Parameter], at place: String)
        throws(CRMError)
    {
        var required = 0
        for (name, value) in node.members {
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                throw unknown(name, parameters, at: place)
            }
            if value.isNull {
                // Null is "not given", except where the parameter itself takes anything.
                guard !parameter.isRequired || parameter.type.shape == .any else {
                    throw missing(place + name)
                }
            } else {
                try check(value, parameter.type, at: place + name)
            }
            if parameter.isRequired { required += 1 }
        }
        guard required == parameters.count(where: \.isRequired) else {
            let first = parameters.first { $0.isRequired && node[$0.name] == nil }
            throw missing(place + (first?.name ?? ""))
        }
    }

    private static func check(_ node: JSONNode, _ type: ParameterType, at place: String) throws(CRMError) {
        switch type.shape {
        case .any: return
        case .field(let field): try checkField(node, field, at: place)
        case .list(let element):
            guard node.kind == .array else { throw wrong(place, wants: "an array", node) }
            var index = 0
            for item in node.elements {
                try check(item, element, at: "\(place)[\(index)]")
                index += 1
            }
        case .object(let members):
            guard node.kind == .object else { throw wrong(place, wants: "an object", node) }
            try checkMembers(node, members, at: place + ".")
        case .values, .record:
            guard node.kind == .object else { throw wrong(place, wants: "an object of field values", node) }
        case .filter:
            guard node.kind == .array || node.kind == .object else {
                throw wrong(place, wants: "a filter", node)
            }
        }
    }

    private static func checkField(_ node: JSONNode, _ type: FieldType, at place: String) throws(CRMError) {
        guard let kind = FieldKindList.kind(named: type.name) else {
            throw wrong(place, wants: "known", node)
        }
        switch kind.wire(type) {
        case .string where node.kind == .string:
            if !type.values.isEmpty || type.maximumLength != nil { try checkText(node, type, at: place) }
        case .boolean where node.kind == .bool: return
        case .reference where node.int64 != nil, .integer where node.int64 != nil:
            if type.minimum != nil || type.maximum != nil { try checkRange(node, type, at: place) }
        case let wire:
            do throws(FieldRefusal) {
                _ = try WireValue.read(node, wire, label: "parameter \"\(place)\"")
            } catch {
                throw CRMError(.invalidParameters, error.message)
            }
        }
    }

    private static func checkText(_ node: JSONNode, _ type: FieldType, at place: String) throws(CRMError) {
        let text = node.string ?? ""
        if !type.values.isEmpty, !type.values.contains(where: { $0.key == text }) {
            var error = CRMError(
                .invalidParameters,
                "parameter \"\(place)\" must be one of \(type.values.map(\.key).joined(separator: ", ")), "
                    + "not \"\(text.prefix(60))\"")
            error.candidates = Spelling.nearest(to: text, among: type.values.map(\.key))
            throw error
        }
        if let limit = type.maximumLength, text.utf8.count > limit, text.unicodeScalars.count > limit {
            throw CRMError(.invalidParameters, "parameter \"\(place)\" is longer than \(limit) characters")
        }
    }

    private static func checkRange(_ node: JSONNode, _ type: FieldType, at place: String) throws(CRMError) {
        guard let number = node.int64 else { return }
        let low = type.minimum.flatMap { Int64($0) } ?? .min
        let high = type.maximum.flatMap { Int64($0) } ?? .max
        guard low <= high, !(low...high).contains(number) else { return }
        throw CRMError(
            .invalidParameters, "parameter \"\(place)\" must be from \(low) to \(high), not \(number)")
    }

    // MARK: Reading

    /// The parameters of an action; `check` has passed.
    package static func structured(
        _ node: JSONNode?, _ parameters: [Parameter], _ view: FieldView
    ) throws(CRMError) -> StructuredValue {
        try members(node, parameters, view, at: "")
    }

    private static func members(
        _ node: JSONNode?, _ parameters: [Parameter], _ view: FieldView, at place: String
    ) throws(CRMError) -> StructuredValue {
        var members: [StructuredValue.Member] = []
        guard let node else { return .object(members) }
        for (name, value) in node.members {
            guard let parameter = parameters.first(where: { $0.name == name }) else { continue }
            members.append(.init(name, try structured(value, parameter.type, view, at: place + name)))
        }
        return .object(members)
    }

    private static func structured(
        _ node: JSONNode, _ type: ParameterType, _ view: FieldView, at place: String
    ) throws(CRMError) -> StructuredValue {
        if node.isNull { return .value(.null) }
        switch type.shape {
        case .any, .filter: return plain(node)
        case .field(let field): return .value(try fieldValue(node, field, at: place))
        case .list(let element):
            var elements: [StructuredValue] = []
            for (index, item) in node.elements.enumerated() {
                elements.append(try structured(item, element, view, at: "\(place)[\(index)]"))
            }
            return .list(elements)
        case .object(let parameters): return try members(node, parameters, view, at: place + ".")
        case .values(let entity?), .record(let entity?):
            let entity = try view.registry.entity(entity)
            let values = try RecordValues.read(node, of: entity, view)
            // The module will be the writer, for whom no field is closed: here the caller is.
            if case .values = type.shape { try refuseClosed(values.keys, of: entity, view) }
            return .object(values.map { .init($0.key, .value($0.value)) }.sorted { $0.name < $1.name })
        case .values(nil), .record(nil): return plain(node)
        }
    }

    /// Refuses values of fields that the caller could not write in a record either.
    private static func refuseClosed(
        _ names: some Collection<String>, of entity: Entity, _ view: FieldView
    ) throws(CRMError) {
        let problems = entity.fields.filter { names.contains($0.name) && !view.mayWrite($0, of: entity) }
            .map { FieldProblem(field: $0.name, code: "read_only", message: "\($0.label) cannot be written") }
        guard problems.isEmpty else { throw .invalidRecord(entity.name, problems) }
    }

    private static func fieldValue(_ node: JSONNode, _ type: FieldType, at place: String) throws(CRMError)
        -> Value
    {
        guard let kind = FieldKindList.kind(named: type.name) else {
            throw wrong(place, wants: "known", node)
        }
        let label = "parameter \"\(place)\""
        do throws(FieldRefusal) {
            let value = try WireValue.read(node, kind.wire(type), label: label)
            return try kind.accept(value, for: FieldDefinition("parameter", label, type))
        } catch {
            throw CRMError(.invalidParameters, error.message)
        }
    }

    /// JSON without a declared type: numbers are integers or exact decimals, or text where they are neither.
    package static func plain(_ node: JSONNode) -> StructuredValue {
        switch node.kind {
        case .null: return .value(.null)
        case .bool: return .value(.bool(node.bool ?? false))
        case .string: return .value(.text(node.string ?? ""))
        case .array: return .list(node.elements.map(plain))
        case .object: return .object(node.members.map { .init($0.name, plain($0.value)) })
        case .number:
            if let number = node.int64 { return .value(.integer(number)) }
            let text = node.numberText ?? ""
            let decimals = text.split(separator: ".").dropFirst().first?.count ?? 0
            if let decimal = try? FixedDecimal(parsing: text, scale: min(decimals, 6)) {
                return .value(.decimal(decimal))
            }
            return .value(.text(text))
        }
    }

    // MARK: Refusals

    private static func missing(_ name: String) -> CRMError {
        CRMError(.invalidParameters, "parameter \"\(name)\" is missing")
    }

    private static func unknown(_ name: String, _ parameters: [Parameter], at place: String) -> CRMError {
        var error = CRMError(.invalidParameters, "there is no parameter \"\(place)\(name.prefix(60))\"")
        error.candidates = Spelling.nearest(to: name, among: parameters.map(\.name))
        error.hint =
            parameters.isEmpty
            ? "It takes none." : "It takes \(parameters.map(\.name).joined(separator: ", "))."
        return error
    }

    private static func wrong(_ place: String, wants: String, _ node: JSONNode) -> CRMError {
        CRMError(.invalidParameters, "parameter \"\(place)\" must be \(wants), not \(node.kind.phrase)")
    }
}
