package import CRMSDK
import Foundation
package import Storage
import Synchronization

/// The backups of one installation: a folder each in `backups` of the data folder, or elsewhere.
///
/// A backup is made beside the kernel's work and is of one moment. It is first written under a name that begins with a
/// dot; only a whole and checked one gets its own.
package final class BackupFolder: Sendable {
    /// One backup.
    package struct Backup: Sendable {
        /// The moment in which it was begun, UTC: `2026-11-23T01-05-00Z`.
        package let name: String
        package let madeAt: Instant
        /// Of the program that made it.
        package let version: String
        package let bytes: Int64
        /// The end of the change log in it; what the running log had then.
        package let log: DatabaseCopy.LogHead
    }

    package let path: String
    private let database: Database
    private let kernelFolder: String
    private let version: String
    private let isWorking = Mutex(false)

    /// - Parameters:
    ///   - path: made at the first backup; absolute.
    ///   - version: of this program.
    package init(path: String, database: Database, kernelFolder: String, version: String) {
        self.path = path
        self.database = database
        self.kernelFolder = kernelFolder
        self.version = version
    }

    /// Makes a backup, and then removes the oldest beyond a number.
    ///
    /// Takes as long as the disks need for reading everything twice; belongs on a thread of its own.
    ///
    /// - Parameter keep: how many to leave, the new one included; nil leaves all.
    /// - Throws: `unavailable` while another is being made; `unavailable` when files cannot be written or the copy is
    ///   damaged; nothing is left of it then.
    package func make(at moment: Instant, keep: Int? = nil) throws(CRMError) -> Backup {
        let isFree = isWorking.withLock { isWorking -> Bool in
            defer { isWorking = true }
            return !isWorking
        }
        guard isFree else {
            throw CRMError(.unavailable, "a backup is being made already", hint: "Wait until it is done.")
        }
        defer { isWorking.withLock { $0 = false } }
        try FileCopy.makeFolder(path)
        try removeLeftovers()
        let name = try freeName(moment)
        let partial = "\(path)/.\(name)"
        do throws(CRMError) {
            let manifest = try database.keepingFiles { () throws(CRMError) in
                try write(moment, into: partial)
            }
            try FileCopy.synchronise(folder: partial)
            guard rename(partial, "\(path)/\(name)") == 0 else {
                throw FileCopy.failure("name", "\(path)/\(name)")
            }
            try FileCopy.synchronise(folder: path)
            if let keep { try removeOldest(keeping: keep) }
            return Backup(name: name, manifest)
        } catch {
            try? FileManager.default.removeItem(atPath: partial)
            throw error
        }
    }

    /// The whole ones, oldest first.
    package func list() throws(CRMError) -> [Backup] {
        var backups: [Backup] = []
        for name in names() where !name.hasPrefix(".") {
            guard let manifest = try? BackupManifest(ofBackup: "\(path)/\(name)") else { continue }
            backups.append(Backup(name: name, manifest))
        }
        return backups
    }

    private func write(_ moment: Instant, into folder: String) throws(CRMError) -> BackupManifest {
        let kernel = "\(folder)/kernel"
        try FileCopy.makeFolder(folder)
        try FileCopy.makeFolder(kernel)
        // First the database: what it names in other files is there already, and stays while it is named.
        let head = try database.copy(to: "\(kernel)/\(KernelFiles.database)")
        var files = [
            BackupManifest.File(
                KernelFiles.database, try FileCopy.facts(of: "\(kernel)/\(KernelFiles.database)"))
        ]
        var folders: Set = [kernel]
        for file in try KernelFiles.beside(databaseIn: kernelFolder) {
            folders.formUnion(try KernelPlace(kernel).makeFolders(for: file))
            files.append(
                BackupManifest.File(
                    file, try FileCopy.copy("\(kernelFolder)/\(file)", to: "\(kernel)/\(file)")))
        }
        for folder in folders { try FileCopy.synchronise(folder: folder) }
        let manifest = BackupManifest(madeAt: moment, version: version, log: head, files: files)
        try FileCopy.write(manifest.json(), to: "\(folder)/\(BackupManifest.fileName)")
        return manifest
    }

    /// What a kill left of a backup that was being made.
    private func removeLeftovers() throws(CRMError) {
        for name in names() where name.hasPrefix(".") && Self.isName(name.dropFirst()) {
            try remove(name)
        }
    }

    private func removeOldest(keeping count: Int) throws(CRMError) {
        let own = try list().filter { Self.isName($0.name[...]) }
        for backup in own.dropLast(count) { try remove(backup.name) }
    }

    private func remove(_ name: String) throws(CRMError) {
        do {
            try FileManager.default.removeItem(atPath: "\(path)/\(name)")
        } catch {
            throw CRMError(.unavailable, "could not remove \"\(path)/\(name)\"", detail: "\(error)")
        }
    }

    private func names() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    private func freeName(_ moment: Instant) throws(CRMError) -> String {
        let name = String(moment.description.prefix(19)).replacingOccurrences(of: ":", with: "-") + "Z"
        guard !FileManager.default.fileExists(atPath: "\(path)/\(name)") else {
            throw CRMError(.duplicate, "the backup of this second exists already", hint: "Try again.")
        }
        return name
    }

    /// Whether a folder's name is of our making: nothing else is ever removed.
    private static func isName(_ name: Substring) -> Bool {
        name.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ/) != nil
    }
}

extension BackupFolder.Backup {
    init(name: String, _ manifest: BackupManifest) {
        self.init(
            name: name, madeAt: manifest.madeAt, version: manifest.version, bytes: manifest.bytes,
            log: manifest.log)
    }
}

extension BackupManifest.File {
    init(_ path: String, _ facts: FileCopy.Facts) {
        self.init(path: path, bytes: facts.bytes, mode: facts.mode, digest: facts.digest)
    }
}
