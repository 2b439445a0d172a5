import Glibc

/// The folder in which an installation keeps everything: `kernel` (database, modules), `endpoint` (certificate and
/// key) and `run` (sockets, process ids). Only its owner can enter it.
///
/// While it is being prepared it holds a mark; so a preparation that broke off is told from a finished one. Another
/// mark stays where the demo company was loaded.
package struct DataFolder: Sendable {
    /// Absolute.
    package let path: String

    package enum State: Equatable, Sendable {
        /// Not there, or empty: to be prepared.
        case empty
        case prepared
        /// A preparation broke off.
        case unfinished
        /// Somebody else's files.
        case foreign
    }

    /// - Parameter path: relative to the working directory unless absolute.
    package init(path: String) {
        if path.hasPrefix("/") {
            self.path = path
            return
        }
        let working = getcwd(nil, 0)
        defer { free(working) }
        let base = working.map { String(cString: $0) } ?? ""
        let relative = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        self.path = "\(base)/\(relative)"
    }

    package var adminSocket: String { "\(path)/run/admin.sock" }
    var pidFile: String { "\(path)/run/crm.pid" }
    var stateFile: String { "\(path)/run/crm.state" }
    var moduleCallsFile: String { "\(path)/run/calls" }
    var crashLedgerFile: String { "\(path)/kernel/quarantine" }
    private var mark: String { "\(path)/.unfinished" }
    private var demoMark: String { "\(path)/.demo" }

    /// Name and mode of the folders within.
    private static let parts: [(name: String, mode: mode_t)] = [
        ("kernel", 0o700), ("endpoint", 0o700), ("run", 0o710),
    ]
    /// The longest path that fits a socket's address, its closing zero left out (unix(7)).
    private static let socketPathLimitBytes = 107

    package func state() throws(SupervisorError) -> State {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return .empty }
            throw .system("read the folder \"\(path)\"")
        }
        defer { closedir(folder) }
        var names: Set<String> = []
        while let entry = readdir(folder) {
            names.insert(withUnsafeBytes(of: entry.pointee.d_name) { Self.text($0) })
        }
        // A volume's root has a folder of the file system's own.
        names.subtract([".", "..", "lost+found"])
        if names.isEmpty { return .empty }
        if names.contains(".unfinished") { return .unfinished }
        return names.isSuperset(of: Self.parts.map(\.name)) ? .prepared : .foreign
    }

    /// Makes the folders; `finish` says that what belongs into them is there.
    ///
    /// - Throws: if the path is too long for a socket's name, or the system refuses.
    func begin() throws(SupervisorError) {
        try checkLength()
        try makeParents()
        try make(path, 0o700)
        try makeMark(mark)
        for part in Self.parts { try make("\(path)/\(part.name)", part.mode) }
    }

    func finish(withDemo: Bool = false) throws(SupervisorError) {
        if withDemo { try makeMark(demoMark) }
        guard unlink(mark) == 0 else { throw .system("remove \"\(mark)\"") }
    }

    /// Whether it was prepared with the demo company.
    var hasDemo: Bool { access(demoMark, F_OK) == 0 }

    private func makeMark(_ mark: String) throws(SupervisorError) {
        let descriptor = open(mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("write to the folder \"\(path)\"") }
        close(descriptor)
    }

    /// Refuses a folder that is another user's, or that others may enter.
    package func check() throws(SupervisorError) {
        try checkLength()
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system("look at the folder \"\(path)\"") }
        guard status.st_uid == geteuid() else {
            throw SupervisorError(
                "data folder \"\(path)\" belongs to the user with id \(status.st_uid), not to the one who runs this, \(geteuid())",
                hint: "Run crm as that user.")
        }
        let mode = status.st_mode & 0o777
        guard mode & 0o077 == 0 else {
            throw SupervisorError(
                "data folder \"\(path)\" is open to other users (mode \(String(mode, radix: 8)))",
                hint: "Run chmod 700 \(path).")
        }
    }

    private func checkLength() throws(SupervisorError) {
        let longest = "\(path)/run/endpoint.sock".utf8.count
        guard longest <= Self.socketPathLimitBytes else {
            throw SupervisorError(
                "data folder \"\(path)\" has too long a path: a socket in it would need \(longest) bytes of \(Self.socketPathLimitBytes)",
                hint: "Choose a shorter one with --data.")
        }
    }

    /// The folders above, where they are missing, with the mode that the process's mask leaves.
    private func makeParents() throws(SupervisorError) {
        var parent = ""
        for name in path.split(separator: "/").dropLast() {
            parent += (parent.isEmpty && !path.hasPrefix("/") ? "" : "/") + name
            guard mkdir(parent, 0o755) == 0 || errno == EEXIST else {
                throw .system("make the folder \"\(parent)\"")
            }
        }
    }

    /// The mode holds whatever the process's mask is.
    private func make(_ path: String, _ mode: mode_t) throws(SupervisorError) {
        guard mkdir(path, mode) == 0 || errno == EEXIST, chmod(path, mode) == 0 else {
            throw .system("make the folder \"\(path)\"")
        }
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
