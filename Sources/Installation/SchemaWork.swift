import CRMSDK
import Query
import Records
import Registry
import Security
import Storage

/// One batch of a task of the schema, inside a unit of the writer. The place where it ends is written in the same
/// transaction, so that a kill of the kernel loses nothing and repeats nothing.
package struct SchemaWork {
    /// Records looked at before the clock is.
    package static let pageRows = 200

    private let installation: Installation
    private let transaction: WriteTransaction
    private let pageRows: Int

    init(_ installation: Installation, _ transaction: WriteTransaction, pageRows: Int = SchemaWork.pageRows) {
        self.installation = installation
        self.transaction = transaction
        self.pageRows = pageRows
    }

    /// Works on the task until the time is over or it is done.
    ///
    /// An error that the task itself causes stops it, with the reason; it does not come back every second.
    func advance(_ task: SchemaTask, for budget: Duration) throws(CRMError) -> SchemaTask {
        var current = task
        let end = ContinuousClock.now + budget
        do throws(CRMError) {
            try transaction.savepoint { () throws(CRMError) in
                repeat {
                    try turnPage(&current)
                } while current.status == .running && ContinuousClock.now < end
            }
        } catch {
            guard error.kind != .unavailable else { throw error }
            current = task
            try stop(&current, error.message)
        }
        if current.status != .running { current.finishedAt = transaction.now }
        try transaction.store(current)
        return current
    }

    private func turnPage(_ task: inout SchemaTask) throws(CRMError) {
        switch task.order.kind {
        case .changeType: try convert(&task)
        case .mergeValue: try replace(&task)
        case .purgeField, .emptyColumn: try empty(&task)
        case .purgeEntity: try removeEntity(&task)
        case .purgeModule: try removeModule(&task)
        }
    }

    private struct Place {
        var schema: StoredSchema
        let entity: Int
        let field: Int

        var stored: StoredField {
            get { schema.entities[entity].fields[field] }
            set { schema.entities[entity].fields[field] = newValue }
        }
    }

    private func place(of task: SchemaTask) throws(CRMError) -> Place? {
        let schema = try SchemaStore.load(transaction)
        guard let entity = schema.entities.firstIndex(where: { $0.number == task.order.entity }),
            let field = schema.entities[entity].fields.firstIndex(where: {
                $0.placement.number == task.order.field
            })
        else { return nil }
        return Place(schema: schema, entity: entity, field: field)
    }

    // MARK: Change of type

    private func convert(_ task: inout SchemaTask) throws(CRMError) {
        guard let place = try place(of: task), let plan = place.stored.placement.conversion else {
            return task.end(.stopped, "the field is not changing its type any more")
        }
        let conversion = try ValueConversion(place.stored.placement.definition, to: plan.type)
        let page = try transaction.page(
            of: task.order.entityName, column: place.stored.placement.column, after: task.cursor,
            limit: pageRows)
        for (id, value) in page where value != .null {
            if let converted = conversion.convert(value) {
                try transaction.set(plan.column, of: task.order.entityName, id: id, to: converted)
            } else {
                task.noteUnfit(id, conversion.text(value))
                guard plan.emptiesUnfit else {
                    return try stop(
                        &task,
                        "\"\(conversion.text(value).prefix(60))\" of record \(id) does not convert to \(plan.type.name)"
                    )
                }
            }
            task.doneRecords += 1
        }
        task.cursor = page.last?.id ?? task.cursor
        if page.count < pageRows {
            try swap(place, plan, task)
            task.end(.done)
        }
    }

    /// The column that was filled becomes the field's own; the old one is emptied later.
    private func swap(_ place: Place, _ plan: ConversionPlan, _ task: SchemaTask) throws(CRMError) {
        var changed = place
        let former = changed.stored.placement.column
        changed.stored.placement.adjustments.formerColumns.append(
            FormerColumn(column: former, type: changed.stored.placement.definition.type))
        changed.stored.placement.conversion = nil
        changed.stored.placement.column = plan.column
        changed.stored.placement.definition.type = plan.type
        let problems = DefinitionRules.problems(
            in: changed.stored.placement.definition, of: task.order.entityName)
        if !problems.isEmpty { changed.stored.placement.definition.defaultText = nil }
        try settle(place.schema, changed.schema, task, leaving: former, verb: "change_type")
    }

    private func settle(
        _ before: StoredSchema, _ after: StoredSchema, _ task: SchemaTask, leaving column: String,
        verb: String
    ) throws(CRMError) {
        var plan = try SchemaPlanner.plan(from: before, to: after)
        var order = SchemaTask.Order(.emptyColumn, entity: task.order.entity, of: task.order.entityName)
        order.field = task.order.field
        order.name = task.order.name
        order.detail = column
        plan.tasks = [order]
        try transaction.apply(plan)
        try transaction.sign(tasksOf: task.actor ?? FirstRecords.administrator)
        _ = try installation.renewed(in: transaction)
        try installation.note(
            call(task), verb, task.order.entityName, plan.sentences, transaction, kind: .schema)
    }

    /// The field stays as it was; what was filled of the other column is emptied.
    private func stop(_ task: inout SchemaTask, _ problem: String) throws(CRMError) {
        task.end(.stopped, problem)
        guard task.order.kind == .changeType, let place = try place(of: task),
            let plan = place.stored.placement.conversion
        else { return }
        var changed = place
        changed.stored.placement.conversion = nil
        try settle(place.schema, changed.schema, task, leaving: plan.column, verb: "change_type stopped")
    }

    // MARK: Values of a list

    private func replace(_ task: inout SchemaTask) throws(CRMError) {
        let keys = (task.order.detail ?? "").split(separator: " ").map(String.init)
        guard var place = try place(of: task), keys.count == 2 else {
            return task.end(.stopped, "the field is not there any more")
        }
        let snapshot = installation.snapshots.current
        let registry = try Installation.registry(place.schema, snapshot.registry.modules)
        guard let entity = registry[entity: task.order.entityName], let field = entity[place.stored.name]
        else {
            return task.end(.stopped, "\"\(task.order.entityName)\" is not there: its module is not enabled")
        }
        let page = try transaction.page(
            of: entity.name, column: field.column, after: task.cursor, limit: pageRows)
        let matching = page.filter { row in
            guard case .text(let text) = row.value else { return false }
            return text == keys[0] || text.contains(KeyList.quoted(keys[0]))
        }
        let call = call(task)
        let replacements = try installation.records.unit(
            transaction, call, on: snapshot.with(registry: registry)
        ) { (unit) throws(CRMError) -> [(Int64, UnitOfWork.Replacement)] in
            try matching.map { row throws(CRMError) in
                (
                    row.id,
                    try unit.replace(keys[0], by: keys[1], in: field, of: entity, record: RecordID(row.id))
                )
            }
        }
        for (id, replacement) in replacements {
            switch replacement {
            case .none: continue
            case .updated: break
            case .alone(let refusal): task.noteUnfit(id, refusal)
            }
            task.doneRecords += 1
        }
        task.cursor = page.last?.id ?? task.cursor
        guard page.count < pageRows else { return }
        let before = place.schema
        place.stored.placement.definition.type.values.removeAll { $0.key == keys[0] && !$0.isSystem }
        place.stored.placement.adjustments.edited.insert("removed.\(keys[0])")
        let plan = try SchemaPlanner.plan(from: before, to: place.schema)
        try transaction.apply(plan)
        _ = try installation.renewed(in: transaction)
        try installation.note(call, "merge", entity.name, plan.sentences, transaction, kind: .schema)
        task.end(.done)
    }

    // MARK: Purge

    private func empty(_ task: inout SchemaTask) throws(CRMError) {
        let isField = task.order.kind == .purgeField
        let place = isField ? try place(of: task) : nil
        let column = isField ? place?.stored.placement.column : task.order.detail
        let hasTable = try SchemaStore.load(transaction).entities.contains { $0.number == task.order.entity }
        guard let column, hasTable else { return task.end(.done) }
        let page = try transaction.page(
            of: task.order.entityName, column: column, after: task.cursor, limit: pageRows)
        for (id, value) in page where value != .null {
            try transaction.set(column, of: task.order.entityName, id: id, to: .null)
            task.doneRecords += 1
        }
        if let place {
            try dropFiles(of: page.map(\.id), with: place.stored, place.schema.entities[place.entity])
        }
        task.cursor = page.last?.id ?? task.cursor
        guard page.count < pageRows else { return }
        if isField, let number = task.order.field {
            try transaction.forget(fieldNumber: number)
            try installation.note(
                call(task), "purge", task.order.entityName, [task.order.sentence], transaction, kind: .schema)
        }
        task.end(.done)
    }

    /// The files of records whose field is purged, also those in its history. Which field had a file is not kept: while
    /// the entity has another field for files, its records keep theirs until they are purged themselves.
    private func dropFiles(
        of records: [Int64], with field: StoredField, _ entity: StoredEntity
    ) throws(CRMError) {
        let fields = entity.fields.filter { $0.placement.definition.type.name == "file" }
        guard fields.map(\.placement.number) == [field.placement.number] else { return }
        for id in records { try transaction.dropFiles(of: RecordID(id)) }
    }

    private func removeEntity(_ task: inout SchemaTask) throws(CRMError) {
        let schema = try SchemaStore.load(transaction)
        guard let entity = schema.entities.first(where: { $0.number == task.order.entity }) else {
            return task.end(.done)
        }
        guard try removePage(of: entity, schema, &task) else { return }
        try installation.removeRights([entity.name], call(task), transaction)
        _ = try installation.renewed(in: transaction)
        try installation.note(
            call(task), "purge", entity.name, [task.order.sentence], transaction, kind: .schema)
        task.end(.done)
    }

    /// One page of whatever of the module is left: lines, records, fields of others, links; at last its name.
    private func removeModule(_ task: inout SchemaTask) throws(CRMError) {
        let (schema, module) = (try SchemaStore.load(transaction), task.order.entityName)
        let entities = schema.entities.filter { $0.module == module }
        if let entity = entities.first(where: { $0.facts.lineOf != nil }) ?? entities.first {
            _ = try removePage(of: entity, schema, &task)
            return
        }
        for entity in schema.entities {
            guard let field = entity.fields.first(where: { ModulePurge.isField($0, of: module) }) else {
                continue
            }
            return try removeField(field, of: entity, &task)
        }
        let relations = (task.order.detail ?? "").split(separator: " ").map(String.init)
        if let relation = try transaction.linkTables(of: relations).first {
            task.doneRecords += Int64(try transaction.removeLinks(of: relation, limit: pageRows))
            return
        }
        try transaction.forget(module: module)
        _ = try installation.renewed(in: transaction)
        try installation.note(call(task), "purge", module, [task.order.sentence], transaction)
        task.end(.done)
    }

    /// What records leave behind elsewhere takes many statements for each.
    private static let destroyedRows = 25

    /// Removes some records or lines, and the table when there are no more.
    ///
    /// - Returns: whether the entity is gone.
    private func removePage(
        of entity: StoredEntity, _ schema: StoredSchema, _ task: inout SchemaTask
    ) throws(CRMError) -> Bool {
        let isLine = entity.facts.lineOf != nil
        let limit = isLine ? pageRows : min(pageRows, Self.destroyedRows)
        let page = try transaction.page(of: entity.name, column: "id", after: task.cursor, limit: limit)
        if isLine {
            for (id, _) in page { try transaction.remove(line: id, from: entity.name) }
        } else if !page.isEmpty {
            try destroy(page.map { RecordID($0.id) }, entity, schema, task)
        }
        task.doneRecords += Int64(page.count)
        task.cursor = page.last?.id ?? task.cursor
        guard page.count < limit else { return false }
        try dropLinks(with: entity.name)
        try transaction.forget(entity: entity.number, named: entity.name)
        task.cursor = 0
        return true
    }

    /// The tables of relations with an entity that is gone: its records took their links along, and other modules'
    /// relations with it sleep from now on.
    private func dropLinks(with entity: String) throws(CRMError) {
        let relations = installation.snapshots.current.registry.modules.flatMap(\.manifest.relations)
            .filter { $0.from == entity || $0.to == entity }.map(\.name)
        for relation in try transaction.linkTables(of: relations) {
            while try transaction.removeLinks(of: relation, limit: pageRows) == pageRows {}
        }
    }

    private func destroy(
        _ ids: [RecordID], _ stored: StoredEntity, _ schema: StoredSchema, _ task: SchemaTask
    ) throws(CRMError) {
        let snapshot = installation.snapshots.current
        let registry = try Installation.completeRegistry(schema, snapshot.registry.modules)
        guard let entity = registry[entity: stored.name] else { return }
        try installation.records.unit(transaction, call(task), on: snapshot.with(registry: registry)) {
            (unit) throws(CRMError) in
            for id in ids { try unit.destroy(id, entity) }
        }
    }

    private func removeField(
        _ field: StoredField, of entity: StoredEntity, _ task: inout SchemaTask
    ) throws(CRMError) {
        let column = field.placement.column
        let page = try transaction.page(of: entity.name, column: column, after: task.cursor, limit: pageRows)
        for (id, value) in page where value != .null {
            try transaction.set(column, of: entity.name, id: id, to: .null)
            task.doneRecords += 1
        }
        try dropFiles(of: page.map(\.id), with: field, entity)
        task.cursor = page.last?.id ?? task.cursor
        guard page.count < pageRows else { return }
        try transaction.forget(fieldNumber: field.placement.number)
        try transaction.drop(column: column, of: entity.name)
        task.cursor = 0
    }

    private func call(_ task: SchemaTask) -> CallContext {
        CallContext(
            principal: .kernel(for: task.actor ?? FirstRecords.administrator), source: .system,
            method: "schema.\(task.order.kind.rawValue)", requestID: "schema-task-\(task.id)")
    }
}

extension SchemaTask {
    fileprivate mutating func end(_ status: Status, _ problem: String? = nil) {
        self.status = status
        self.problem = problem
    }

    fileprivate mutating func noteUnfit(_ id: Int64, _ value: String) {
        unfitRecords += 1
        if unfit.count < Self.namedRecords { unfit.append(Unfit(id: RecordID(id), value: value)) }
    }
}
