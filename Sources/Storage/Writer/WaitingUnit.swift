import CRMSDK
import Synchronization

/// A unit of work as the writer sees it: run it, perhaps more than once, then say once how it ended.
protocol WaitingUnit: AnyObject, Sendable {
    var deadline: ContinuousClock.Instant? { get }
    var mode: UnitMode { get }
    var lane: WriterLane { get }

    func run(_ transaction: WriteTransaction) throws(CRMError)
    /// - Parameter error: nil when the last run's result stands.
    func finish(_ error: CRMError?)
}

/// A unit with its kind of result.
final class TypedUnit<R: Sendable>: WaitingUnit {
    let deadline: ContinuousClock.Instant?
    let mode: UnitMode
    let lane: WriterLane
    private let body: @Sendable (WriteTransaction) throws(CRMError) -> R
    private let completion: @Sendable (Result<R, CRMError>) -> Void
    private let result = Mutex<R?>(nil)

    init(
        deadline: ContinuousClock.Instant?, mode: UnitMode, lane: WriterLane,
        _ body: @escaping @Sendable (WriteTransaction) throws(CRMError) -> R,
        completion: @escaping @Sendable (Result<R, CRMError>) -> Void
    ) {
        self.deadline = deadline
        self.mode = mode
        self.lane = lane
        self.body = body
        self.completion = completion
    }

    func run(_ transaction: WriteTransaction) throws(CRMError) {
        let value = try body(transaction)
        result.withLock { $0 = value }
    }

    func finish(_ error: CRMError?) {
        if let error { return completion(.failure(error)) }
        guard let value = result.withLock({ $0 }) else {
            return completion(.failure(CRMError(.internalError, "a unit ended without a result")))
        }
        completion(.success(value))
    }
}
