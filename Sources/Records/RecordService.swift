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
    let watch: any HookWatching

    /// - Parameter cursorKey: 32 secret bytes; the same after a restart, so that cursors stay good.
    package init(
        snapshots: SnapshotHolder, log: Log, cursorKey: [UInt8], watch: any HookWatching = UnwatchedHooks(),
        clock: @escaping @Sendable () -> Instant = Instant.current
    ) {
        self.snapshots = snapshots
        self.log = log
        self.cursors = CursorCodec(key: cursorKey)
        self.watch = watch
        self.clock = clock
    }

    package func viewpoint(_ call: CallContext, _ snapshot: KernelSnapshot) -> Viewpoint {
        snapshot.viewpoint(call, now: clock())
    }
}

/// Is told when module code begins and ends on this thread, so that a hang or a crash can be laid at its door.
package protocol HookWatching: Sendable {
    func enter(module: String, place: String)
    func leave()
}

/// Watches nothing: for tests and for tools that load no modules.
package struct UnwatchedHooks: HookWatching {
    package init() {}
    package func enter(module: String, place: String) {}
    package func leave() {}
}
