package import Backup
import CRMSDK
import Glibc
package import Identity
package import Installation
package import Log
package import Records
import Registry
package import Storage
import Synchronization

/// What the methods work with: the kernel's other rooms, wired once at start.
package final class KernelServices: Sendable {
    package let database: Database
    package let installation: Installation
    package let identity: IdentityService
    package let backups: BackupFolder
    package let metrics: KernelMetrics
    package let log: Log
    package let programVersion: String
    package let startedAt = ContinuousClock.now
    let documents: DocumentCache
    let printLinks: PrintLinks
    let gateKeeper: GateKeeper
    let fileLane: FileLane
    /// The largest file that is taken.
    package let fileLimitBytes: Int64

    private let table: Mutex<MethodTable>
    /// Nil: the installation's.
    private let unitRecords: RecordService?

    package init(
        database: Database, installation: Installation, identity: IdentityService, backups: BackupFolder,
        log: Log, programVersion: String, fileLimitBytes: Int64 = 1 << 30
    ) {
        self.database = database
        self.installation = installation
        self.identity = identity
        self.backups = backups
        self.log = log.child(room: "rpc")
        self.programVersion = programVersion
        metrics = KernelMetrics()
        documents = DocumentCache()
        printLinks = PrintLinks()
        gateKeeper = GateKeeper(clock: Instant.current)
        fileLane = FileLane()
        self.fileLimitBytes = fileLimitBytes
        unitRecords = nil
        table = Mutex(MethodTable(installation.snapshots.current.registry, metrics: metrics))
    }

    /// The same services for several operations within one unit of work: each works on what those before it have
    /// changed.
    func withinUnit() -> KernelServices { KernelServices(within: self) }

    private init(within whole: KernelServices) {
        database = whole.database
        installation = whole.installation
        identity = whole.identity
        backups = whole.backups
        metrics = whole.metrics
        log = whole.log
        programVersion = whole.programVersion
        documents = whole.documents
        printLinks = whole.printLinks
        gateKeeper = whole.gateKeeper
        fileLane = whole.fileLane
        fileLimitBytes = whole.fileLimitBytes
        let records = whole.records.withinUnit()
        unitRecords = records
        table = Mutex(whole.table(for: records.snapshots.current))
    }

    package var snapshots: SnapshotHolder { records.snapshots }
    package var records: RecordService { unitRecords ?? installation.recordService }

    /// The size of the database's file; 0 where it cannot be told.
    var databaseBytes: Int {
        var status = stat()
        return lstat(database.path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// What other rooms count, for the metrics.
    func figures(scanDepth: Int) -> [KernelMetrics.Figure] {
        let counts = database.writer.counts
        return [
            .init("crm_write_groups_total", .counter, "Commits.", counts.groups),
            .init("crm_write_units_total", .counter, "Units of work in those commits.", counts.units),
            .init("crm_write_waiting", .gauge, "Units of work that wait.", database.writer.queueDepth),
            .init(
                "crm_wal_pages", .gauge, "Pages of the write-ahead log after the last commit.",
                counts.walPages),
            .init("crm_scan_waiting", .gauge, "Long reads that wait.", scanDepth),
            .init(
                "crm_public_calls_limited_total", .counter, "Calls without an account beyond their limits.",
                gateKeeper.refused),
            .init("crm_files_on_their_way", .gauge, "Files being sent or fetched.", fileLane.count),
            .init("crm_database_bytes", .gauge, "Size of the database's file.", databaseBytes),
        ]
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
