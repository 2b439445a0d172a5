package import CRMSDK
package import JSON
package import Storage

/// What a handler leaves to be done, and on which thread.
package enum Work: Sendable {
    package typealias Answer = @Sendable (Result<[UInt8], CRMError>) -> Void

    /// Nothing: the result stands in the scope's writer.
    case done
    /// A read that may take long: on the scan lane.
    case scan(@Sendable (ReadConnection, inout JSONWriter) throws(CRMError) -> Void)
    /// One unit of work on the writer's thread; may run more than once. The result is answered after COMMIT.
    case write(
        UnitMode, lane: WriterLane = .ordinary,
        @Sendable (WriteTransaction, inout JSONWriter) throws(CRMError) -> Void)
    /// Another room's own thread answers, once, with a result that is JSON already.
    case elsewhere(@Sendable (@escaping Answer) -> Void)
}
