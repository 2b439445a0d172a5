import Foundation

/// The targets of a Package.swift with what they are given, read from its text.
struct Manifest {
    struct Target: Equatable, Sendable {
        let name: String
        let dependencies: Set<String>
        let isTest: Bool
        /// Headers of a library of the system: nothing of Swift.
        let isSystem: Bool
    }

    let targets: [Target]
    let text: String

    /// Names that the manifest gives to products of the SDK's package.
    private static let aliases = ["sdk": "CRMSDK", "moduleABI": "CModuleABI", "sdkTesting": "CRMSDKTesting"]

    init(text: String) {
        self.text = text
        // A target begins with one of these calls and its name, and ends where the next begins.
        let start =
            /(?:\broom|\bprogram|\btests|\.target|\.systemLibrary|\.testTarget)\(\s*(?:name:\s*)?"([^"]+)"/
        let starts = text.matches(of: start)
        targets = starts.enumerated().map { index, match in
            let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : text.endIndex
            let call = text[match.range.lowerBound..<end]
            let isTest = call.hasPrefix("tests") || call.hasPrefix(".testTarget")
            return Target(
                name: String(match.output.1),
                dependencies: Self.dependencies(text[match.range.upperBound..<end]),
                isTest: isTest, isSystem: call.hasPrefix(".systemLibrary"))
        }
    }

    /// The names in the first brackets after the target's name.
    private static func dependencies(_ rest: Substring) -> Set<String> {
        guard !rest.drop(while: { ", \n".contains($0) }).hasPrefix("pkgConfig"),
            let open = rest.firstIndex(of: "["), let close = rest[open...].firstIndex(of: "]")
        else { return [] }
        var names: Set<String> = []
        for part in rest[rest.index(after: open)..<close].split(separator: ",") {
            let part = part.trimmingCharacters(in: .whitespacesAndNewlines)
            if let alias = aliases[part] {
                names.insert(alias)
            } else if let name = part.wholeMatch(of: /(?:\.product\(name: )?"([^"]+)"/) {
                names.insert(String(name.output.1))
            }
        }
        return names
    }
}
