import CRMSDK
import Identity
import Installation
import JSON
import Records
import Registry
import Security
import Storage
import Synchronization

/// The kernel itself: its state, and what it can do.
enum SystemMethods {
    static let all: [Method] = [
        Method(
            "system.status", needs: .machine, .none, "The kernel's state.",
            result: .object([
                Parameter("version", .text, "Of the program.", required: true),
                Parameter("uptime_seconds", .integer, "Since the kernel began to serve.", required: true),
                Parameter(
                    "modules", .list(of: .object([])), "Those enabled: name and version.", required: true),
                Parameter(
                    "quarantined", .list(of: .object([])), "Those kept out after a crash: name and reason.",
                    required: true),
                Parameter(
                    "writer", .object([]), "Waiting units, groups committed, units in them.", required: true),
                Parameter("database_bytes", .integer, "The size of the database's file.", required: true),
                Parameter("connections", .integer, "Open connections of other processes.", required: true),
            ])
        ) { scope throws(CRMError) in
            let services = scope.services
            scope.writer.beginObject()
            scope.writer.key("version")
            scope.writer.string(services.programVersion)
            scope.writer.key("uptime_seconds")
            scope.writer.int((ContinuousClock.now - services.startedAt).components.seconds)
            scope.writer.key("modules")
            scope.writer.beginArray()
            for module in scope.snapshot.registry.modules {
                scope.writer.beginObject()
                scope.writer.key("name")
                scope.writer.string(module.name)
                scope.writer.key("version")
                scope.writer.string(module.manifest.version.description)
                scope.writer.endObject()
            }
            scope.writer.endArray()
            scope.writer.key("quarantined")
            scope.writer.beginArray()
            for (name, error) in services.installation.failedModules.sorted(by: { $0.key < $1.key }) {
                scope.writer.beginObject()
                scope.writer.key("name")
                scope.writer.string(name)
                scope.writer.key("reason")
                scope.writer.string(error.message)
                scope.writer.endObject()
            }
            scope.writer.endArray()
            writeFigures(services, to: &scope.writer)
            scope.writer.endObject()
            return .done
        },
        Method(
            "rpc.discover", needs: .nothing, .reads, "All methods, as an OpenRPC 1.3 document.",
            "With a token the document has what its owner may call, and the records' fields that they may see.",
            result: .object([Parameter("openrpc", .text, "The version of OpenRPC.", required: true)])
        ) { scope throws(CRMError) in
            let table = scope.services.table(for: scope.snapshot)
            try OpenRPCDocument(table, scope).write(to: &scope.writer)
            return .done
        },
    ]

    private static func writeFigures(_ services: KernelServices, to writer: inout JSONWriter) {
        let counts = services.database.writer.counts
        writer.key("writer")
        writer.beginObject()
        writer.key("waiting")
        writer.int(services.database.writer.queueDepth)
        writer.key("groups")
        writer.int(counts.groups)
        writer.key("units")
        writer.int(counts.units)
        writer.key("wal_pages")
        writer.int(counts.walPages)
        writer.endObject()
        writer.key("database_bytes")
        writer.int(services.databaseBytes)
        writer.key("connections")
        writer.int(services.metrics.connections.load(ordering: .relaxed))
    }
}

extension OpenRPCDocument {
    /// What the caller of a scope is shown.
    init(_ table: MethodTable, _ scope: CallScope) throws(CRMError) {
        version = scope.services.programVersion
        guard let caller = scope.caller else {
            methods = table.methods
            entities = []
            return
        }
        let isAdministrator = scope.snapshot.isAdministrator(caller.principal)
        methods = table.methods.filter { isAdministrator || $0.need == .nothing || $0.need == .session }
        let view = try scope.fieldView()
        let security = scope.snapshot.security
        let (records, call, snapshot) = (scope.services.records, try scope.context(), scope.snapshot)
        let registry = snapshot.registry
        entities = (registry.entities + registry.lineEntities)
            .filter { security.decide(caller.principal, .view, $0.name).allowed && view.isOpen($0) }
            .map { entity in
                VisibleEntity(
                    entity: entity, fields: view.fields(of: entity),
                    relations: records.relatedLists(of: entity, call, snapshot).map(\.name))
            }
    }
}
