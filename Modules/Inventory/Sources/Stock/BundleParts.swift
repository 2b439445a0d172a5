import CRMSDK

/// What a bundle is made of, down to what lies on a shelf: bundles in bundles are taken apart.
///
/// A line of a document keeps the parts as they were when its item was chosen, as text: `17:2.0000;21:0.5000` is two of
/// product 17 and half of product 21 in each. So what a document has moved is given back exactly, whatever becomes of
/// the bundle.
struct BundleParts {
    /// Ten-thousandths of a piece in one bundle, by product.
    private(set) var units: [RecordID: Int64] = [:]

    private static let scale: Int64 = 10_000
    private static let maximumParts = 500

    /// Empty for a product that is no bundle.
    init(of product: RecordID, _ components: BundleComponents) throws(CRMError) {
        try add(product, Self.scale, isPart: false, components)
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
        return units.sorted { $0.key < $1.key }.map { ($0.key, Self.times(quantity, $0.value)) }
    }

    private mutating func add(
        _ product: RecordID, _ quantity: Int64, isPart: Bool, _ components: BundleComponents
    ) throws(CRMError) {
        let parts = components[product]
        if parts.isEmpty, isPart { units[product, default: 0] += quantity }
        guard units.count <= Self.maximumParts else {
            throw CRMError(
                .limitExceeded, "product \(product) has more than \(Self.maximumParts) parts",
                hint: "Make fewer bundles of bundles.")
        }
        for part in parts {
            try add(part.product, Self.times(quantity, part.units), isPart: true, components)
        }
    }

    /// Rounded half up; beyond the range of quantities at its end, which the check of the field then refuses.
    private static func times(_ left: Int64, _ right: Int64) -> Int64 {
        let product = Int128(left) * Int128(right)
        return Int64(clamping: RoundingRule.halfUp.quotient(product, by: Int128(scale)))
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
}
