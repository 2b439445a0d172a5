package import CRMSDK
import Glibc

/// Which modules are kept out, and why: the ledger of crashes that happened in module code.
///
/// A crash while a module was loading quarantines it at once, since it would crash the kernel at every start. Three
/// within ten minutes while running disable it. Either holds until an administrator clears it. Pure: the clock is
/// passed in. `QuarantineFile` keeps it across restarts.
package struct Quarantine: Equatable, Sendable {
    package enum Phase: String, Sendable {
        case loading, running
    }

    package struct Crash: Equatable, Sendable {
        package let module: String
        package let at: Instant
        package let phase: Phase
        /// One line: what was seen, such as `signal 4 in set_probability`.
        package let reason: String

        package init(module: String, at: Instant, phase: Phase, reason: String) {
            self.module = module
            self.at = at
            self.phase = phase
            self.reason = reason
        }
    }

    /// How many crashes, in how long a time, disable a running module.
    package static let crashLimit = 3
    package static let windowMilliseconds: Int64 = 10 * 60 * 1000
    /// Older crashes of a module than this many are forgotten.
    package static let keptPerModule = 20

    /// Oldest first.
    package private(set) var crashes: [Crash] = []

    package init() {}

    package mutating func record(_ crash: Crash) {
        crashes.append(crash)
        let own = crashes.indices.filter { crashes[$0].module == crash.module }
        if own.count > Self.keptPerModule { crashes.remove(at: own[0]) }
    }

    package func isQuarantined(_ module: String) -> Bool { reason(for: module) != nil }

    /// Why a module is kept out, in one line for `crm status`; nil when it is not.
    package func reason(for module: String) -> String? {
        let own = crashes.filter { $0.module == module }
        if let crash = own.last(where: { $0.phase == .loading }) {
            return "crashed while loading at \(crash.at): \(crash.reason)"
        }
        let running = own.map(\.at.millisecondsSince1970).sorted()
        let starts = running.indices.dropLast(min(running.count, Self.crashLimit - 1))
        let isBurst = starts.contains {
            running[$0 + Self.crashLimit - 1] - running[$0] <= Self.windowMilliseconds
        }
        guard isBurst, let last = own.last else { return nil }
        return "crashed \(Self.crashLimit) times in ten minutes, last at \(last.at): \(last.reason)"
    }

    /// The administrator's word: forget what a module did.
    package mutating func clear(_ module: String) { crashes.removeAll { $0.module == module } }
}

/// The ledger's file: one line per crash, `instant phase module reason`. A line that cannot be read is dropped, so
/// that a damaged ledger never keeps the kernel from starting.
package struct QuarantineFile: Sendable {
    private let path: String

    /// - Parameter path: `DATA/kernel/quarantine`.
    package init(path: String) { self.path = path }

    /// An empty ledger when there is no file yet.
    package func read() throws(CRMError) -> Quarantine {
        var ledger = Quarantine()
        do throws(CRMError) {
            let text = String(decoding: try CheckedFile.read(path), as: UTF8.self)
            for line in text.split(separator: "\n") {
                if let crash = Quarantine.Crash(line: line) { ledger.record(crash) }
            }
        } catch  where error.kind == .notFound {
            return ledger
        }
        return ledger
    }

    package func write(_ ledger: Quarantine) throws(CRMError) {
        let text = ledger.crashes.map { "\($0.line)\n" }.joined()
        try DurableFile.write(Array(text.utf8), to: path, mode: 0o600)
    }
}

extension Quarantine.Crash {
    var line: String {
        let clean = reason.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : String($0) }
            .joined()
        return "\(at) \(phase.rawValue) \(module) \(clean.prefix(200))"
    }

    init?(line: Substring) {
        let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let at = Instant(parts[0]),
            let phase = Quarantine.Phase(rawValue: String(parts[1])), ManifestCheck.isName(String(parts[2]))
        else { return nil }
        self.init(module: String(parts[2]), at: at, phase: phase, reason: String(parts[3]))
    }
}
