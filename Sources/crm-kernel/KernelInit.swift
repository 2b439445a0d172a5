import CRMSDK
import Glibc
import Identity
import Installation
import Records
import Settings
import Storage

/// `crm-kernel init`: makes the database with its first records and gives the first administrator a password.
struct KernelInit {
    private let settings: KernelSettings

    init(_ settings: KernelSettings) { self.settings = settings }

    /// - Throws: `duplicate` when the folder has a database with records already; nothing has changed then.
    func run() throws(CRMError) {
        let folder = try KernelFolder(settings, isNew: true)
        defer { folder.close() }
        guard folder.installation.snapshots.current.people.all.isEmpty else {
            throw CRMError(
                .duplicate, "data folder \"\(settings.dataFolder)\" is prepared already", hint: "Run crm up.")
        }
        var choices = FirstRecords.Choices()
        choices.organisation = settings.values.string("organisation")
        choices.baseCurrency = settings.values.string("currency")
        let (installation, first) = (folder.installation, choices)
        try folder.database.writer.perform { transaction throws(CRMError) in
            try FirstRecords.make(first, installation.recordService, in: transaction)
        }
        let given = settings.values.stringIfSet("admin-password")
        let password = try folder.identity.createFirstCredential(
            user: FirstRecords.administrator, username: choices.username, password: given,
            mustChange: given == nil)
        if given == nil { try hand(over: password, of: choices.username) }
    }

    /// Shows a password that was made once on a terminal; elsewhere it goes into a file that only we can read.
    private func hand(over password: String, of username: String) throws(CRMError) {
        guard isatty(STDOUT_FILENO) == 0 else {
            print(
                "user name  \(username)\npassword   \(password)\nIt is not shown again and must be changed at the first log-in."
            )
            return
        }
        let path = settings.dataFolder + "/kernel/initial-admin-password"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        let line = Array("\(password)\n".utf8)
        let written = line.withUnsafeBytes { file < 0 ? -1 : write(file, $0.baseAddress, $0.count) }
        guard file >= 0, close(file) == 0, written == line.count else {
            throw CRMError(.unavailable, "the password could not be written to \"\(path)\"")
        }
        print("the password of \"\(username)\" is in \(path); it must be changed at the first log-in")
    }
}
