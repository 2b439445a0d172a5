import CRMSDK
package import Log

/// Removes bytes that no row of the database names: what a kernel leaves that is killed in the midst of storing or
/// purging a file. A folder at a time, so that nobody waits for it.
package enum FileSweep {
    package static func run(_ database: Database, log: Log) {
        guard database.files.isThere else { return }
        var removed = 0
        do throws(CRMError) {
            for number in UInt8.min...UInt8.max {
                removed += try database.writer.perform { transaction throws(CRMError) in
                    try transaction.sweepFiles(inFolder: number)
                }
            }
        } catch {
            log.error("files could not be looked through", ["cause": error.detail ?? error.message])
        }
        if removed > 0 { log.info("files that nothing refers to were removed", ["count": removed]) }
    }
}
