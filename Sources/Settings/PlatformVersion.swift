/// The version of the programs, which are built and delivered together; modules follow the SDK's own version.
package enum PlatformVersion {
    /// Semantic versioning (semver.org).
    package static let current = "0.1.0"
}
