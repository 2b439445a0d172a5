import Testing

@testable import Supervisor

/// A story told to the state machine: at so many milliseconds this happens, and these orders follow.
struct Story: Sendable, CustomTestStringConvertible {
    struct Step: Sendable {
        let at: Int64
        let event: Supervision.Event
        let orders: [Supervision.Order]
    }

    let name: String
    let steps: [Step]

    init(_ name: String, _ steps: [(at: Int64, event: Supervision.Event, orders: [Supervision.Order])]) {
        self.name = name
        self.steps = steps.map { Step(at: $0.at, event: $0.event, orders: $0.orders) }
    }

    var testDescription: String { name }

    /// From the beginning to the announcement, which is over at 200 ms.
    static let started: [(at: Int64, event: Supervision.Event, orders: [Supervision.Order])] = [
        (0, .begin, [.start(.kernel)]),
        (100, .ready(.kernel), [.start(.endpoint)]),
        (200, .ready(.endpoint), [.announce]),
    ]
}

@Suite("Supervision: what is done when something happens")
struct SupervisionTests {
    static let crash = ProcessEnd.signalled(4)
    static let refusal = ProcessEnd.exited(code: 1)

    static func restarted(_ child: Child, _ how: ProcessEnd, in milliseconds: Int) -> Supervision.Order {
        .report(.ended(child, how.description, restartIn: .milliseconds(milliseconds)))
    }

    static let stories = [
        Story("everything starts in order", Story.started),
        Story(
            "a kernel that refuses its first start ends everything",
            [
                (0, .begin, [.start(.kernel)]),
                (50, .ended(.kernel, refusal), [.finish(.startRefused("crm-kernel ended with code 1"))]),
            ]),
        Story(
            "an endpoint that refuses its first start takes the kernel down in order",
            [
                (0, .begin, [.start(.kernel)]),
                (100, .ready(.kernel), [.start(.endpoint)]),
                (150, .ended(.endpoint, refusal), [.signal(.kernel, .terminate)]),
                (
                    160, .ended(.kernel, .exited(code: 0)),
                    [.finish(.startRefused("crm-rpc ended with code 1"))]
                ),
            ]),
        Story(
            "a program that is not there ends everything",
            [
                (0, .begin, [.start(.kernel)]),
                (
                    0, .notStarted(.kernel, reason: "no such file"),
                    [.finish(.startRefused("crm-kernel could not be started: no such file"))]
                ),
            ]),
        Story(
            "a kernel that crashes at its first start is tried again: a module may have done it",
            [
                (0, .begin, [.start(.kernel)]),
                (50, .ended(.kernel, crash), [restarted(.kernel, crash, in: 200)]),
                (250, .timePassed, [.start(.kernel)]),
                (300, .ready(.kernel), [.start(.endpoint)]),
                (400, .ready(.endpoint), [.announce]),
            ]),
        Story(
            "a crashed kernel is started again while the endpoint stays; nothing is announced twice",
            Story.started + [
                (1_000, .ended(.kernel, crash), [restarted(.kernel, crash, in: 200)]),
                (1_199, .timePassed, []),
                (1_200, .timePassed, [.start(.kernel)]),
                (1_300, .ready(.kernel), []),
            ]),
        Story(
            "once it has served, a refusal is waited out as well",
            Story.started + [
                (1_000, .ended(.endpoint, refusal), [restarted(.endpoint, refusal, in: 200)]),
                (1_200, .timePassed, [.start(.endpoint)]),
                (1_250, .ended(.endpoint, refusal), [restarted(.endpoint, refusal, in: 400)]),
                (1_650, .timePassed, [.start(.endpoint)]),
            ]),
        Story(
            "after a healthy minute the wait begins anew",
            Story.started + [
                (1_000, .ended(.kernel, crash), [restarted(.kernel, crash, in: 200)]),
                (1_200, .timePassed, [.start(.kernel)]),
                (1_300, .ready(.kernel), []),
                (61_299, .ended(.kernel, crash), [restarted(.kernel, crash, in: 400)]),
                (61_700, .timePassed, [.start(.kernel)]),
                (62_000, .ready(.kernel), []),
                (122_000, .ended(.kernel, crash), [restarted(.kernel, crash, in: 200)]),
            ]),
        Story(
            "a start that takes long is mentioned every half minute",
            [
                (0, .begin, [.start(.kernel)]),
                (29_999, .timePassed, []),
                (30_000, .timePassed, [.report(.stillStarting(.kernel, since: .seconds(30)))]),
                (60_000, .timePassed, [.report(.stillStarting(.kernel, since: .seconds(60)))]),
            ]),
        Story(
            "a silent hook ends the kernel once, and counts as a crash",
            Story.started + [
                (
                    20_000, .hookSilent("a of module b"),
                    [.report(.killedSilentHook("a of module b")), .signal(.kernel, .kill)]
                ),
                (21_000, .hookSilent("a of module b"), []),
                (21_100, .ended(.kernel, .signalled(9)), [restarted(.kernel, .signalled(9), in: 200)]),
            ]),
        Story(
            "stopping: first the endpoint, then the kernel",
            Story.started + [
                (1_000, .stopRequested, [.signal(.endpoint, .terminate)]),
                (1_001, .stopRequested, []),
                (2_000, .ended(.endpoint, .exited(code: 0)), [.signal(.kernel, .terminate)]),
                (3_000, .ended(.kernel, .exited(code: 0)), [.finish(.stopped)]),
            ]),
        Story(
            "whoever does not end within ten seconds is killed",
            Story.started + [
                (1_000, .stopRequested, [.signal(.endpoint, .terminate)]),
                (10_999, .timePassed, []),
                (11_000, .timePassed, [.report(.killedSlowStop(.endpoint)), .signal(.endpoint, .kill)]),
                (11_100, .timePassed, []),
                (11_200, .ended(.endpoint, .signalled(9)), [.signal(.kernel, .terminate)]),
                (21_200, .timePassed, [.report(.killedSlowStop(.kernel)), .signal(.kernel, .kill)]),
                (21_300, .ended(.kernel, .signalled(9)), [.finish(.stopped)]),
            ]),
        Story(
            "a kernel that ends by itself while the endpoint is stopping is not started again",
            Story.started + [
                (1_000, .stopRequested, [.signal(.endpoint, .terminate)]),
                (1_100, .ended(.kernel, crash), []),
                (1_200, .ended(.endpoint, .exited(code: 0)), [.finish(.stopped)]),
            ]),
        Story(
            "a stop while the kernel waits to start again needs only the endpoint's end",
            Story.started + [
                (1_000, .ended(.kernel, crash), [restarted(.kernel, crash, in: 200)]),
                (1_100, .stopRequested, [.signal(.endpoint, .terminate)]),
                (1_200, .timePassed, []),
                (1_300, .ended(.endpoint, .exited(code: 0)), [.finish(.stopped)]),
            ]),
        Story(
            "a stop during the start of the kernel",
            [
                (0, .begin, [.start(.kernel)]),
                (10, .stopRequested, [.signal(.kernel, .terminate)]),
                (20, .ready(.kernel), []),
                (30, .ended(.kernel, .exited(code: 0)), [.finish(.stopped)]),
            ]),
        Story(
            "a reload reaches the endpoint, if it serves",
            [
                (0, .begin, [.start(.kernel)]),
                (10, .reloadRequested, []),
                (100, .ready(.kernel), [.start(.endpoint)]),
                (200, .ready(.endpoint), [.announce]),
                (300, .reloadRequested, [.signal(.endpoint, .reload)]),
            ]),
        Story(
            "a reload while the endpoint starts reaches it when it serves, once",
            [
                (0, .begin, [.start(.kernel)]),
                (100, .ready(.kernel), [.start(.endpoint)]),
                (150, .reloadRequested, []),
                (160, .reloadRequested, []),
                (200, .ready(.endpoint), [.announce, .signal(.endpoint, .reload)]),
                (300, .ended(.endpoint, .signalled(9)), [restarted(.endpoint, .signalled(9), in: 200)]),
                (400, .reloadRequested, []),
                (500, .timePassed, [.start(.endpoint)]),
                (600, .ready(.endpoint), []),
            ]),
    ]

    @Test("a story goes as it should", arguments: stories)
    func story(_ story: Story) {
        var supervision = Supervision()
        let beginning = ContinuousClock.now
        for step in story.steps {
            let orders = supervision.handle(step.event, at: beginning + .milliseconds(step.at))
            #expect(orders == step.orders, "at \(step.at) ms: \(step.event)")
        }
    }

    @Test("the next deadline is the earliest one of both processes")
    func deadline() {
        var supervision = Supervision()
        let beginning = ContinuousClock.now
        #expect(supervision.nextDeadline == nil)
        _ = supervision.handle(.begin, at: beginning)
        #expect(supervision.nextDeadline == beginning + .seconds(30))
        _ = supervision.handle(.ready(.kernel), at: beginning + .seconds(1))
        #expect(supervision.nextDeadline == beginning + .seconds(31))
        _ = supervision.handle(.ended(.kernel, Self.crash), at: beginning + .seconds(2))
        #expect(supervision.nextDeadline == beginning + .seconds(2) + .milliseconds(200))
    }

    @Test("restarts are counted")
    func restarts() {
        var supervision = Supervision()
        var now = ContinuousClock.now
        _ = supervision.handle(.begin, at: now)
        _ = supervision.handle(.ready(.kernel), at: now)
        #expect(supervision.restarts(of: .kernel) == 0)
        for number in 1...3 {
            _ = supervision.handle(.ended(.kernel, Self.crash), at: now)
            now += .seconds(30)
            _ = supervision.handle(.timePassed, at: now)
            #expect(supervision.restarts(of: .kernel) == number)
        }
    }
}

@Suite("Supervision: the wait before a restart")
struct RestartDelayTests {
    @Test("it doubles from 0.2 s to 30 s, and stays there")
    func doubling() {
        var delay = RestartDelay()
        let waits = (1...10).map { _ in delay.afterEnd(served: nil) / .milliseconds(1) }
        #expect(waits == [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000])
    }

    @Test(
        "only a healthy minute starts it over",
        arguments: [
            (served: Duration?.none, wait: 800), (.seconds(1), 800), (.milliseconds(59_999), 800),
            (.seconds(60), 200),
        ])
    func reset(_ served: Duration?, _ wait: Int) {
        var delay = RestartDelay()
        _ = delay.afterEnd(served: nil)
        _ = delay.afterEnd(served: nil)
        #expect(delay.afterEnd(served: served) == .milliseconds(wait))
    }
}
