import Glibc

/// Asks again and again until the answer is yes: for what announces itself to nobody.
///
/// Between two questions the processor is left to whoever is waited for; a test never takes the time for an answer.
///
/// - Parameter problem: makes the error for when the answer is still no after `limit`.
package func eventually(
    limit: Duration = .seconds(60), orThrow problem: () -> any Error, _ isSo: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + limit
    while try !isSo() {
        guard ContinuousClock.now < deadline else { throw problem() }
        poll(nil, 0, 10)
    }
}
