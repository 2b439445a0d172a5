package import JSON

/// The parameters of one call: a JSON object, written member by member.
package struct Parameters: Sendable {
    private var writer = JSONWriter()

    package init() { writer.beginObject() }

    package mutating func set(_ name: String, _ text: String) {
        writer.key(name)
        writer.string(text)
    }

    package mutating func set(_ name: String, _ number: Int) {
        writer.key(name)
        writer.int(number)
    }

    package mutating func set(_ name: String, _ flag: Bool) {
        writer.key(name)
        writer.bool(flag)
    }

    package mutating func set(_ name: String, _ texts: [String]) {
        writer.key(name)
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }

    /// - Parameter json: one complete value.
    package mutating func set(_ name: String, json: [UInt8]) {
        writer.key(name)
        writer.raw(json)
    }

    package mutating func set(_ name: String, _ nested: Parameters) { set(name, json: nested.bytes) }

    /// The object, closed.
    package var bytes: [UInt8] {
        var whole = writer
        whole.endObject()
        return whole.finish()
    }

    package var isEmpty: Bool { writer.count == 1 }
}

extension JSONNode {
    /// Parses what we wrote ourselves or were given; nil where it is not JSON.
    package static func parsing(_ text: String) -> JSONNode? {
        // The reason does not matter to these callers: they ask whether it is JSON.
        (try? JSONDocument(parsing: text))?.root
    }
}
