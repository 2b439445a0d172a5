import Foundation

/// The text of a script.
package enum ScriptFile {
    /// - Parameter path: `-` is standard input.
    package static func read(_ path: String) throws(AdminError) -> String {
        let data: Data
        do {
            data =
                path == "-"
                ? FileHandle.standardInput.readDataToEndOfFile()
                : try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .usage("the script \"\(path)\" could not be read")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw .usage("the script \"\(path)\" is not UTF-8 text")
        }
        return text
    }
}
