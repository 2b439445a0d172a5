import Log
import Synchronization
import Wire

/// The loop's side of its link to the kernel: calls leave together, replies find their connection, and nobody waits for
/// a kernel that has gone.
extension EventLoop {
    /// Sends all calls of this wake-up.
    func flushLink() {
        do { try link.flush() } catch { loseKernel(error) }
    }

    /// Takes what the kernel has sent.
    func readReplies() {
        do {
            // Replies of one wake-up are taken together, as long as whole pieces come.
            for _ in 0..<16 {
                let mayHaveMore = try link.fill()
                while let frame = try link.nextFrame() { try take(frame) }
                if !mayHaveMore { break }
            }
            if link.isReady, counters.kernelUp.current == 0 {
                counters.kernelUp.add()
                state.readyLinks.add(1, ordering: .relaxed)
                log.info("kernel connected", ["path": state.settings.kernelSocketPath])
            }
        } catch {
            loseKernel(error)
        }
    }

    /// A frame for a call whose client has gone, or that was answered already, is for nobody.
    private func take(_ frame: Frame) throws(WireError) {
        let slot = Int(frame.callID & 0xFFFF)
        guard slot < connections.count, let connection = connections[slot],
            let index = connection.answers.firstIndex(where: { $0.callID == frame.callID })
        else { return }
        switch frame.kind {
        case .reply:
            let (head, body) = try ReplyFrame.split(frame)
            if head.contentKind == .file {
                beginFile(connection, index, head, body)
            } else {
                finish(connection, index, head, body)
            }
        case .credit: try takeCredit(frame, connection)
        case .data: try takeData(frame, index, connection)
        case .end, .cancel: endFile(frame, index, connection)
        case .hello, .call: break
        }
    }

    private func loseKernel(_ error: WireError) {
        if link.isReady {
            counters.kernelLosses.add()
            counters.kernelUp.add(-1)
            state.readyLinks.subtract(1, ordering: .relaxed)
            log.warning("kernel lost", ["reason": error])
            link.lose(now: now)
            failCalls()
        } else {
            if case .incompatible = error { note("kernel not usable", ["reason": error]) }
            link.lose(now: now)
        }
        tendLink()
    }

    /// Answers every call that waits as unavailable.
    private func failCalls() {
        for case let connection? in connections {
            let waits = connection.answers.contains { $0.callID != 0 && $0.isOpen }
            guard waits else { continue }
            for index in connection.answers.indices.reversed() {
                let answer = connection.answers[index]
                if answer.callID != 0, answer.rendered == nil { answerUnavailable(connection, index) }
            }
            if connection.answers.contains(where: { $0.download != nil }) {
                close(connection)
                continue
            }
            settle(connection)
        }
    }

    /// Connects where it is time to, ends a greeting that takes too long and the wait of calls that were held.
    func tendLink() {
        switch link.state {
        case .absent(let nextTry) where now >= nextTry: link.connect(now: now)
        case .greeting(_, let until) where now >= until: link.lose(now: now)
        default: break
        }
        if !link.isReady, !link.acceptsCalls(now: now) {
            link.dropHeld()
            failCalls()
        }
        let descriptor = link.stream?.descriptor
        let wantsToWrite = link.hasOutgoing
        if descriptor != watchedKernel || wantsToWrite != isKernelFull {
            let events: Poller.Events = wantsToWrite ? [.readable, .writable] : .readable
            if let descriptor {
                if descriptor == watchedKernel {
                    poller.change(descriptor, events, token: Token.kernel)
                } else {
                    poller.add(descriptor, events, token: Token.kernel)
                }
            }
            watchedKernel = descriptor
            isKernelFull = wantsToWrite
        }
    }
}
