import CRMSDK

/// What a document means for stock in the state that it is in: how much of which item lies, is promised or is expected
/// because of it. Services mean nothing, and a bundle means its parts.
struct StockPosition {
    struct Key: Hashable {
        let ledger: StockLedger
        let product: RecordID
        let line: RecordID
    }

    /// Ten-thousandths of a piece.
    var quantities: [Key: Int64] = [:]

    /// The ledger that a kind of document stands in by state, and whether it adds to it.
    private static let effects: [String: [String: (StockLedger, sign: Int64)]] = [
        "sales_order": ["approved": (.inDemand, 1), "delivered": (.inDemand, 1)],
        "purchase_order": [
            "approved": (.onOrder, 1), "delivered": (.onOrder, 1), "received_shipment": (.inStock, 1),
        ],
        "invoice": [
            "auto_created": (.inStock, -1), "created": (.inStock, -1), "approved": (.inStock, -1),
            "sent": (.inStock, -1), "paid": (.inStock, -1), "credit_invoice": (.inStock, -1),
        ],
        "credit_note": ["issued": (.inStock, 1)],
    ]

    /// - Parameter record: Nil for a document that is not there: it means nothing.
    init(of record: Record?, _ kind: DocumentKind) {
        guard let record, let state = record[kind.status].text,
            let (ledger, sign) = Self.effects[kind.entity]?[state],
            kind.entity != "credit_note" || record["with_return"] == true,
            kind.entity != "invoice" || record["moves_stock"] != false
        else { return }
        // An order promises what no invoice has taken yet.
        let field = ledger == .inDemand ? "remaining_quantity" : "quantity"
        for line in record.lines(TradeLine.field) {
            guard let id = line.id, let item = line["item"].reference, let quantity = line[field].decimal
            else { continue }
            for move in BundleParts(line["parts"]).moving(item, quantity.units) {
                quantities[Key(ledger: ledger, product: move.product, line: id), default: 0] +=
                    sign * move.units
            }
        }
    }

    /// What has to move to come from `old` to this position, in a fixed order.
    func moves(from old: StockPosition) -> [(key: Key, units: Int64)] {
        Set(quantities.keys).union(old.quantities.keys).map { key in
            (key: key, units: (quantities[key] ?? 0) - (old.quantities[key] ?? 0))
        }.filter { $0.units != 0 }.sorted {
            ($0.key.line, $0.key.ledger.rawValue, $0.key.product)
                < ($1.key.line, $1.key.ledger.rawValue, $1.key.product)
        }
    }
}

/// Where a quantity stands.
enum StockLedger: String, Sendable {
    case inStock = "in_stock"
    case inDemand = "in_demand"
    case onOrder = "on_order"

    /// The product's field that sums it.
    var field: String {
        switch self {
        case .inStock: "quantity_in_stock"
        case .inDemand: "quantity_in_demand"
        case .onOrder: "quantity_on_order"
        }
    }

    /// What one more piece does to what is available.
    var weight: Int64 {
        switch self {
        case .inStock: 1
        case .inDemand: -1
        case .onOrder: 0
        }
    }
}
