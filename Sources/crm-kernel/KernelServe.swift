import Backup
import CRMSDK
import Glibc
import Identity
import Installation
import Jobs
import Log
import RPC
import Records
import Settings
import Storage

/// `crm-kernel serve`: answers calls on its two sockets until SIGTERM.
struct KernelServe {
    private let settings: KernelSettings

    init(_ settings: KernelSettings) { self.settings = settings }

    func run() throws(CRMError) {
        // Before any thread is made, so that all of them inherit it: the signals are this thread's to wait for.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGINT)
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        let folder = try KernelFolder(settings, isNew: false)
        let services = KernelServices(
            database: folder.database, installation: folder.installation, identity: folder.identity,
            backups: BackupFolder(
                path: settings.backupsFolder, database: folder.database,
                kernelFolder: settings.dataFolder + "/kernel", version: KernelSettings.version),
            log: settings.log, programVersion: KernelSettings.version,
            fileLimitBytes: Int64(settings.values.integer("file-limit-mib")) << 20)
        let run = settings.dataFolder + "/run"
        let endpointUsers = settings.endpointUsers
        let consoleUsers = Set(settings.consoleUsers.keys)
        let server = try KernelServer(
            services,
            [
                // Another user may connect only where the folder and the file let them, and the list names them.
                .init(
                    path: run + "/endpoint.sock", mode: endpointUsers.count > 1 ? 0o660 : 0o600,
                    door: .endpoint,
                    userIDs: endpointUsers),
                .init(
                    path: run + "/admin.sock", mode: consoleUsers.count > 1 ? 0o660 : 0o600, door: .admin,
                    userIDs: consoleUsers),
            ])
        server.start()
        let log = settings.log
        let searching = SearchFilling(folder.installation.recordService, folder.database.writer)
        let converting = BaseAmountFilling(folder.installation.recordService, folder.database.writer)
        let comparing = DuplicateFilling(folder.installation.recordService, folder.database.writer)
        let jobs = JobScheduler(
            folder.installation.recordService, folder.database.writer,
            administrator: FirstRecords.administrator,
            house: [
                HouseJob("identity", everySeconds: 30) { folder.identity.maintain() },
                HouseJob("schema", everySeconds: 1) { folder.installation.workOnSchema() },
                HouseJob("computing", everySeconds: 1) {
                    folder.installation.recordService.computeWaiting(
                        folder.database.writer, as: FirstRecords.administrator)
                },
                HouseJob("idempotency", everySeconds: 3600) {
                    IdempotentCall.forgetOld(folder.database.writer)
                },
                HouseJob("files", everySeconds: 86_400) {
                    FileSweep.run(folder.database, log: log)
                },
                HouseJob("search", everySeconds: 1) { Self.fill("the search index", log, searching.step) },
                HouseJob("duplicates", everySeconds: 1) {
                    Self.fill("keys of duplicates", log, comparing.step)
                },
                HouseJob("base_amounts", everySeconds: 1) {
                    Self.fill("amounts in the base currency", log, converting.step)
                },
            ], log: settings.log)
        jobs.start()
        settings.log.info("ready", ["data": settings.dataFolder, "version": KernelSettings.version])
        sayReady()

        var received: Int32 = 0
        sigwait(&signals, &received)
        settings.log.info("stopping")
        jobs.stop()
        server.stop()
        folder.close()
        settings.log.info("stopped")
    }

    /// Does of a long work what half a second allows: module jobs have the same thread.
    private static func fill(_ what: String, _ log: Log, _ step: () throws(CRMError) -> Bool) {
        let end = ContinuousClock.now.advanced(by: .milliseconds(500))
        do throws(CRMError) {
            while try step(), ContinuousClock.now < end {}
        } catch {
            log.error("could not go on", ["with": what, "reason": error.message])
        }
    }

    private func sayReady() {
        guard let descriptor = settings.values.integerIfSet("ready-fd") else { return }
        let line = Array("\(SettingsTable.readyWord)\n".utf8)
        let written = line.withUnsafeBytes { write(Int32(descriptor), $0.baseAddress, $0.count) }
        if written != line.count { settings.log.warning("nobody heard that we are ready") }
        close(Int32(descriptor))
    }
}
