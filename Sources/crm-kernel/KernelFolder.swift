import CRMSDK
import Core
import Crypto
import Glibc
import Identity
import Installation
import Log
import ModuleLoader
import RPC
import Records
import Storage

/// The kernel's rooms, opened on one data folder that is locked for as long as this lives.
struct KernelFolder {
    let database: Database
    let installation: Installation
    let identity: IdentityService
    private let lock: DataFolderLock

    /// - Throws: `unavailable` when the folder is missing, too open or another kernel's, when the database is missing,
    ///   damaged or newer than this program.
    init(_ settings: KernelSettings, isNew: Bool) throws(CRMError) {
        let folder = settings.dataFolder
        let log = settings.log
        if isNew { try DataFolderLock.makeFolders(folder) }
        lock = try DataFolderLock(folder: folder)
        try Self.makeRunFolder(folder + "/run")
        database = try Database(options: .init(path: lock.databasePath, mustExist: !isNew), log: log)
        installation = try Installation.start(
            Installation.Setup(
                database: database, core: CoreModule().manifest, dataFolder: folder,
                modulesFolder: settings.modulesFolder,
                cursorKey: try SecretKeyFile(path: lock.kernelFolder + "/cursor.key").key(),
                callSites: try CallSites(path: folder + "/run/calls"),
                quarantined: try Self.quarantined(lock.kernelFolder), log: log))
        var configuration = IdentityService.Configuration()
        settings.apply(to: &configuration)
        let snapshots = installation.snapshots
        identity = try IdentityService(database: database, configuration: configuration, log: log) {
            SnapshotUsers(snapshots.current)
        }
        // The sessions of a user who was made inactive end now, before the user can be made active again.
        snapshots.observe { [weak identity] in identity?.maintain() }
    }

    func close() {
        identity.close()
        database.close()
    }

    private static func makeRunFolder(_ path: String) throws(CRMError) {
        // The mask of the process takes the group's bit away; whose group it is, the installation decides.
        guard mkdir(path, 0o710) == 0 ? chmod(path, 0o710) == 0 : errno == EEXIST else {
            throw CRMError(
                .unavailable, "the folder \"\(path)\" could not be made: \(String(cString: strerror(errno)))")
        }
    }

    private static func quarantined(_ kernelFolder: String) throws(CRMError) -> [String: String] {
        let ledger = try QuarantineFile(path: kernelFolder + "/quarantine").read()
        return Dictionary(
            Set(ledger.crashes.map(\.module)).compactMap { name in ledger.reason(for: name).map { (name, $0) }
            },
            uniquingKeysWith: { first, _ in first })
    }
}
