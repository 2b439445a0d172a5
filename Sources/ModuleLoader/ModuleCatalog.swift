package import CRMSDK
import Glibc

/// The modules folder: which libraries lie there, and which file a module's name means. Reads stamps, loads nothing.
package struct ModuleCatalog: Sendable {
    /// One `lib*Module.so` of the folder.
    package struct Entry: Sendable {
        /// The stamp's name; where the stamp cannot be read, the one that the file's name suggests.
        package let name: String
        package let path: String
        package let stamp: Result<ModuleStamp, CRMError>
    }

    private let folder: String
    private let contract: ModuleContract

    package init(folder: String, contract: ModuleContract = .current) {
        self.folder = folder
        self.contract = contract
    }

    /// By name. A folder that is not there has no modules.
    package func available() -> [Entry] {
        fileNames().map { fileName in
            let path = "\(folder)/\(fileName)"
            let stamp = Result { () throws(CRMError) in
                let stamp = try ModuleStamp.read(
                    from: try CheckedFile.read(path), file: CheckedFile.label(path))
                try contract.verify(stamp)
                return stamp
            }
            let name = (try? stamp.get().name) ?? Self.moduleName(of: fileName)
            return Entry(name: name, path: path, stamp: stamp)
        }.sorted { $0.name < $1.name }
    }

    /// The file that a module's name means: `price_books` is `libPriceBooksModule.so` of the folder.
    ///
    /// - Throws: `invalidParameters` when it is no name, so that none leads out of the folder; `notFound` when there is
    ///   no such file, with those that there are as candidates.
    package func path(ofModule name: String) throws(CRMError) -> String {
        guard ManifestCheck.isName(name) else {
            throw CRMError(
                .invalidParameters, "\"\(name.prefix(80))\" is not a module's name",
                hint: "Names are lowercase letters, digits and underscores, such as sales.")
        }
        let words = name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
        let path = "\(folder)/lib\(words.joined())Module.so"
        guard access(path, F_OK) == 0 else {
            let names = available().map(\.name)
            var error = CRMError(
                .notFound, "there is no module \"\(name)\" in the modules folder",
                hint: names.isEmpty
                    ? "There is none at all; is it the right folder?"
                    : "There are \(names.joined(separator: ", ")).")
            error.candidates = names
            throw error
        }
        return path
    }

    private func fileNames() -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix("lib"), name.hasSuffix("Module.so") { names.append(name) }
        }
        return names
    }

    /// `libPriceBooksModule.so` → `price_books`.
    static func moduleName(of fileName: String) -> String {
        var name = ""
        for character in fileName.dropFirst(3).dropLast("Module.so".count) {
            if character.isUppercase, !name.isEmpty { name.append("_") }
            name.append(contentsOf: character.lowercased())
        }
        return name
    }
}
