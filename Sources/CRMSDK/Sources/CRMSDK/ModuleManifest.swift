/// What a module is and what it brings: a table of contents, without side effects.
public struct ModuleManifest: Sendable {
    /// Snake case, unique in the installation; the prefix of its methods.
    public let name: String
    public let version: SemanticVersion
    /// What people read.
    public var label: String
    /// One sentence: what it is for.
    public var summary: String
    public var publisher = ""
    /// Modules that must be enabled.
    public var dependencies: [ModuleDependency] = []
    public var entities: [EntityDefinition] = []
    public var extensions: [EntityExtension] = []
    public var relations: [RelationDefinition] = []
    public var hooks: [Hook] = []
    public var linkHooks: [LinkHook] = []
    public var actions: [Action] = []
    /// Ways in for people who have no account. Each is closed until an administrator opens it.
    public var gates: [PublicGate] = []
    public var jobs: [Job] = []
    public var migrations: [Migration] = []
    /// Records that come with the module.
    public var fixtures: [Fixture] = []
    /// Labels in other languages than English, a table for each.
    public var translations: [LabelTable] = []

    public init(_ name: String, version: SemanticVersion, label: String, summary: String) {
        self.name = name
        self.version = version
        self.label = label
        self.summary = summary
    }
}

/// Another module that must be there, at least at a version and of the same major number.
public struct ModuleDependency: Hashable, Sendable {
    public let name: String
    public let minimumVersion: SemanticVersion

    public init(_ name: String, from minimumVersion: SemanticVersion) {
        self.name = name
        self.minimumVersion = minimumVersion
    }
}

/// Major, minor and patch (semver.org, without pre-release and build).
public struct SemanticVersion: Hashable, Comparable, Sendable, CustomStringConvertible,
    ExpressibleByStringLiteral
{
    public let major: Int
    public let minor: Int
    public let patch: Int

    public init(_ major: Int, _ minor: Int, _ patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// Reads `1.2.3`, digits without signs or leading zeros; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { part in
            Int(part).flatMap { String($0) == part && $0 >= 0 ? $0 : nil }
        }
        guard parts.count == 3, let major = parts[0], let minor = parts[1], let patch = parts[2] else {
            return nil
        }
        self.init(major, minor, patch)
    }

    public init(stringLiteral value: String) {
        guard let version = SemanticVersion(value) else { preconditionFailure("not a version: \(value)") }
        self = version
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    public var description: String { "\(major).\(minor).\(patch)" }
}

/// Work that a module does at fixed times, exact after downtime.
public struct Job: Sendable {
    public typealias Body = @Sendable (any ModuleContext) throws(CRMError) -> Void
    /// Answers the records that there is work on, the most urgent first, 1,000 at most; none when all is done.
    public typealias Finding = @Sendable (any ModuleContext) throws(CRMError) -> [RecordID]
    /// Does one piece of work on one record, after which it is found no more, or for its next piece.
    public typealias Step = @Sendable (RecordID, any ModuleContext) throws(CRMError) -> Void

    /// Work on many records.
    public struct RecordWork: Sendable {
        public let find: Finding
        public let step: Step
    }

    public let name: String
    /// Seconds between two runs, at least 1.
    public let everySeconds: Int
    /// Everything in one unit of work.
    public let body: Body
    /// The same in a unit of work for each piece; nil for a job that is one unit.
    public let records: RecordWork?

    /// A job whose run is one unit of work.
    public init(_ name: String, everySeconds: Int, _ body: @escaping Body) {
        self.name = name
        self.everySeconds = everySeconds
        self.body = body
        records = nil
    }

    /// A job on many records: each step is a unit of work of its own. What fails on one record is undone and noted, and
    /// holds up no other; after a kill the job goes on where it was.
    ///
    /// ```swift
    /// Job("close_stale", everySeconds: 3600) { context in
    ///     try context.list(ListRequest("ticket", where: stale, limit: 1000)).map(\.id)
    /// } step: { id, context in
    ///     _ = try context.update("ticket", id, ["status": "closed"])
    /// }
    /// ```
    public init(_ name: String, everySeconds: Int, find: @escaping Finding, step: @escaping Step) {
        self.name = name
        self.everySeconds = everySeconds
        records = RecordWork(find: find, step: step)
        body = { context throws(CRMError) in
            while true {
                let found = try find(context)
                guard !found.isEmpty else { return }
                for record in found { try step(record, context) }
            }
        }
    }
}

/// One step from an older version's data to the present one's; run once, in the enabling transaction.
public struct Migration: Sendable {
    public typealias Body = @Sendable (any ModuleContext) throws(CRMError) -> Void

    /// 1, 2, 3 …; never reused.
    public let number: Int
    /// The version that this step came with.
    public let version: SemanticVersion
    public let summary: String
    public let body: Body

    public init(_ number: Int, version: SemanticVersion, _ summary: String, _ body: @escaping Body) {
        self.number = number
        self.version = version
        self.summary = summary
        self.body = body
    }
}

/// A module: anything that has a manifest. Made once by the module's entry point; has no side effects.
public protocol CRMModule: Sendable {
    init()
    var manifest: ModuleManifest { get }
}
