import CRMSDK

extension ModuleContext {
    /// All records of which a field refers to one of these, or which are these where the field is `id`: asked for
    /// together, and by halves where they are more than a list holds.
    func list(
        _ entity: String, where field: String, isAmong ids: [RecordID], and filter: Filter? = nil
    ) throws(CRMError) -> [Record] {
        guard !ids.isEmpty else { return [] }
        if ids.count <= Many.idsAtOnce {
            let among = Filter.where(field, .isIn, .list(ids.map { .reference($0) }))
            let found = try list(
                ListRequest(entity, where: .all([among] + [filter].compactMap(\.self)), limit: Many.listLimit)
            )
            if found.count < Many.listLimit || ids.count == 1 { return found }
        }
        let half = ids.count / 2
        return try list(entity, where: field, isAmong: Array(ids[..<half]), and: filter)
            + list(entity, where: field, isAmong: Array(ids[half...]), and: filter)
    }
}

private enum Many {
    static let idsAtOnce = 500
    static let listLimit = 1000
}
