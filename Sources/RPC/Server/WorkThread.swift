import Foundation

/// Starts a thread of our own. Blocking calls live on these, never on the shared pool of Swift's tasks.
enum WorkThread {
    /// - Parameter name: at most 15 characters, as `top -H` shows it.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        // Reading actions of modules run here too.
        thread.stackSize = 8 << 20
        thread.start()
    }
}
