public import CRMSDK
import Glibc

/// A module's built library, loaded for a test as the kernel loads it, without the kernel's checks.
///
/// Test programs are not linked against modules: they would hold their code twice, once from each library.
public enum BuiltModule {
    /// The module in `lib<Name>Module.so` beside the running program.
    ///
    /// - Parameter name: The module's name, snake case: `sales`.
    public static func load(_ name: String) throws(CRMError) -> any CRMModule {
        let words = name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
        let path = "\(programFolder())/lib\(words.joined())Module.so"
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL),
            let entry = dlsym(handle, "\(name)_module_create")
        else {
            throw CRMError(
                .notFound, "module \"\(name)\" could not be loaded", hint: "Build it first.",
                detail: dlerror().map { String(cString: $0) })
        }
        let create = unsafeBitCast(entry, to: (@convention(c) () -> UnsafeMutableRawPointer).self)
        return ModuleEntry.take(create())
    }

    private static func programFolder() -> String {
        let path = realpath("/proc/self/exe", nil)
        defer { free(path) }
        let program = path.map { String(cString: $0) } ?? ""
        return String(program[..<(program.lastIndex(of: "/") ?? program.startIndex)])
    }
}
