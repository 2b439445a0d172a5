import CRMSDK
package import Registry
import Security

/// The feed of changes, as one caller may see it.
extension Planner {
    /// The change log's entries about records of these entities, in order, without those of records that the caller may
    /// not view: first the columns of `ChangeLog.columns`, then whether the record is no more.
    ///
    /// The bounds keep a caller who may see little from walking the whole log in one statement.
    ///
    /// - Parameters:
    ///   - after: Sequence number before the first entry looked at.
    ///   - through: Sequence number of the last.
    ///   - seesPurged: Whether entries of records that are no more are given; only an administrator's are.
    /// - Returns: nil where the caller may view none of the entities.
    package static func changes(
        _ viewpoint: Viewpoint, of entities: [Entity], columns: String, after: Int64, through: Int64,
        limit: Int, seesPurged: Bool
    ) -> Statement? {
        guard let any = entities.first else { return nil }
        var builder = StatementBuilder(viewpoint, any)
        var cases: [String] = []
        for entity in entities {
            let predicate = viewpoint.predicate(entity)
            guard predicate != .nothing else { continue }
            let inner = builder.freshAlias()
            let access = builder.condition(predicate, on: inner)
            var sees =
                "EXISTS (SELECT 1 FROM \(entity.table) \(inner) WHERE \(inner).id = c.record"
                + (access.map { " AND \($0)" } ?? "") + ")"
            if seesPurged { sees = access.map { _ in "(r.id IS NULL OR \(sees))" } ?? "1" }
            cases.append("WHEN \(entity.number) THEN \(sees)")
        }
        guard !cases.isEmpty else { return nil }
        let bounds = [after, through, Int64(limit)].map { builder.bind(.integer($0)) }
        return Statement(
            """
            SELECT \(columns), r.id IS NULL
            FROM crm_change AS c LEFT JOIN crm_change_payload AS p ON p.seq = c.seq
            LEFT JOIN crm_record AS r ON r.id = c.record
            WHERE c.seq > \(bounds[0]) AND c.seq <= \(bounds[1]) AND c.record IS NOT NULL
            AND CASE c.entity \(cases.joined(separator: " ")) ELSE 0 END
            ORDER BY c.seq LIMIT \(bounds[2])
            """, builder.bindings)
    }
}
