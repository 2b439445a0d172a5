import CLinux
import Glibc
package import Log

/// `crm up`: carries out the orders of `Supervision` with real processes, and tells it what becomes of them.
///
/// One thread, one `poll`: signals, what the processes write, their readiness, the next deadline, and once a second
/// a look at the hooks that the kernel's threads are in. Runs on the process's first thread, which lives as long as
/// the process: the children die with the thread that started them.
package final class Supervisor {
    private let plan: ServicePlan
    private let log: Log
    private let signals: SignalInbox
    private let pidFile: PIDFile
    private let announce: (String) -> Void
    private let sink: any LogSink
    private let moduleCalls: ModuleCalls
    private let ledger: CrashLedger
    private var supervision = Supervision()
    private var running: [Child: ChildProcess] = [:]
    private var lastEnds: [Child: String] = [:]
    private var phasesSince: [Child: (phase: String, since: Int64)] = [:]
    private var address: String?
    private var outcome: Supervision.Outcome?
    /// The call for which the kernel was killed; nil again when its end has come.
    private var silentCall: ModuleCalls.Call?

    /// Takes the data folder for this process, and the signals.
    ///
    /// - Parameters:
    ///   - announce: is given the address once, when everything serves.
    ///   - sink: where the lines go that the programs write.
    /// - Throws: if another supervisor runs on the folder.
    package init(
        _ plan: ServicePlan, log: Log, sink: any LogSink = DescriptorSink(),
        announce: @escaping (_ address: String) -> Void
    ) throws(SupervisorError) {
        self.plan = plan
        self.log = log
        self.sink = sink
        self.announce = announce
        moduleCalls = ModuleCalls(path: plan.folder.moduleCallsFile)
        ledger = CrashLedger(path: plan.folder.crashLedgerFile)
        pidFile = try PIDFile(plan.folder)
        signals = try SignalInbox([SIGTERM, SIGINT, SIGHUP, SIGCHLD])
    }

    /// Starts everything and returns when everything has ended.
    package func run() -> Supervision.Outcome {
        tell(.begin)
        while true {
            if let outcome { return finish(outcome) }
            wait()
            readSignals()
            for child in Child.allCases { look(after: child) }
            lookForSilentHook()
            if let deadline = supervision.nextDeadline, deadline <= .now { tell(.timePassed) }
        }
    }

    private func finish(_ outcome: Supervision.Outcome) -> Supervision.Outcome {
        unlink(plan.folder.stateFile)
        return outcome
    }

    // MARK: What happens

    private func wait() {
        var entries = [pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)]
        for child in running.values {
            for end in [child.output, child.ready] {
                if let end { entries.append(pollfd(fd: end.descriptor, events: Int16(POLLIN), revents: 0)) }
            }
        }
        var wait = running[.kernel] == nil ? nil : ModuleCalls.interval
        if let deadline = supervision.nextDeadline {
            let left = ContinuousClock.now.duration(to: deadline)
            wait = max(.zero, min(left, wait ?? left))
        }
        let milliseconds = wait.map { Int32(($0 / .milliseconds(1)).rounded(.up)) } ?? -1
        poll(&entries, nfds_t(entries.count), milliseconds)
    }

    private func readSignals() {
        while let number = signals.next() {
            switch number {
            case SIGTERM, SIGINT:
                log.info("stopping")
                tell(.stopRequested)
            case SIGHUP: tell(.reloadRequested)
            default: break  // SIGCHLD: whoever ended is found below.
            }
        }
    }

    /// Reads what a child has to say, last its end, so that nothing it said before is missed.
    private func look(after child: Child) {
        guard let process = running[child] else { return }
        let end = process.end()
        process.forwardOutput { sink.write(String(decoding: $0, as: UTF8.self)) }
        switch process.readiness() {
        case .waiting: break
        case .ready(let place):
            if let place { address = place }
            log.info("ready", ["program": child.program, "pid": process.process])
            tell(.ready(child))
        case .closedWithoutWord where end == nil:
            log.error("closed its ready pipe without a word; ended", ["program": child.program])
            kill(process.process, SIGKILL)
        case .closedWithoutWord: break
        }
        guard let end else { return }
        running[child] = nil
        if child == .kernel { blameModule(for: end) }
        lastEnds[child] = end.withReason(lastLine: process.lastLine)
        tell(.ended(child, end))
    }

    // MARK: Modules that hang or trap

    private func lookForSilentHook() {
        guard running[.kernel] != nil, silentCall == nil, let call = moduleCalls.silent() else { return }
        silentCall = call
        tell(.hookSilent("\(call)"))
    }

    /// Notes a fault that happened in module code. Where several threads were in modules, the one that entered last
    /// is blamed: calls are short, so the others were most likely waiting for a core.
    private func blameModule(for end: ProcessEnd) {
        let silent = silentCall
        silentCall = nil
        guard let call = silent ?? (end.isFault ? moduleCalls.standing().last : nil) else { return }
        log.error("the crash was in module code", ["module": call.module, "hook": call.hook])
        let isNoted = ledger.note(call, reason: "\(end) in \(call.hook)", at: UTCClock.millisecondsSince1970)
        if !isNoted {
            log.error("could not note the crash", ["file": plan.folder.crashLedgerFile, "errno": errno])
        }
    }

    // MARK: What is done about it

    private func tell(_ event: Supervision.Event) {
        for order in supervision.handle(event, at: .now) { carryOut(order) }
        writeState()
    }

    private func carryOut(_ order: Supervision.Order) {
        switch order {
        case .start(let child): start(child)
        case .signal(let child, let signal):
            if let process = running[child] { kill(process.process, Self.numbers[signal] ?? SIGTERM) }
        case .announce: announce(address ?? plan.listen)
        case .report(let report): write(report)
        case .finish(let outcome): self.outcome = outcome
        }
    }

    private static let numbers: [Supervision.Signal: Int32] = [
        .terminate: SIGTERM, .kill: SIGKILL, .reload: SIGHUP,
    ]

    private func start(_ child: Child) {
        // A page left by the kernel before would speak of threads that are gone.
        if child == .kernel { moduleCalls.discard() }
        do throws(SupervisorError) {
            running[child] = try ChildProcess(plan.serve(child, address: child == .endpoint ? address : nil))
        } catch {
            log.error("could not start", ["program": child.program, "reason": error.message])
            tell(.notStarted(child, reason: error.message))
        }
    }

    private func write(_ report: Supervision.Report) {
        switch report {
        case .ended(let child, let how, let delay):
            log.error(
                "\(child.program) \(how); it is started again",
                [
                    "in_ms": Int(delay / .milliseconds(1)), "restarts": supervision.restarts(of: child),
                ])
        case .stillStarting(let child, let since):
            log.warning("\(child.program) is still starting", ["since_s": Int(since / .seconds(1))])
        case .killedSlowStop(let child):
            log.warning("\(child.program) did not end in time and was killed")
        case .killedSilentHook(let site):
            log.error("the kernel is killed: a hook did not return", ["hook": site])
        }
    }

    // MARK: What is left for crm status

    private func writeState() {
        guard outcome == nil else { return }
        let now = UTCClock.millisecondsSince1970
        let processes = Child.allCases.map { child in
            let phase = supervision.phase(of: child).name
            let since = phasesSince[child].flatMap { $0.phase == phase ? $0.since : nil } ?? now
            phasesSince[child] = (phase, since)
            return ServiceState.Process(
                program: child.program, phase: phase, process: running[child]?.process, since: since,
                restarts: supervision.restarts(of: child), lastEnd: lastEnds[child])
        }
        let state = ServiceState(address: address ?? plan.listen, processes: processes)
        if !SmallFile.replace(plan.folder.stateFile, with: state.encoded()) {
            log.warning("could not write the state for crm status", ["errno": errno])
        }
    }
}

extension Supervision.Phase {
    /// As `crm status` shows it.
    var name: String {
        switch self {
        case .idle: "not started"
        case .starting: "starting"
        case .ready: "ready"
        case .waiting: "waiting to start again"
        case .stopping, .killed: "stopping"
        case .ended: "ended"
        }
    }
}
