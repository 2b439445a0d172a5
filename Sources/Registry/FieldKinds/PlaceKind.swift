import CRMSDK

/// A point on the earth: `52.5200066,13.404954`. Stored as its place on the Z-order curve, so that an ordinary index
/// finds what lies in a region: see `ZOrder`.
struct PlaceKind: FieldKind {
    let name = "place"
    let storage = StorageClass.integer
    let comparisons: [FilterOperator] = [.near, .equal, .notEqual, .isEmpty, .isNotEmpty]
    let ordering: Ordering? = nil

    func wire(_ type: FieldType) -> WireForm { .place }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard case .text(let text) = value else {
            throw .type(field, wants: "a place such as 52.5200066,13.404954")
        }
        return try parse(text, for: field)
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard let point = GeoPoint(text) else {
            throw FieldRefusal(
                "format",
                "\(field.label) \"\(text.prefix(40))\" is not a place: latitude and longitude in degrees, such as 52.5200066,13.404954"
            )
        }
        return .text(point.description)
    }
}
