import Glibc

/// What is to be run, where, and with which settings: everything that `crm` passes on to the other programs.
package struct ServicePlan: Sendable {
    package let folder: DataFolder
    /// `ADDRESS:PORT`; port 0 lets the system choose.
    package let listen: String
    /// The folder of the programs.
    package let programs: String
    /// The environment of the programs. Settings that they share with us are in it, each as its variable, so that a
    /// flag given to `crm` counts there as well.
    package let environment: [String: String]

    package init(folder: DataFolder, listen: String, programs: String, environment: [String: String]) {
        self.folder = folder
        self.listen = listen
        self.programs = programs
        self.environment = environment
    }

    /// The folder that this program was started from: the others lie beside it.
    package static func ownFolder() throws(SupervisorError) -> String {
        guard let path = realpath("/proc/self/exe", nil) else {
            throw .system("find the folder of the programs")
        }
        defer { free(path) }
        let text = String(cString: path)
        return text.lastIndex(of: "/").map { String(text[..<$0]) } ?? "."
    }

    /// - Parameter address: where the endpoint listened before, if it did: a port that the system chose stays.
    func serve(_ child: Child, address: String?) -> ProgramCall {
        switch child {
        case .kernel: call(child, ["serve", "--data", folder.path])
        case .endpoint: call(child, ["serve", "--data", folder.path, "--listen", address ?? listen])
        }
    }

    /// - Parameter backup: where the data come from; nil for new ones.
    func prepare(_ child: Child, backup: String?) -> ProgramCall {
        switch child {
        case .kernel where backup != nil: call(child, ["restore", backup ?? "", "--data", folder.path])
        case .kernel: call(child, ["init", "--data", folder.path])
        case .endpoint: call(child, ["make-certificate", "--data", folder.path])
        }
    }

    private func call(_ child: Child, _ arguments: [String]) -> ProgramCall {
        ProgramCall(path: "\(programs)/\(child.program)", arguments: arguments, environment: environment)
    }
}
