package import CRMSDK
package import JSON

/// The parameters of one call, by name. They were held against the method's table before; null counts as absent.
package struct Arguments: Sendable {
    private let object: JSONNode?

    package init(_ object: JSONNode?) { self.object = object }

    package subscript(name: String) -> JSONNode? {
        guard let node = object?[name], !node.isNull else { return nil }
        return node
    }

    package func text(_ name: String) throws(CRMError) -> String {
        guard let text = self[name]?.string else { throw Self.missing(name) }
        return text
    }

    package func textIfGiven(_ name: String) -> String? { self[name]?.string }

    package func id(_ name: String = "id") throws(CRMError) -> RecordID {
        guard let number = self[name]?.int64 else { throw Self.missing(name) }
        return RecordID(number)
    }

    package func integerIfGiven(_ name: String) -> Int64? { self[name]?.int64 }

    /// A moment; its notation was checked before.
    package func momentIfGiven(_ name: String) -> Instant? { self[name]?.string.flatMap { Instant($0) } }

    /// False where it is not given.
    package func flag(_ name: String) -> Bool { self[name]?.bool ?? false }

    package func textsIfGiven(_ name: String) -> [String]? {
        self[name].map { $0.elements.compactMap(\.string) }
    }

    package func node(_ name: String) throws(CRMError) -> JSONNode {
        guard let node = self[name] else { throw Self.missing(name) }
        return node
    }

    private static func missing(_ name: String) -> CRMError {
        CRMError(.invalidParameters, "parameter \"\(name)\" is missing")
    }
}
