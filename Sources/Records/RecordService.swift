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
    let seals: ModuleSeal
    let clock: @Sendable () -> Instant
    /// By which lists are planned.
    let counts: RecordCounts?
    /// Told whenever module code asks something of the platform, so that it is not taken for hanging.
    let noteProgress: @Sendable () -> Void

    /// - Parameter cursorKey: 32 secret bytes; the same after a restart, so that cursors stay good.
    package init(
        snapshots: SnapshotHolder, log: Log, cursorKey: [UInt8], counts: RecordCounts? = nil,
        noteProgress: @escaping @Sendable () -> Void = {},
        clock: @escaping @Sendable () -> Instant = Instant.current
    ) {
        self.snapshots = snapshots
        self.log = log
        self.counts = counts
        self.cursors = CursorCodec(key: cursorKey)
        seals = ModuleSeal(key: cursorKey)
        self.noteProgress = noteProgress
        self.clock = clock
    }

    /// The same service for several operations within one unit of work; see `SnapshotHolder.within`.
    package func withinUnit() -> RecordService {
        RecordService(snapshots.within(), like: self)
    }

    private init(_ snapshots: SnapshotHolder, like other: RecordService) {
        self.snapshots = snapshots
        log = other.log
        cursors = other.cursors
        seals = other.seals
        clock = other.clock
        counts = other.counts
        noteProgress = other.noteProgress
    }

    package func viewpoint(_ call: CallContext, _ snapshot: KernelSnapshot) -> Viewpoint {
        snapshot.viewpoint(call, now: clock(), counts: counts)
    }
}
