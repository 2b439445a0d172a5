package import CRMSDK
import Glibc
package import Log
import Synchronization

/// A module that runs in this process. It stays until the process ends: Swift code cannot be unloaded.
package final class LoadedModule: Sendable {
    package let manifest: ModuleManifest
    package let sha256: String
    package let path: String

    init(manifest: ModuleManifest, sha256: String, path: String) {
        self.manifest = manifest
        self.sha256 = sha256
        self.path = path
    }
}

/// Brings a module's code into the process: stamp → dlopen → create → manifest → manifest's problems.
///
/// The order of modules is `LoadOrder`'s, what a manifest registers is the registry's. A refusal here leaves the
/// library mapped but nothing registered. Loading blocks (the disk, the library's constructors): call it from a
/// thread of one's own, never from the shared pool.
package final class ModuleLoader: Sendable {
    private let store: ModuleStore
    private let log: Log
    private let sites: CallSites?
    /// By module name. A second build of a name is never mapped beside the first: their Swift types would clash.
    private let loaded = Mutex<[String: LoadedModule]>([:])

    /// - Parameter sites: Where the modules' bodies note that they run; nil notes nothing.
    package init(store: ModuleStore, log: Log, sites: CallSites? = nil) {
        self.store = store
        self.log = log
        self.sites = sites
    }

    /// The module of a staged file; the same one when it is loaded already.
    ///
    /// - Throws: `unavailable` when another build of the module is loaded, `invalidParameters` when the library is
    ///   not what its stamp says.
    package func load(_ stored: StoredModule) throws(CRMError) -> LoadedModule {
        let result = loaded.withLock { loaded in
            Result { () throws(CRMError) in
                let name = stored.stamp.name
                if let present = loaded[name] {
                    guard present.sha256 == stored.sha256 else { throw Self.needsRestart(name) }
                    return present
                }
                let module = try noted(stored)
                loaded[name] = module
                return module
            }
        }
        return try result.get()
    }

    /// What a module's file says, without loading it or copying it.
    package func inspect(source: String) throws(CRMError) -> InspectedModule {
        try store.inspect(source: source)
    }

    /// Opens the library while the page says that it is being loaded, so that a crash on the way is the module's.
    private func noted(_ stored: StoredModule) throws(CRMError) -> LoadedModule {
        guard let sites else { return try open(stored) }
        let site = try sites.site(module: stored.stamp.name, hook: CallSites.loading)
        let module = try sites.call(site) { () throws(CRMError) in try open(stored) }
        return LoadedModule(
            manifest: try module.manifest.noted(in: sites), sha256: module.sha256, path: module.path)
    }

    private func open(_ stored: StoredModule) throws(CRMError) -> LoadedModule {
        let name = stored.stamp.name
        guard let handle = dlopen(stored.path, RTLD_NOW | RTLD_LOCAL) else {
            throw CRMError(
                .unavailable, "module \"\(name)\" could not be loaded",
                hint:
                    "Check that every library it needs is beside the kernel; the log names what is missing.",
                detail: Self.lastError())
        }
        let symbol = "\(name)_module_create"
        guard let address = dlsym(handle, symbol) else {
            throw CRMError(
                .invalidParameters, "module \"\(name)\" has no entry point \"\(symbol)\"",
                hint: "Name the entry after CRM_MODULE_NAME in the module's Package.swift.",
                detail: Self.lastError())
        }
        // The stamp's ABI version says that the symbol has this type.
        let create = unsafeBitCast(address, to: (@convention(c) () -> UnsafeMutableRawPointer?).self)
        guard let pointer = create() else {
            throw CRMError(
                .invalidParameters, "module \"\(name)\" did not make itself",
                hint: "Let its entry return what ModuleEntry.make answers.")
        }
        let manifest = ModuleEntry.take(pointer).manifest
        try check(manifest, name)
        log.info("module loaded", ["module": name, "version": manifest.version, "sha256": stored.sha256])
        return LoadedModule(manifest: manifest, sha256: stored.sha256, path: stored.path)
    }

    private func check(_ manifest: ModuleManifest, _ name: String) throws(CRMError) {
        guard manifest.name == name else {
            throw CRMError(
                .invalidParameters, "module \"\(name)\" calls itself \"\(manifest.name)\" in its manifest",
                hint: "Use one name for the manifest, the stamp and the entry point.")
        }
        let problems = ManifestCheck.problems(manifest)
        guard problems.isEmpty else {
            throw CRMError(
                .invalidParameters, "module \"\(name)\" has a faulty manifest: \(problems[0])",
                hint: "Run the conformance checks of CRMSDKTesting on it.",
                detail: problems.joined(separator: "; "))
        }
    }

    private static func needsRestart(_ name: String) -> CRMError {
        CRMError(
            .unavailable, "another build of module \"\(name)\" is running",
            hint: "Restart the kernel; it then loads the new one.")
    }

    private static func lastError() -> String { dlerror().map { String(cString: $0) } ?? "" }
}
