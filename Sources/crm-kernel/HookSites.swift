import CRMSDK
import ModuleLoader
import Records
import Synchronization

/// Notes in the mapped page `run/calls` which module's code each thread is in, for whoever looks after a crash or a hang.
final class HookSites: HookWatching {
    private let calls: CallSites

    /// - Throws: `unavailable` when the page cannot be made.
    init(path: String) throws(CRMError) { calls = try CallSites(path: path) }

    func enter(module: String, place: String) { calls.enter(module: module, place: place) }
    func leave() { calls.leave() }
}
