package import CRMSDK
package import Identity
package import Log
package import Records
package import Storage
import Synchronization

/// What the methods work with: the kernel's other rooms, wired once at start.
package final class KernelServices: Sendable {
    package let database: Database
    package let snapshots: SnapshotHolder
    package let records: RecordService
    package let schema: SchemaService
    package let identity: IdentityService
    package let modules: any ModuleControl
    package let metrics: KernelMetrics
    package let log: Log
    package let programVersion: String
    package let startedAt = ContinuousClock.now

    private let table: Mutex<MethodTable>

    package init(
        database: Database, snapshots: SnapshotHolder, records: RecordService, schema: SchemaService,
        identity: IdentityService, modules: any ModuleControl, log: Log, programVersion: String
    ) {
        self.database = database
        self.snapshots = snapshots
        self.records = records
        self.schema = schema
        self.identity = identity
        self.modules = modules
        self.log = log
        self.programVersion = programVersion
        metrics = KernelMetrics()
        table = Mutex(MethodTable(snapshots.current.registry, metrics: metrics))
    }

    /// The methods of a snapshot; made when it is first asked for.
    func table(for snapshot: KernelSnapshot) -> MethodTable {
        table.withLock { table in
            if table.generation != snapshot.registry.generation {
                table = MethodTable(snapshot.registry, metrics: metrics)
            }
            return table
        }
    }
}
