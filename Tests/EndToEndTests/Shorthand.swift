import JSON
import TestKit
import Testing

extension Caller {
    /// Creates a record.
    ///
    /// - Parameter values: JSON text.
    /// - Returns: its id.
    func create(_ entity: String, _ values: String) throws -> Int64 {
        // Stories share a platform, and several begin with the same account.
        try call("record.create", #"{"entity":"\#(entity)","values":\#(values),"allow_duplicate":true}"#)
            .integer("id")
    }

    func count(_ entity: String, _ filter: String? = nil) throws -> Int64 {
        let filter = filter.map { #","filter":\#($0)"# } ?? ""
        return try call("record.count", #"{"entity":"\#(entity)"\#(filter)}"#).integer("count")
    }

    /// The values of one field of a list, in its order.
    ///
    /// - Parameter parameters: JSON members beside the entity: `"sort":["-amount"]`.
    func texts(of field: String, _ entity: String, _ parameters: String) throws -> [String] {
        let list = try call("record.list", #"{"entity":"\#(entity)",\#(parameters)}"#)
        return try list.array("records").map { $0[field]?.string ?? $0[field]?.text ?? "absent" }
    }
}

extension JSONNode {
    /// The value as JSON text.
    var text: String { String(decoding: rawBytes, as: UTF8.self) }

    /// A member that must be there.
    func integer(_ name: String) throws -> Int64 {
        try #require(self[name]?.int64, "\(name) is no integer in \(text)")
    }

    func string(_ name: String) throws -> String {
        try #require(self[name]?.string, "\(name) is no string in \(text)")
    }

    func array(_ name: String) throws -> [JSONNode] {
        try Array(#require(self[name], "\(name) is missing in \(text)").elements)
    }
}
