import CRMSDK

/// What a document takes of the one that it was made from: quantities by line, and its parts of the amounts that are
/// split. Kept on the earlier document, so that what remains of it is known without asking for all later ones.
///
/// A cancelled or deleted document takes nothing; what it took is given back exactly.
struct Taking: Equatable {
    struct Share: Equatable {
        var quantity: Int64 = 0
        var discount = Amount.zero
    }

    let source: RecordID
    let kind: String
    /// By the earlier document's line.
    var lines: [RecordID: Share] = [:]
    /// By the field that keeps it.
    var amounts: [String: Amount] = [:]

    static func hooks(_ kind: DocumentKind) -> [Hook] {
        guard !kind.sources.isEmpty else { return [] }
        let entity = kind.entity
        return [
            Hook("take_\(entity)", on: entity, [.afterCreate, .afterUpdate]) {
                change, context throws(CRMError) in
                try note(change.old, change.asRecord, kind, isFirst: change.isNew, context)
            },
            Hook("give_back_\(entity)", on: entity, [.afterDelete]) { change, context throws(CRMError) in
                try note(change.old, nil, kind, isFirst: false, context)
            },
            Hook("take_again_\(entity)", on: entity, [.afterRestore]) { change, context throws(CRMError) in
                try note(nil, change.asRecord, kind, isFirst: false, context)
            },
        ]
    }

    /// What a document takes; nil if it takes nothing.
    init?(_ record: Record?, _ kind: DocumentKind, _ context: any ModuleContext) throws(CRMError) {
        guard let record, let source = kind.source(of: { record[$0] }),
            try !kind.isCancelled(record, context)
        else { return nil }
        self.source = source.id
        self.kind = source.kind.entity
        for line in record.lines(TradeLine.field) {
            guard let from = line["source_line"].integer, let quantity = line["quantity"].decimal else {
                continue
            }
            let known = lines[RecordID(from)]?.quantity ?? 0
            lines[RecordID(from), default: Share()].quantity = Quantity.sum(known, quantity.units)
            guard line["discount_kind"] == "amount" else { continue }
            lines[RecordID(from), default: Share()].discount += Amount(line["discount"].money)
        }
        guard !lines.isEmpty, !kind.isPurchase else { return }
        if record["discount_kind"] == "amount" {
            amounts["taken_discount"] = Amount(record["discount_total"].money)
        }
        amounts["taken_shipping"] = Amount(record["shipping_amount"].money)
        amounts["taken_adjustment"] = Amount(record["adjustment"].money)
    }

    private static func note(
        _ old: Record?, _ new: Record?, _ kind: DocumentKind, isFirst: Bool, _ context: any ModuleContext
    ) throws(CRMError) {
        let (before, after) = (try Taking(old, kind, context), try Taking(new, kind, context))
        guard before != after || isFirst else { return }
        try context.elevated(reason: "what is taken over") { (context) throws(CRMError) in
            guard before?.source == after?.source else {
                try before?.book(adding: nil, removing: before, isFirst: false, kind, context)
                try after?.book(adding: after, removing: nil, isFirst: isFirst, kind, context)
                return
            }
            try after?.book(adding: after, removing: before, isFirst: isFirst, kind, context)
        }
    }

    /// Puts one taking in place of another on the source of both, and moves it on if this is the first.
    private func book(
        adding plus: Taking?, removing minus: Taking?, isFirst: Bool, _ taker: DocumentKind,
        _ context: any ModuleContext
    ) throws(CRMError) {
        guard let source = DocumentKind.named(kind) else { return }
        let record = try context.get(kind, self.source)
        if isFirst || minus != nil { try plus?.checkLines(of: record, source, besides: minus, taker) }
        var values: [String: Value] = [:]
        let changed = record.lines(TradeLine.field).compactMap { line in
            Self.line(line, plus?.share(line.id), minus?.share(line.id), taker)
        }
        if !changed.isEmpty { values[TradeLine.field] = .lineChange(set: changed) }
        for field in Set((plus?.amounts ?? [:]).keys).union((minus?.amounts ?? [:]).keys) {
            let sum =
                Amount(record[field].money) + (plus?.amounts[field] ?? .zero)
                - (minus?.amounts[field] ?? .zero)
            guard let currency = record["grand_total"].money?.currency else { continue }
            values[field] = sum.money(currency).map { .money($0) }
        }
        if isFirst, let state = try source.stateAfterTaking(taker, record, context) {
            values[source.status] = .text(state)
        }
        if !values.isEmpty { _ = try context.update(kind, self.source, values) }
    }

    /// Refuses a line that names one of another document.
    private func checkLines(
        of record: Record, _ source: DocumentKind, besides known: Taking?, _ taker: DocumentKind
    ) throws(CRMError) {
        let present = Set(record.lines(TradeLine.field).compactMap(\.id))
        guard let stray = lines.keys.filter({ !present.contains($0) && known?.lines[$0] == nil }).min() else {
            return
        }
        throw .invalidRecord(
            taker.entity,
            [
                FieldProblem(
                    field: TradeLine.field, code: "not_found",
                    message: "\(source.label) \(source.name(record)) has no line \(stray)")
            ])
    }

    private func share(_ line: RecordID?) -> Share? { line.flatMap { lines[$0] } }

    /// The line with what is taken of it; nil when nothing changes.
    private static func line(
        _ line: Line, _ plus: Share?, _ minus: Share?, _ taker: DocumentKind
    ) -> Line? {
        let quantity = (plus?.quantity ?? 0) - (minus?.quantity ?? 0)
        let discount = (plus?.discount ?? .zero) - (minus?.discount ?? .zero)
        guard let id = line.id, quantity != 0 || discount != .zero else { return nil }
        let field = taker.isPurchase ? "bought_quantity" : "taken_quantity"
        let sum = Quantity.sum(line[field].decimal?.units ?? 0, quantity)
        var values: [String: Value] = [field: .decimal(FixedDecimal(units: sum, scale: 4))]
        if !taker.isPurchase, discount != .zero, let currency = line["gross"].money?.currency {
            let taken = Amount(line["taken_discount"].money) + discount
            values["taken_discount"] = taken.money(currency).map { .money($0) }
        }
        return Line(id: id, values)
    }
}

extension DocumentKind {
    /// Where the first document made from one moves it: a quote is accepted, an order approved. Nil where its state
    /// does not lead there.
    fileprivate func stateAfterTaking(
        _ taker: DocumentKind, _ record: Record, _ context: any ModuleContext
    ) throws(CRMError) -> String? {
        let effects = [
            "quote sales_order": "accepted", "quote invoice": "accepted", "sales_order invoice": "approved",
        ]
        guard let target = effects["\(entity) \(taker.entity)"],
            let state = LifeCycle.state(record, status, in: try context.definition(of: entity)),
            state.attributes[LifeCycle.nextStates]?.split(separator: " ").contains(Substring(target)) == true
        else { return nil }
        // An order that was delivered is beyond its approval.
        return state.attributes[LifeCycle.stateClass] == "open" ? target : nil
    }
}

extension RecordChange {
    /// What will be, or was just, stored.
    var asRecord: Record { Record(id: id, entity: entity, version: old?.version ?? 1, values: values) }
}
