import Backup
import CRMSDK
import JSON
import Log
import Records
import Security
import Storage

/// Copies of everything, made while the platform runs.
enum BackupMethods {
    static let all: [Method] = [
        Method(
            "backup.create", needs: .machine, .writes,
            "Copies database, modules and files as they are at one moment, and checks the copy.",
            "Others go on reading and writing meanwhile. The backup is a folder on the server's disk; crm restore makes a data "
                + "folder of it. Keep copies on another machine.",
            parameters: [
                Parameter(
                    "keep", .integer(1...10_000), "Remove the oldest beyond so many, once this one is whole.")
            ],
            result: .object(backup), errors: [.unavailable]
        ) { scope throws(CRMError) in
            let services = scope.services
            let call = try scope.context()
            let keep = scope.arguments.integerIfGiven("keep").map { Int($0) }
            return .elsewhere { answer in
                WorkThread.start("backup") {
                    let moment = Instant(millisecondsSince1970: UTCClock.millisecondsSince1970)
                    let result: Result<BackupFolder.Backup, CRMError>
                    do throws(CRMError) {
                        let made = try services.backups.make(at: moment, keep: keep)
                        try note(made, call, services)
                        result = .success(made)
                    } catch {
                        result = .failure(error)
                    }
                    answer(result.json { write($0, services.backups.path, to: &$1) })
                }
            }
        },
        Method(
            "backup.list", needs: .machine, .reads, "The backups in the server's folder, oldest first.",
            result: .object([
                Parameter("backups", .list(of: .object(backup)), "The whole ones.", required: true)
            ])
        ) { scope throws(CRMError) in
            let services = scope.services
            return .elsewhere { answer in
                WorkThread.start("backup-list") {
                    let result: Result<[BackupFolder.Backup], CRMError>
                    do throws(CRMError) {
                        result = .success(try services.backups.list())
                    } catch {
                        result = .failure(error)
                    }
                    answer(
                        result.json { backups, writer in
                            writer.beginObject()
                            writer.key("backups")
                            writer.beginArray()
                            for backup in backups { write(backup, services.backups.path, to: &writer) }
                            writer.endArray()
                            writer.endObject()
                        })
                }
            }
        },
    ]

    private static let backup = [
        Parameter("name", .text, "When it was begun, in UTC.", required: true),
        Parameter("folder", .text, "Where it is, on the server.", required: true),
        Parameter("made_at", .field(.datetime), "The moment of which it is.", required: true),
        Parameter("version", .text, "Of the program that made it.", required: true),
        Parameter("bytes", .integer, "All files together.", required: true),
        Parameter(
            "log", .object([]),
            "The last entry of the change log in it, seq and hash: compare with log.verify.",
            required: true),
    ]

    /// That data left the database is for the change log.
    private static func note(
        _ made: BackupFolder.Backup, _ call: CallContext, _ services: KernelServices
    ) throws(CRMError) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("name")
        writer.string(made.name)
        writer.key("log_seq")
        writer.int(made.log.sequence)
        writer.endObject()
        let payload = writer.finish()
        try services.database.writer.perform { transaction throws(CRMError) in
            try transaction.append(
                ChangeEntry(
                    .backup, actor: call.principal.user, source: call.source.name, method: call.method,
                    payload: payload))
        }
    }

    private static func write(_ backup: BackupFolder.Backup, _ folder: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(backup.name)
        writer.key("folder")
        writer.string("\(folder)/\(backup.name)")
        writer.key("made_at")
        writer.instant(backup.madeAt)
        writer.key("version")
        writer.string(backup.version)
        writer.key("bytes")
        writer.int(backup.bytes)
        writer.key("log")
        writer.beginObject()
        writer.key("seq")
        writer.int(backup.log.sequence)
        writer.key("hash")
        writer.string(backup.log.hash)
        writer.endObject()
        writer.endObject()
    }
}
