/// Decides what the supervisor does next. Pure: it is told what happened and when, and answers with orders; it
/// starts nothing, waits for nothing and reads no clock.
///
/// Starting: the kernel; once it is ready, the endpoint; once that is ready too, the service is announced. From
/// then on each of the two is started again whenever it ends, after `RestartDelay`, for ever. While the kernel is
/// away the endpoint stays: it answers "unavailable" and connects again by itself. Before a process has been ready
/// for the first time, an exit that the process chose itself ends the whole start, because what it refuses (a
/// setting, a damaged file, a taken port) will be refused again; an end by a signal is a crash, and is tried again.
///
/// Stopping: the endpoint first, so that calls under way get their answers, then the kernel; each has
/// `stopLimit`, then it is killed.
package struct Supervision {
    package typealias Time = ContinuousClock.Instant

    /// The time that a process has to end by itself after it was asked to.
    package static let stopLimit = Duration.seconds(10)
    /// How often a start that is still going on is mentioned.
    package static let slowStartNotice = Duration.seconds(30)

    package enum Event: Equatable, Sendable {
        /// The supervisor begins.
        case begin
        /// The process said that it serves.
        case ready(Child)
        case ended(Child, ProcessEnd)
        /// The process could not even be made.
        case notStarted(Child, reason: String)
        /// A hook of a module has not returned for too long; the text says which.
        case hookSilent(String)
        case stopRequested
        case reloadRequested
        /// `nextDeadline` has come.
        case timePassed
    }

    package enum Order: Equatable, Sendable {
        case start(Child)
        case signal(Child, Signal)
        /// Both serve, for the first time: say so.
        case announce
        case report(Report)
        /// The supervisor is done.
        case finish(Outcome)
    }

    package enum Signal: Equatable, Sendable { case terminate, kill, reload }

    package enum Outcome: Equatable, Sendable {
        /// As asked.
        case stopped
        /// A process refused to start; the text says which, and how it ended.
        case startRefused(String)
    }

    /// What an operator should read in the log.
    package enum Report: Equatable, Sendable {
        case ended(Child, String, restartIn: Duration)
        case stillStarting(Child, since: Duration)
        case killedSlowStop(Child)
        case killedSilentHook(String)
    }

    /// Where one process stands.
    package enum Phase: Equatable, Sendable {
        /// Not started yet.
        case idle
        case starting(since: Time, notice: Time)
        case ready(since: Time)
        case waiting(until: Time)
        /// Asked to end; killed at the deadline.
        case stopping(deadline: Time)
        /// Killed; only the news of its end is outstanding.
        case killed(readySince: Time?)
        case ended
    }

    private var phases: [Child: Phase] = [.kernel: .idle, .endpoint: .idle]
    private var delays: [Child: RestartDelay] = [.kernel: RestartDelay(), .endpoint: RestartDelay()]
    /// Starts after the first.
    private var restartCounts: [Child: Int] = [:]
    private var haveBeenReady: Set<Child> = []
    /// Asked for while the endpoint started: it may have read the files that are to be read again before they changed.
    private var isReloadOwed = false
    private var isAnnounced = false
    private var outcome: Outcome?

    package init() {}

    package func phase(of child: Child) -> Phase { phases[child] ?? .idle }
    package func restarts(of child: Child) -> Int { restartCounts[child] ?? 0 }

    /// When `timePassed` is due; nil if only events can bring something new.
    package var nextDeadline: Time? {
        phases.values.compactMap { phase in
            switch phase {
            case .starting(_, let notice): notice
            case .waiting(let until): until
            case .stopping(let deadline): deadline
            case .idle, .ready, .killed, .ended: nil
            }
        }.min()
    }

    package mutating func handle(_ event: Event, at now: Time) -> [Order] {
        switch event {
        case .begin: start(.kernel, at: now)
        case .ready(let child): becameReady(child, at: now)
        case .ended(let child, let end):
            ended(child, end.description, isRefusal: !end.isCrash, at: now)
        case .notStarted(let child, let reason):
            ended(child, "could not be started: \(reason)", isRefusal: true, at: now)
        case .hookSilent(let site): killSilentKernel(site)
        case .stopRequested: stop(.stopped, at: now)
        case .reloadRequested: reload()
        case .timePassed: Child.allCases.flatMap { timePassed($0, at: now) }
        }
    }

    // MARK: Starting

    private mutating func start(_ child: Child, at now: Time) -> [Order] {
        phases[child] = .starting(since: now, notice: now + Self.slowStartNotice)
        return [.start(child)]
    }

    private mutating func becameReady(_ child: Child, at now: Time) -> [Order] {
        guard case .starting = phase(of: child) else { return [] }
        phases[child] = .ready(since: now)
        haveBeenReady.insert(child)
        if child == .kernel, phase(of: .endpoint) == .idle { return start(.endpoint, at: now) }
        let owed: [Order] = child == .endpoint && isReloadOwed ? [.signal(.endpoint, .reload)] : []
        if child == .endpoint { isReloadOwed = false }
        guard haveBeenReady.count == Child.allCases.count, !isAnnounced else { return owed }
        isAnnounced = true
        return [.announce] + owed
    }

    /// An endpoint that starts would die of the signal before it can handle it, so it is told when it serves.
    private mutating func reload() -> [Order] {
        switch phase(of: .endpoint) {
        case .ready: return [.signal(.endpoint, .reload)]
        case .starting: isReloadOwed = true
        case .idle, .waiting, .stopping, .killed, .ended: break
        }
        return []
    }

    // MARK: Ends

    private mutating func ended(
        _ child: Child, _ how: String, isRefusal: Bool, at now: Time
    ) -> [Order] {
        let before = phase(of: child)
        phases[child] = .ended
        if outcome != nil { return continueStop(at: now) }
        if isRefusal, !haveBeenReady.contains(child) {
            return stop(.startRefused("\(child.program) \(how)"), at: now)
        }
        var served: Duration?
        switch before {
        case .ready(let since), .killed(readySince: let since?): served = since.duration(to: now)
        case .idle, .starting, .waiting, .stopping, .killed(nil), .ended: break
        }
        let delay = delays[child, default: RestartDelay()].afterEnd(served: served)
        phases[child] = .waiting(until: now + delay)
        return [.report(.ended(child, how, restartIn: delay))]
    }

    /// The end that follows counts as a crash.
    private mutating func killSilentKernel(_ site: String) -> [Order] {
        switch phase(of: .kernel) {
        case .ready(let since): phases[.kernel] = .killed(readySince: since)
        case .starting: phases[.kernel] = .killed(readySince: nil)
        case .idle, .waiting, .stopping, .killed, .ended: return []
        }
        return [.report(.killedSilentHook(site)), .signal(.kernel, .kill)]
    }

    // MARK: Stopping

    private mutating func stop(_ outcome: Outcome, at now: Time) -> [Order] {
        guard self.outcome == nil else { return [] }
        self.outcome = outcome
        for child in Child.allCases {
            switch phase(of: child) {
            case .idle, .waiting: phases[child] = .ended
            case .starting, .ready, .stopping, .killed, .ended: break
            }
        }
        return continueStop(at: now)
    }

    /// Asks the first process that still runs to end; the endpoint comes before the kernel.
    private mutating func continueStop(at now: Time) -> [Order] {
        for child in [Child.endpoint, .kernel] {
            switch phase(of: child) {
            case .ended: continue
            case .stopping, .killed: return []
            case .idle, .waiting, .starting, .ready:
                phases[child] = .stopping(deadline: now + Self.stopLimit)
                return [.signal(child, .terminate)]
            }
        }
        return outcome.map { [.finish($0)] } ?? []
    }

    // MARK: Time

    private mutating func timePassed(_ child: Child, at now: Time) -> [Order] {
        switch phase(of: child) {
        case .waiting(let until) where now >= until:
            restartCounts[child, default: 0] += 1
            return start(child, at: now)
        case .starting(let since, let notice) where now >= notice:
            phases[child] = .starting(since: since, notice: now + Self.slowStartNotice)
            return [.report(.stillStarting(child, since: since.duration(to: now)))]
        case .stopping(let deadline) where now >= deadline:
            phases[child] = .killed(readySince: nil)
            return [.report(.killedSlowStop(child)), .signal(child, .kill)]
        default:
            return []
        }
    }
}
