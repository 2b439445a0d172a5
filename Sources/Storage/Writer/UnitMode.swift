/// What becomes of a unit that has run to its end.
package enum UnitMode: Sendable {
    case commit
    /// A dry run: what it did is undone, its result is answered.
    case rollBack
}

/// In which of the writer's two queues a unit waits; within each the first comes first.
package enum WriterLane: Sendable {
    case ordinary
    /// Many rows, and nobody who waits for each: it lets ordinary units go first, and shares its COMMIT with others of
    /// its kind for as long as none waits.
    case bulk
}

/// A place where a test can make the database fail.
package enum FaultPoint: Hashable, Sendable {
    case begin
    /// A statement of a unit.
    case statement
    case commit
}

/// A failure that a test asks for.
package enum Fault: Sendable {
    /// The statement is refused; the transaction stays.
    case refuse
    /// The disk is full, and SQLite drops the whole transaction, as it may.
    case dropTransaction
    /// The disk answers an error.
    case inputOutput
}
