import CRMSDK
import Log
import ModuleLoader
import Testing

@Suite("Module loader: the bundled Sales module")
struct LoadingTests {
    @Test("is staged, loaded, and its types and errors are the host's")
    func loads() throws {
        let folder = try TemporaryFolder()
        let store = ModuleStore(directory: folder.path + "/kernel/modules", dataFolder: folder.path)
        let stored = try store.stage(source: Bundled.sales)
        #expect(stored.stamp.name == "sales")
        let loader = ModuleLoader(store: store, log: Log(room: "test", level: .error))
        let module = try loader.load(stored)
        #expect(module.manifest.name == "sales")
    }
}
