import CRMSDK
import Query
import Registry
import Security
import Storage

/// Computed fields of the record that is being written: they are part of its own write, version and log entry.
extension UnitOfWork {
    /// Computes what depends on fields that differ from the old record; all of it for a new one.
    ///
    /// Costs one look-up where the entity has no computed fields.
    func compute(
        _ entity: Entity, _ id: RecordID, _ values: inout [String: Value], old: Record?
    ) throws(CRMError) {
        let book = snapshot.registry.computed
        guard !book.isEmpty else { return }
        for field in entity.lines where values[field.name] != old?[field.name] {
            try computeLines(of: field, &values)
        }
        let fields = book.fields(of: entity)
        guard !fields.isEmpty else { return }
        var changed = old.map { old in Set(values.keys.filter { values[$0] != old[$0] }) }
        for field in fields {
            if case .records = field.rule, old != nil { continue }
            guard changed.map({ !$0.isDisjoint(with: field.inputs) }) ?? true else { continue }
            let value = try value(of: field, entity, id, values)
            if values[field.field.name] ?? .null != value {
                values[field.field.name] = value
                changed?.insert(field.field.name)
            }
        }
        try settleComputedBaseAmounts(entity, &values, createdAt: old?["created_at"].instant)
    }

    /// Amounts in the base currency of amounts that are computed.
    func settleComputedBaseAmounts(
        _ entity: Entity, _ values: inout [String: Value], createdAt: Instant?
    ) throws(CRMError) {
        guard entity.baseAmounts.contains(where: { $0.source.definition.computed != nil }) else { return }
        try settleBaseAmounts(entity, &values, createdAt: createdAt)
    }

    /// Computes the fields of each line, from the line's own.
    func computeLines(of field: Field, _ values: inout [String: Value]) throws(CRMError) {
        guard let entity = snapshot.registry.lines(of: field), var lines = values[field.name]?.lines else {
            return
        }
        let fields = snapshot.registry.computed.fields(of: entity)
        guard !fields.isEmpty else { return }
        for index in lines.indices {
            for field in fields {
                guard case .expression(let expression) = field.rule else { continue }
                let line = lines[index]
                let evaluation = ExpressionEvaluation { path in line[path[0]] }
                let value = try evaluation.evaluate(expression)
                lines[index][field.field.name] = value.stored(
                    field.field, currency: currency(of: field.field, values))
            }
        }
        values[field.name] = .lines(lines)
    }

    /// What the field is to hold, by the record's values.
    func value(
        of field: ComputedField, _ entity: Entity, _ id: RecordID, _ values: [String: Value]
    ) throws(CRMError) -> Value {
        let result: ExpressionValue
        switch field.rule {
        case .expression(let expression):
            let evaluation = ExpressionEvaluation { path throws(CRMError) in
                let own = values[path[0]] ?? .null
                guard path.count == 2 else { return own }
                return try own.reference.map { id throws(CRMError) in try self.referenced(id, path[1]) }
                    ?? .null
            }
            result = try evaluation.evaluate(expression)
        case .lines(let rollUp, let holder, _, let filter):
            result = try figure(rollUp, values[holder.name]?.lines ?? [], filter)
        case .records(let rollUp, let child, let filter):
            result = try figure(rollUp, over: child, of: id, filter)
        }
        return result.stored(field.field, currency: currency(of: field.field, values))
    }

    /// What an amount in the field is in: the record's currency, where the field says so, or the base currency.
    private func currency(of field: Field, _ values: [String: Value]) -> CurrencyCode {
        let base = snapshot.currencies.base.code
        guard let name = field.type.currencyField, let id = values[name]?.reference else { return base }
        return snapshot.currencies[id]?.code ?? base
    }

    /// A field of the record that a reference names; null where that is gone, in the recycle bin, or has no such field.
    private func referenced(_ id: RecordID, _ name: String) throws(CRMError) -> Value {
        let kernel = call.acting(as: .kernel(for: call.principal.user))
        do throws(CRMError) {
            let target = try service.entity(of: id, named: nil, snapshot, transaction)
            guard target[name] != nil else { return .null }
            var value = Value.null
            try service.get(kernel, snapshot, on: transaction, id: id, entity: target.name, fields: [name]) {
                row, plan throws(CRMError) in
                value = plan.record(row, snapshot)[name]
            }
            return value
        } catch  where error.kind == .notFound {
            return .null
        }
    }

    // MARK: Roll-ups

    private func figure(
        _ rollUp: RollUp, _ lines: [Line], _ filter: Expression?
    ) throws(CRMError) -> ExpressionValue {
        var figure = RollUpFigure(rollUp)
        for line in lines {
            if let filter {
                let test = ExpressionEvaluation(value: { path in line[path[0]] }, isFilter: true)
                guard try test.evaluate(filter).flag == true else { continue }
            }
            figure.add(rollUp.field.map { ExpressionValue(line[$0]) } ?? .something)
        }
        return figure.value
    }

    /// By one statement over the children's index; null where their amounts are of several currencies.
    private func figure(
        _ rollUp: RollUp, over child: Entity, of id: RecordID, _ filter: Filter
    ) throws(CRMError) -> ExpressionValue {
        let kernel = call.acting(as: .kernel(for: call.principal.user))
        let children = Filter.all([.where(rollUp.reference, .equal, .reference(id)), filter])
        var measures: [AggregateQuery.Measure] = []
        if rollUp.operation != "count", let operation = Self.operations[rollUp.operation] {
            measures.append(.init(operation: operation, path: rollUp.field, name: "figure"))
        }
        measures.append(.init(operation: .count, path: rollUp.field, name: "count"))
        do throws(CRMError) {
            let plan = try Planner.aggregate(
                viewpoint(kernel),
                AggregateQuery(entity: child, filter: children, groups: [], measures: measures))
            var values: [Value] = []
            try service.aggregate(plan, on: transaction) { row throws(CRMError) in
                for member in plan.members { values.append(try plan.value(member, row, snapshot)) }
            }
            let count = values.last?.integer ?? 0
            guard rollUp.operation != "count" else { return .number(Fraction(count, scale: 0)) }
            let figure = ExpressionValue(values.first ?? .null)
            switch rollUp.operation {
            case "sum": return figure == .null ? .number(.zero) : figure
            case "average": return RollUpFigure.average(figure, count)
            default: return figure
            }
        } catch  where error.kind == .invalidParameters || error.kind == .limitExceeded {
            return .null
        }
    }

    /// An average is divided here, exactly.
    private static let operations: [String: AggregateQuery.Operation] = [
        "sum": .sum, "average": .sum, "min": .min, "max": .max,
    ]
}
