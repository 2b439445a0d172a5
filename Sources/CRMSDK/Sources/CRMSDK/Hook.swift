/// A module's part in the life of a record.
///
/// Hooks are synchronous, do no input or output of their own and can be run again: the unit of work that they stand in
/// may be repeated. Throwing refuses the whole unit.
public struct Hook: Sendable {
    public typealias Body = @Sendable (inout RecordChange, any ModuleContext) throws(CRMError) -> Void

    /// When a hook runs. A struct, so that the list can grow.
    public struct Moment: Hashable, Sendable {
        public let name: String

        init(_ name: String) { self.name = name }

        public static let beforeCreate = Self("before_create")
        public static let afterCreate = Self("after_create")
        public static let beforeUpdate = Self("before_update")
        public static let afterUpdate = Self("after_update")
        public static let beforeDelete = Self("before_delete")
        public static let afterDelete = Self("after_delete")
        public static let beforeRestore = Self("before_restore")
        public static let afterRestore = Self("after_restore")
    }

    /// Named in errors, in the log and when a hook hangs.
    public let name: String
    public let entity: String
    public let moments: [Moment]
    public let body: Body

    public init(_ name: String, on entity: String, _ moments: [Moment], _ body: @escaping Body) {
        self.name = name
        self.entity = entity
        self.moments = moments
        self.body = body
    }
}
