package import CRMSDK
package import JSON

/// What a field is computed from, as JSON: `{"expression": "a * b"}`, or
/// `{"roll_up": "sum", "field", "entity", "reference", "filter"}`. The database keeps it so, and `entity.describe`
/// shows it.
package enum ComputedCoding {
    /// Writes the member `computed`.
    package static func write(_ computed: Computed, to json: inout JSONWriter) {
        json.key("computed")
        json.beginObject()
        func put(_ name: StaticString, _ text: String?) {
            guard let text else { return }
            json.key(name)
            json.string(text)
        }
        put("expression", computed.expression)
        put("roll_up", computed.rollUp?.operation)
        put("field", computed.rollUp?.field)
        put("entity", computed.rollUp?.entity)
        put("reference", computed.rollUp?.reference)
        put("filter", computed.rollUp?.filter)
        json.endObject()
    }

    static func read(_ node: JSONNode?) -> Computed? {
        guard let node else { return nil }
        if let expression = node["expression"]?.string { return .expression(expression) }
        guard let operation = node["roll_up"]?.string, let entity = node["entity"]?.string,
            let reference = node["reference"]?.string
        else { return nil }
        return .rollUp(
            RollUp(
                operation, of: node["field"]?.string, over: entity, by: reference,
                where: node["filter"]?.string))
    }
}
