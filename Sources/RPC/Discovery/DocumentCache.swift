import CRMSDK
import Synchronization

/// The page of methods, kept until the registry changes.
package final class DocumentCache: Sendable {
    private struct Kept {
        let generation: Int
        let page: [UInt8]
    }

    private let kept = Mutex<Kept?>(nil)

    func page(_ table: MethodTable) -> [UInt8] {
        if let kept = kept.withLock({ $0 }), kept.generation == table.generation { return kept.page }
        let page = Array(DocsPage(methods: table.methods).html.utf8)
        kept.withLock { $0 = Kept(generation: table.generation, page: page) }
        return page
    }
}
