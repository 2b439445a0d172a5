package import CRMSDK
package import Log
package import Query
import Registry
import Storage

/// Reads and writes records: what every method, hook, action and job goes through.
///
/// Reads are planned first, which is pure, and then run on a connection of the plan's lane. Writes happen inside a unit
/// of work on the writer's thread; see `UnitOfWork`.
package final class RecordService: Sendable {
    package let snapshots: SnapshotHolder
    let log: Log
    let cursors: CursorCodec
    let clock: @Sendable () -> Instant

    /// - Parameter cursorKey: 32 secret bytes; the same after a restart, so that cursors stay good.
    package init(
        snapshots: SnapshotHolder, log: Log, cursorKey: [UInt8], 
        clock: @escaping @Sendable () -> Instant = Instant.current
    ) {
        self.snapshots = snapshots
        self.log = log
        self.cursors = CursorCodec(key: cursorKey)
        self.clock = clock
    }

    package func viewpoint(_ call: CallContext, _ snapshot: KernelSnapshot) -> Viewpoint {
        snapshot.viewpoint(call, now: clock())
    }
}
