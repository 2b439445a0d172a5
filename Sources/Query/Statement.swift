package import Registry

/// A statement and the values bound to it, in order. No value ever stands in the text.
package struct Statement: Hashable, Sendable {
    package var text: String
    package var bindings: [StoredValue]
    /// Bindings that came later and stand in place of those: few, where copying all of them would cost more.
    package var late: [Late] = []

    package struct Late: Hashable, Sendable {
        /// From 0.
        package let place: Int
        package let value: StoredValue
    }

    package init(_ text: String, _ bindings: [StoredValue] = []) {
        self.text = text
        self.bindings = bindings
    }
}

/// Where a statement runs.
package enum Lane: Hashable, Sendable {
    /// By key, or a walk along an index that ends at the limit: on the connection's own thread.
    case bounded
    /// Scans, sorts and sums: on the second pool, so that it never stands before a short read.
    case scan
}
