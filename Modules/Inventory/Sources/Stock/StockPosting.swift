import CRMSDK

/// Moves stock when documents are written, cancelled, deleted and restored.
///
/// Whatever became of a document, what moves is the difference between what it meant before and what it means now: an
/// edit, a cancellation and a restore need no rules of their own. What frees stock moves first, then what the document
/// takes of an earlier one, then what needs stock: so that an order's promise is not counted beside its delivery.
enum StockPosting {
    static func hooks(_ kind: DocumentKind) -> [Hook] {
        let taking = Taking.hooks(kind)
        guard kind.entity != "quote" else { return taking }
        return post(kind, .freeing, "free") + taking + post(kind, .needing, "move")
    }

    private enum Part {
        case freeing, needing
    }

    private static func post(_ kind: DocumentKind, _ part: Part, _ name: String) -> [Hook] {
        let entity = kind.entity
        return [
            Hook("\(name)_stock_\(entity)", on: entity, [.afterCreate, .afterUpdate]) {
                change, context throws(CRMError) in
                try move(change.old, change.asRecord, kind, part, context)
            },
            Hook("\(name)_stock_deleted_\(entity)", on: entity, [.afterDelete]) {
                change, context throws(CRMError) in
                try move(change.old, nil, kind, part, context)
            },
            Hook("\(name)_stock_restored_\(entity)", on: entity, [.afterRestore]) {
                change, context throws(CRMError) in
                try move(nil, change.asRecord, kind, part, context)
            },
        ]
    }

    private static func move(
        _ old: Record?, _ new: Record?, _ kind: DocumentKind, _ part: Part, _ context: any ModuleContext
    ) throws(CRMError) {
        let moves = StockPosition(of: new, kind).moves(from: StockPosition(of: old, kind))
            .filter { ($0.units * $0.key.ledger.weight > 0) == (part == .freeing) }
        guard let document = new?.id ?? old?.id, !moves.isEmpty else { return }
        try context.elevated(reason: "stock of documents") { (context) throws(CRMError) in
            for (key, units) in moves {
                guard try context.get("product", key.product)["kind"] != "service" else { continue }
                _ = try context.create(
                    "stock_movement",
                    [
                        "product": .reference(key.product), "ledger": .text(key.ledger.rawValue),
                        "quantity": .decimal(FixedDecimal(units: units, scale: 4)),
                        "reason": .text(reason(kind, key.ledger, units)),
                        // A document in the bin cannot be referred to; its line's number says which it was.
                        "document": new == nil ? .null : .reference(document),
                        "line": .integer(key.line.rawValue),
                    ])
            }
        }
    }

    private static func reason(_ kind: DocumentKind, _ ledger: StockLedger, _ units: Int64) -> String {
        switch (ledger, kind.entity) {
        case (.inDemand, _): "reservation"
        case (.onOrder, _): "expected"
        case (.inStock, "invoice"): units < 0 ? "delivery" : "reversal"
        case (.inStock, "credit_note"): units > 0 ? "return" : "reversal"
        case (.inStock, _): units > 0 ? "receipt" : "reversal"
        }
    }
}
