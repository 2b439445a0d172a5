import Foundation

/// Writes the package of a new module: one entity with a hook, an action, tests, and the entry point that the kernel
/// calls. It builds, passes the conformance checks and can be enabled as it is; a partner goes on from there.
///
/// The package lies anywhere and depends on the SDK by path. Nothing that exists is overwritten.
package struct ModuleTemplate {
    package let name: ModuleName
    /// The folder of the SDK's package, absolute.
    package let sdk: String

    /// - Parameter sdk: the folder of the SDK's package; its companion for tests lies beside it.
    /// - Throws: that there is no SDK in that folder.
    package init(_ name: ModuleName, sdk: String) throws(ModuleTemplateError) {
        let path = URL(fileURLWithPath: sdk).standardizedFileURL.path
        guard Self.isSDK(path) else {
            throw ModuleTemplateError(
                "there is no module SDK in \"\(path)\"",
                hint: "Name the folder Sources/CRMSDK of the platform's sources with --sdk.")
        }
        self.name = name
        self.sdk = path
    }

    /// The SDK of the sources that a program was built from: looked for beside and above the program's folder.
    package static func sdk(above programFolder: String) -> String? {
        var folder = URL(fileURLWithPath: programFolder).standardizedFileURL
        while folder.path != "/" {
            let path = folder.appendingPathComponent("Sources/CRMSDK").path
            if isSDK(path) { return path }
            folder.deleteLastPathComponent()
        }
        return nil
    }

    private static func isSDK(_ path: String) -> Bool {
        let manager = FileManager.default
        return manager.fileExists(atPath: path + "/Sources/CModuleABI/include/CModuleABI.h")
            && manager.fileExists(atPath: path + "Testing/Package.swift")
    }

    /// The files, by their paths in the package.
    package var files: [(path: String, text: String)] {
        TemplateFiles.all.map { file in (fill(file.path), fill(file.text)) }
    }

    private func fill(_ text: String) -> String {
        let values = [
            "@NAME@": name.text, "@TYPE@": name.type, "@LABEL@": name.label,
            "@SDK@": Self.literal(sdk), "@TESTING@": Self.literal(sdk + "Testing"),
        ]
        return values.reduce(text) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
    }

    /// A path as the inside of a Swift string literal.
    private static func literal(_ path: String) -> String {
        path.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "\"", "\\": text += "\\\(scalar)"
            case _ where scalar.value < 0x20: text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Writes the package into a folder that is new or empty.
    ///
    /// - Returns: the paths written, relative to the folder.
    package func write(to folder: String) throws(ModuleTemplateError) -> [String] {
        let manager = FileManager.default
        if let there = try? manager.contentsOfDirectory(atPath: folder), !there.isEmpty {
            throw ModuleTemplateError(
                "the folder \"\(folder)\" is not empty",
                hint: "Choose another one with --to; nothing was written.")
        }
        let root = URL(fileURLWithPath: folder)
        do {
            for file in files {
                let url = root.appendingPathComponent(file.path)
                try manager.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.text.utf8).write(to: url, options: .withoutOverwriting)
            }
        } catch {
            throw ModuleTemplateError("the module could not be written: \(error.localizedDescription)")
        }
        return files.map(\.path)
    }
}
