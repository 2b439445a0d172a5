import Glibc

/// `crm init`: makes the data folder, then has the kernel make the database and the first administrator, and the
/// endpoint its certificate. What those two print goes to our terminal unread: the administrator's password is
/// shown there once and known to nobody else. Last, where it is wished, the demo company.
package struct Preparation {
    package let plan: ServicePlan
    /// Whether the demo company is loaded.
    package let isDemo: Bool

    /// The backup that the data come from; nil for new ones.
    private let backup: String?

    package init(_ plan: ServicePlan, isDemo: Bool = false, backup: String? = nil) {
        self.plan = plan
        self.isDemo = isDemo
        self.backup = backup
    }

    /// Prepares a folder that is not there or empty.
    ///
    /// - Throws: for any other folder, and when one of the programs refuses; it has then said why itself.
    package func run() throws(SupervisorError) {
        let folder = plan.folder
        switch try folder.state() {
        case .empty: break
        case .prepared:
            throw SupervisorError(
                "data folder \"\(folder.path)\" is already prepared",
                hint: backup == nil ? "Run crm up." : "Name a new folder with --data.")
        case .unfinished, .foreign: throw Self.refusal(of: folder, try folder.state())
        }
        // Before anything is made: a refusal leaves nothing to be removed.
        let demo = isDemo ? try DemoCompany(plan) : nil
        try folder.begin()
        for child in Child.allCases {
            let process = try plan.prepare(child, backup: backup).start(output: .inherited)
            let end = try Self.wait(for: process)
            guard end == .exited(code: 0) else {
                throw SupervisorError(
                    "data folder \"\(folder.path)\" could not be prepared: \(child.program) \(end)",
                    hint: "Mend what it says above, remove the folder, and run the same command again.")
            }
        }
        try demo?.load()
        try folder.finish(withDemo: isDemo)
    }

    /// Prepares the folder if it is empty, checks it if it is not: a demo company that is there already stays as it is.
    package func runIfNeeded() throws(SupervisorError) {
        let state = try plan.folder.state()
        switch state {
        case .empty: try run()
        case .prepared:
            guard !isDemo || plan.folder.hasDemo else {
                throw SupervisorError(
                    "the demo company cannot be loaded into \"\(plan.folder.path)\", which was made without it",
                    hint: "Name a new folder with --data.")
            }
        case .unfinished, .foreign: throw Self.refusal(of: plan.folder, state)
        }
        try plan.folder.check()
    }

    private static func refusal(of folder: DataFolder, _ state: DataFolder.State) -> SupervisorError {
        state == .unfinished
            ? SupervisorError(
                "the preparation of data folder \"\(folder.path)\" broke off",
                hint:
                    "Remove the folder, which holds nothing of value yet, and run crm init or crm restore again."
            )
            : SupervisorError(
                "folder \"\(folder.path)\" is neither empty nor a data folder",
                hint: "Name another one with --data.")
    }

    static func wait(for process: pid_t) throws(SupervisorError) -> ProcessEnd {
        var status: Int32 = 0
        while waitpid(process, &status, 0) != process {
            guard errno == EINTR else { throw .system("wait for process \(process)") }
        }
        return ProcessEnd(waitStatus: status)
    }
}
