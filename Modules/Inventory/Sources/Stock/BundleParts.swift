import CRMSDK

/// What a bundle is made of, down to what lies on a shelf: bundles in bundles are taken apart.
///
/// A line of a document keeps the parts as they were when its item was chosen, as text: `17:2.0000;21:0.5000` is two of
/// product 17 and half of product 21 in each. So what a document has moved is given back exactly, whatever becomes of
/// the bundle.
struct BundleParts {
    /// Ten-thousandths of a piece in one bundle, by product.
    private(set) var units: [RecordID: Int64] = [:]

    private static let maximumParts = 500

    /// Empty for a product that is no bundle.
    ///
    /// Each product is looked at once, behind all that it is a part of: a part on many ways costs no more than one on a
    /// single way.
    init(of product: RecordID, _ components: BundleComponents) throws(CRMError) {
        var quantities: [RecordID: Int64] = [product: 10_000]
        for bundle in try components.bundlesFirst(from: product) {
            guard let quantity = quantities[bundle] else { continue }
            let parts = components[bundle]
            if parts.isEmpty, bundle != product { units[bundle] = quantity }
            for part in parts {
                quantities[part.product] = Quantity.sum(
                    quantities[part.product] ?? 0, Quantity.times(quantity, part.units))
            }
        }
        guard units.count <= Self.maximumParts else {
            throw CRMError(
                .limitExceeded, "product \(product) has more than \(Self.maximumParts) parts",
                hint: "Make fewer bundles of bundles.")
        }
    }

    /// - Parameter text: As `text` has it; what cannot be read is no part.
    init(_ text: Value) {
        for part in (text.text ?? "").split(separator: ";") {
            let pair = part.split(separator: ":")
            guard pair.count == 2, let id = Int64(pair[0]),
                let quantity = try? FixedDecimal(parsing: pair[1], scale: 4)
            else { continue }
            units[RecordID(id)] = quantity.units
        }
    }

    /// Null where there are no parts.
    var text: Value {
        guard !units.isEmpty else { return .null }
        let parts = units.sorted { $0.key < $1.key }.map { id, units in
            "\(id):\(FixedDecimal(units: units, scale: 4).text(minimumDecimals: 4))"
        }
        return .text(parts.joined(separator: ";"))
    }

    /// What moves when so many of an item do: its parts, or the item itself where it has none.
    ///
    /// - Parameter quantity: Ten-thousandths.
    func moving(_ item: RecordID, _ quantity: Int64) -> [(product: RecordID, units: Int64)] {
        guard !units.isEmpty else { return [(item, quantity)] }
        return units.sorted { $0.key < $1.key }.map { ($0.key, Quantity.times(quantity, $0.value)) }
    }
}

/// The components of products as they are linked now, with those of their components and so on: read by levels, each in
/// one go.
struct BundleComponents {
    struct Component {
        let product: RecordID
        /// Ten-thousandths of a piece.
        let units: Int64
    }

    private static let maximumDepth = 50

    private var known: [RecordID: [Component]] = [:]

    /// - Parameter context: With the module's rights.
    init(of products: some Sequence<RecordID>, _ context: any ModuleContext) throws(CRMError) {
        var waiting = Set(products)
        while !waiting.isEmpty {
            let related = try context.related(
                toEach: waiting.sorted(), RelatedRequest("product_component", sort: ["id"], limit: 1000))
            for id in waiting {
                known[id] = (related[id] ?? []).compactMap { part in
                    part.link["quantity"]?.decimal.map { Component(product: part.record.id, units: $0.units) }
                }
            }
            waiting = Set(waiting.flatMap { self[$0] }.map(\.product)).subtracting(known.keys)
        }
    }

    /// Empty for a product that is no bundle.
    subscript(product: RecordID) -> [Component] { known[product] ?? [] }

    /// Whether a product is among those that were read: the given ones and all they are made of.
    func contains(_ product: RecordID) -> Bool { known[product] != nil }

    /// A product and all it is made of, each bundle before its parts.
    ///
    /// - Throws: `limitExceeded` for bundles in bundles more than 50 deep.
    fileprivate func bundlesFirst(from product: RecordID) throws(CRMError) -> [RecordID] {
        var order: [RecordID] = []
        var seen: Set<RecordID> = []
        /// Whoever has been left stands behind all of its parts.
        func visit(_ product: RecordID, depth: Int) throws(CRMError) {
            guard seen.insert(product).inserted else { return }
            guard depth <= Self.maximumDepth else {
                throw CRMError(
                    .limitExceeded, "bundles are in bundles more than \(Self.maximumDepth) deep",
                    hint: "Make fewer bundles of bundles.")
            }
            for part in self[product] { try visit(part.product, depth: depth + 1) }
            order.append(product)
        }
        try visit(product, depth: 0)
        return order.reversed()
    }
}
