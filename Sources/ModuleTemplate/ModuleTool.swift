import Foundation
import Settings

/// `crm module new NAME`: reads the command line, writes the package, and says what to do next.
package enum ModuleTool {
    private static let table = SettingsTable(
        program: "crm module new",
        summary: "Writes the package of a new module, with one entity, an action and tests.",
        options: [
            .init(
                "to", .path,
                help: "The folder to write into, new or empty; by default one named after the module."),
            .init(
                "sdk", .path,
                help: "The folder Sources/CRMSDK; by default that of the sources of this program."),
        ],
        operands: "NAME")

    /// - Parameter arguments: what follows `crm module`.
    /// - Returns: the exit code: 0 done, 1 not done, 2 wrongly asked.
    package static func run(arguments: [String]) -> Int32 {
        guard arguments.first == "new" else {
            let asked =
                arguments.first.map { "there is no command \"module \($0)\"" } ?? "module needs a command"
            return complain(
                asked,
                hint: "crm module new NAME makes a module; crm-admin module … enables those that are made.",
                code: 2)
        }
        do {
            let settings = try table.read(
                arguments: Array(arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
            if settings.wantsHelp {
                print(table.helpText, terminator: "")
                return 0
            }
            return try make(settings)
        } catch let error as SettingsError {
            return complain(error.message, hint: error.hint, code: 2)
        } catch let error as ModuleTemplateError {
            return complain(error.message, hint: error.hint, code: 1)
        } catch {
            return complain("\(error)", code: 1)
        }
    }

    private static func make(_ settings: SettingsValues) throws -> Int32 {
        guard settings.operands.count == 1, let word = settings.operands.first else {
            return complain("crm module new takes one name", hint: "crm module new fleet_service", code: 2)
        }
        let name = try ModuleName(word)
        guard let sdk = settings.pathIfSet("sdk") ?? ModuleTemplate.sdk(above: ownFolder) else {
            return complain(
                "the module SDK was not found",
                hint: "Name the folder Sources/CRMSDK of the sources with --sdk.",
                code: 1)
        }
        let folder = settings.pathIfSet("to") ?? word
        for path in try ModuleTemplate(name, sdk: sdk).write(to: folder) { print("\(folder)/\(path)") }
        print("\nNext: cd \(folder) && swift test && swift build")
        print("Then: crm-admin module enable \(folder)/.build/debug/lib\(name.type)Module.so")
        return 0
    }

    /// Where this program lies.
    private static var ownFolder: String {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return program.deletingLastPathComponent().path
    }

    private static func complain(_ message: String, hint: String? = nil, code: Int32) -> Int32 {
        let lines = ["crm: \(message)"] + (hint.map { ["hint: \($0)"] } ?? [])
        FileHandle.standardError.write(Data((lines.joined(separator: "\n") + "\n").utf8))
        return code
    }
}
