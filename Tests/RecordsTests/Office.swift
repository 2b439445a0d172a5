import CRMSDK
import Core
import Foundation
import Installation
import Log
import Query
import Records
import Registry
import Security
import Storage
import Testing

/// A whole kernel without its sockets: a real database in a folder of its own, the core entities, one administrator.
final class Office: Sendable {
    let folder: String
    let database: Database
    let installation: Installation
    let log = MemorySink()
    let root: CallContext

    var records: RecordService { installation.recordService }
    var snapshot: KernelSnapshot { installation.snapshots.current }

    init(
        core: ModuleManifest = CoreModule().manifest, folder: String? = nil,
        modulesFolder: String = "/nonexistent",
        clock: (@Sendable () -> Instant)? = nil
    ) throws {
        let isNew = folder == nil
        self.folder = folder ?? NSTemporaryDirectory() + "crm-records-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: self.folder + "/kernel", withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let log = Log(room: "test", level: .warning, sink: log)
        var options = Database.Options(path: self.folder + "/kernel/crm.sqlite", mustExist: false)
        let clock = clock ?? { Instant("2026-11-22T12:00:00Z")! }
        options.clock = clock  // the same for what is written and for "today" in what is read
        database = try Database(options: options, log: log)
        installation = try Installation.start(
            Installation.Setup(
                database: database, core: core, dataFolder: self.folder, modulesFolder: modulesFolder,
                cursorKey: Array(repeating: 7, count: 32), clock: clock, log: log))
        let service = installation.recordService
        if isNew {
            try database.writer.perform { (transaction) throws(CRMError) in
                try FirstRecords.make(.init(), service, in: transaction)
            }
        }
        root = Self.call(FirstRecords.administrator, isAdministrator: true)
    }

    deinit {
        database.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    static func call(
        _ user: RecordID, isAdministrator: Bool = false, source: CallSource = .api, method: String = "test"
    ) -> CallContext {
        CallContext(
            principal: Principal(user: user, isAdministrator: isAdministrator, source: .session),
            source: source,
            method: method, requestID: "r1")
    }

    // MARK: Writes

    @discardableResult
    func create(
        _ entity: String, _ values: [String: Value], as call: CallContext? = nil
    ) throws(CRMError) -> RecordID {
        let (service, call) = (records, call ?? root)
        return try database.writer.perform { (transaction) throws(CRMError) in
            try service.unit(transaction, call) { (unit) throws(CRMError) in try unit.create(entity, values) }
        }
    }

    @discardableResult
    func update(
        _ id: RecordID, _ values: [String: Value], version: Int64? = nil, as call: CallContext? = nil
    ) throws(CRMError) -> Bool {
        let (service, call) = (records, call ?? root)
        return try database.writer.perform { (transaction) throws(CRMError) in
            try service.unit(transaction, call) { (unit) throws(CRMError) in
                try unit.update(id, entity: nil, values, version: version)
            }
        }
    }

    func delete(_ id: RecordID, as call: CallContext? = nil) throws(CRMError) {
        let (service, call) = (records, call ?? root)
        try database.writer.perform { (transaction) throws(CRMError) in
            try service.unit(transaction, call) { (unit) throws(CRMError) in try unit.delete(id, entity: nil)
            }
        }
    }

    func restore(_ id: RecordID, as call: CallContext? = nil) throws(CRMError) {
        let (service, call) = (records, call ?? root)
        try database.writer.perform { (transaction) throws(CRMError) in
            try service.unit(transaction, call) { (unit) throws(CRMError) in try unit.restore(id, entity: nil)
            }
        }
    }

    // MARK: Reads

    func get(_ id: RecordID, as call: CallContext? = nil) throws(CRMError) -> Record {
        var record: Record?
        try records.get(call ?? root, snapshot, on: database.makeReader(), id: id, entity: nil) { row, plan in
            record = plan.record(row, snapshot)
        }
        return record!
    }

    /// All pages of a list, walked by cursor.
    func walk(
        _ parameters: ListParameters, as call: CallContext? = nil, on known: ReadConnection? = nil
    ) throws(CRMError) -> [RecordID] {
        var ids: [RecordID] = []
        var parameters = parameters
        let reader = if let known { known } else { try database.makeReader() }
        repeat {
            let plan = try records.planList(call ?? root, snapshot, parameters)
            parameters.cursor = try records.list(plan, on: reader) { row in
                ids.append(RecordID(row.int64(plan.read.idColumn)))
            }
        } while parameters.cursor != nil
        return ids
    }

    func ids(_ entity: String, where filter: Filter?, as call: CallContext? = nil) throws(CRMError)
        -> [RecordID]
    {
        var parameters = ListParameters(entity: entity)
        parameters.filter = filter
        parameters.sort = ["id"]
        return try walk(parameters, as: call)
    }
}
