import TestKit
import Testing

/// One platform for all tests of a suite: started before the first, ended after the last.
///
/// Its tests run beside each other and share the data, so each looks only for what it has made itself.
struct OnePlatform: SuiteTrait, TestScoping {
    @TaskLocal private static var running: TestPlatform?

    let modules: [String]
    var options: [String] = []

    /// The suite's platform.
    static var current: TestPlatform {
        get throws { try #require(running, "the suite has the trait .onePlatform") }
    }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let platform = try TestPlatform(options: options)
        for module in modules { try platform.enable(module) }
        try await Self.$running.withValue(platform) { try await function() }
    }
}

extension Trait where Self == OnePlatform {
    /// - Parameter modules: those that are enabled before the first test.
    static func onePlatform(with modules: String...) -> Self { OnePlatform(modules: modules) }

    /// One that was started with the demo company, which has all modules.
    static var demoPlatform: Self { OnePlatform(modules: [], options: ["--demo"]) }
}

extension TestPlatform {
    /// Enables a module as an administrator does, by the console.
    func enable(_ module: String) throws {
        let done = try admin("module", "enable", module)
        try #require(done.code == 0, "\(done)")
    }
}
