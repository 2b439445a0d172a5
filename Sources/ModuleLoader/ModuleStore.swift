package import CRMSDK
import Crypto
import Glibc

/// A module's library in the kernel's own store, from which alone it is loaded.
package struct StoredModule: Equatable, Sendable {
    package let path: String
    /// Of the file's bytes, 64 lowercase hexadecimal digits; also the file's name.
    package let sha256: String
    package let stamp: ModuleStamp
}

/// What a module's file says, without a copy in the store and without running any of it.
package struct InspectedModule: Sendable {
    package let path: String
    package let sha256: String
    package let sizeBytes: Int
    package let stamp: ModuleStamp
    /// Why this kernel would not load it; nil when it would.
    package let refusal: CRMError?
}

/// The kernel's store of module libraries: `<sha256>.so`, files 0500 in a folder 0700, written whole or not at all.
///
/// The store, and every folder above it up to the data folder, must belong to the kernel's user and be writable by
/// nobody else; that is checked at every use, since whoever can write there can become the kernel.
package struct ModuleStore: Sendable {
    private let directory: String
    private let dataFolder: String
    private let contract: ModuleContract

    /// - Parameters:
    ///   - directory: `DATA/kernel/modules`; made when it is missing.
    ///   - dataFolder: `DATA`; must be there.
    package init(directory: String, dataFolder: String, contract: ModuleContract = .current) {
        self.directory = Self.withoutTrailingSlash(directory)
        self.dataFolder = Self.withoutTrailingSlash(dataFolder)
        self.contract = contract
    }

    /// Reads a module's file once, checks it, and puts what was read into the store.
    package func stage(source: String) throws(CRMError) -> StoredModule {
        let bytes = try CheckedFile.read(source)
        let stamp = try ModuleStamp.read(from: bytes, file: CheckedFile.label(source))
        try contract.verify(stamp)
        let sha256 = SHA256.hash(bytes).hex
        try makeFolders()
        try checkFolders()
        try DurableFile.write(bytes, to: path(sha256), mode: 0o500)
        return StoredModule(path: path(sha256), sha256: sha256, stamp: stamp)
    }

    /// The module that was staged with this hash, checked again from its bytes on.
    package func stored(sha256: String) throws(CRMError) -> StoredModule {
        guard sha256.utf8.count == 64, sha256.utf8.allSatisfy({ Self.isHexadecimal($0) }) else {
            throw CRMError(
                .invalidParameters, "\"\(sha256.prefix(80))\" is not a SHA-256 in lowercase digits")
        }
        try checkFolders()
        let bytes = try CheckedFile.read(path(sha256), ownerOnly: true)
        guard SHA256.hash(bytes).hex == sha256 else {
            throw CRMError(
                .invalidParameters, "module file \"\(sha256).so\" in the kernel's store was changed",
                hint: "Enable the module from its source again.")
        }
        let stamp = try ModuleStamp.read(from: bytes, file: CheckedFile.label(path(sha256)))
        try contract.verify(stamp)
        return StoredModule(path: path(sha256), sha256: sha256, stamp: stamp)
    }

    func inspect(source: String) throws(CRMError) -> InspectedModule {
        let bytes = try CheckedFile.read(source)
        let stamp = try ModuleStamp.read(from: bytes, file: CheckedFile.label(source))
        var refusal: CRMError?
        do throws(CRMError) { try contract.verify(stamp) } catch { refusal = error }
        return InspectedModule(
            path: source, sha256: SHA256.hash(bytes).hex, sizeBytes: bytes.count, stamp: stamp,
            refusal: refusal)
    }

    private static func withoutTrailingSlash(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private func path(_ sha256: String) -> String { "\(directory)/\(sha256).so" }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    // MARK: Folders

    /// The data folder first, the store last.
    private func folders() throws(CRMError) -> [String] {
        guard directory.hasPrefix(dataFolder + "/"), !directory.contains("/../") else {
            throw CRMError(
                .internalError, "the module store is not in the data folder",
                detail: "\(directory), \(dataFolder)")
        }
        var folders = [dataFolder]
        for part in directory.dropFirst(dataFolder.count).split(separator: "/") {
            folders.append("\(folders[folders.count - 1])/\(part)")
        }
        return folders
    }

    private func makeFolders() throws(CRMError) {
        for folder in try folders().dropFirst() where mkdir(folder, 0o700) != 0 && errno != EEXIST {
            throw CRMError(
                .unavailable, "the kernel's module store could not be made",
                hint: "Look into the kernel's log.",
                detail: "\(folder): \(String(cString: strerror(errno)))")
        }
    }

    private func checkFolders() throws(CRMError) {
        for folder in try folders() {
            var facts = stat()
            // Where the data folder lies is the administrator's word, and may be a link; below it there are none.
            let isFound = (folder == dataFolder ? stat(folder, &facts) : lstat(folder, &facts)) == 0
            guard isFound, facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid(),
                facts.st_mode & (folder == directory ? 0o077 : 0o022) == 0
            else {
                throw CRMError(
                    .unavailable,
                    "the kernel's module store is not safe: a folder of it has another owner or wider rights",
                    hint: "Give the folders to the kernel's user, with mode 0700.", detail: folder)
            }
        }
    }
}
