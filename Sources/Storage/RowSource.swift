package import CRMSDK
package import Query

/// Anything that statements can be run on: a reader's connection, or the writer's transaction with its own writes.
package protocol RowSource: AnyObject {
    /// Gives the rows one by one, until the body wants no more.
    func rows(
        _ statement: Statement, _ body: (borrowing Row) throws(CRMError) -> RowStep
    ) throws(CRMError)
}

extension ReadConnection: RowSource {}
extension WriteTransaction: RowSource {}
