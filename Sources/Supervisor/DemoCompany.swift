import Glibc
import Log

/// The demo company: modules, and the Northwind trading company imported into a data folder that is being made.
///
/// The kernel is started for it alone, without the endpoint, so nobody else is there meanwhile; the console does the
/// work as an administrator would. What both say goes to standard error. A folder in which it broke off counts as
/// unfinished.
struct DemoCompany {
    private let plan: ServicePlan
    /// Holds `import/northwind.json5` and `demo/northwind`.
    private let base: String

    static let modules = ["sales", "inventory", "support", "marketing", "collaboration"]
    /// What prices and orders of the company are in.
    static let currency = "USD"

    private static let mapping = "import/northwind.json5"
    private static let data = "demo/northwind"
    /// How far above the programs their files are looked for: a checkout's programs lie three folders below it.
    private static let levels = 4
    /// How long the kernel may take to serve.
    private static let startLimitMilliseconds: Int32 = 60_000

    /// - Throws: if the company's files are nowhere.
    init(_ plan: ServicePlan) throws(SupervisorError) {
        self.plan = plan
        let places = Self.places(programs: plan.programs, named: plan.environment["CRM_DEMO"])
        guard let base = places.first(where: Self.isComplete) else {
            throw SupervisorError(
                "the demo company is not installed: \(places.joined(separator: ", ")) lack \(Self.mapping) or \(Self.data)",
                hint: "Name the folder that holds both in CRM_DEMO.")
        }
        self.base = base
    }

    /// Where the company may lie: only where `CRM_DEMO` says, if it says so; else `share/crm` beside or above the
    /// programs, and the `config` of a checkout.
    static func places(programs: String, named: String?) -> [String] {
        if let named, !named.isEmpty { return [named] }
        var places: [String] = []
        var folder = programs
        for _ in 0..<levels {
            places += ["\(folder)/share/crm", "\(folder)/config"]
            guard let slash = folder.lastIndex(of: "/"), slash != folder.startIndex else { break }
            folder = String(folder[..<slash])
        }
        return places
    }

    private static func isComplete(_ base: String) -> Bool {
        access("\(base)/\(mapping)", R_OK) == 0 && access("\(base)/\(data)", R_OK | X_OK) == 0
    }

    /// Fills the folder, whose database must be there and in nobody's hands.
    func load() throws(SupervisorError) {
        let kernel = try startKernel()
        do throws(SupervisorError) {
            try fill()
        } catch {
            _ = try end(kernel)
            throw error
        }
        let end = try end(kernel)
        guard end == .exited(code: 0) else { throw broken("crm-kernel \(end)") }
    }

    private func fill() throws(SupervisorError) {
        for module in Self.modules {
            say("enabling \(module)")
            try console(["module", "enable", module, "--columns", "name", "--no-header"])
        }
        say("importing the Northwind trading company")
        try console(["import", "--mapping", "\(base)/\(Self.mapping)", "--from", "\(base)/\(Self.data)"])
    }

    private func end(_ kernel: pid_t) throws(SupervisorError) -> ProcessEnd {
        kill(kernel, SIGTERM)
        return try Preparation.wait(for: kernel)
    }

    /// - Returns: the kernel, once it serves.
    private func startKernel() throws(SupervisorError) -> pid_t {
        var call = plan.serve(.kernel, address: nil)
        call.arguments += ["--ready-fd", "3"]
        let (reading, writing) = try PipeEnd.make()
        let kernel = try Self.start(call, ready: consume writing)
        var text: [UInt8] = []
        var entry = pollfd(fd: reading.descriptor, events: Int16(POLLIN), revents: 0)
        var isClosed = false
        while !isClosed, !text.contains(UInt8(ascii: "\n")) {
            let count = poll(&entry, 1, Self.startLimitMilliseconds)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            isClosed = reading.drain(into: &text)
        }
        guard text.starts(with: Array("ready".utf8)) else {
            kill(kernel, SIGKILL)
            throw broken("crm-kernel \(try Preparation.wait(for: kernel)) before it served")
        }
        return kernel
    }

    /// Our own end of the pipe is closed when this returns, so that the kernel's end closes it.
    private static func start(_ call: ProgramCall, ready: consuming PipeEnd) throws(SupervisorError) -> pid_t
    {
        try call.start(output: .descriptor(STDERR_FILENO), ready: ready.descriptor)
    }

    private func console(_ arguments: [String]) throws(SupervisorError) {
        // Settings of a user's own console must not lead it to another platform.
        let environment = plan.environment.filter { !$0.key.hasPrefix("CRM_") }
        let call = ProgramCall(
            path: "\(plan.programs)/crm-admin", arguments: ["--data", plan.folder.path] + arguments,
            environment: environment)
        let end = try Preparation.wait(for: try call.start(output: .descriptor(STDERR_FILENO)))
        guard end == .exited(code: 0) else { throw broken("crm-admin \(end)") }
    }

    private func say(_ what: String) { DescriptorSink().write("demo: \(what)\n") }

    private func broken(_ what: String) -> SupervisorError {
        SupervisorError(
            "the demo company could not be loaded into \"\(plan.folder.path)\": \(what)",
            hint: "Mend what it says above, remove the folder, and try again.")
    }
}
