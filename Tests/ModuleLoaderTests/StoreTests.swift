import CRMSDK
import Glibc
import ModuleLoader
import TestKit
import Testing

@Suite("Module store")
struct StoreTests {
    private let folder: TemporaryFolder
    private let store: ModuleStore
    private var modules: String { folder.path + "/kernel/modules" }

    init() throws {
        folder = try TemporaryFolder()
        store = ModuleStore(directory: folder.path + "/kernel/modules", dataFolder: folder.path)
    }

    private func mode(_ path: String) -> mode_t {
        var facts = stat()
        return lstat(path, &facts) == 0 ? facts.st_mode & 0o7777 : 0
    }

    /// A copy of the Sales module in the test's own folder.
    private func source(_ name: String = "libSalesModule.so", _ bytes: [UInt8]? = nil, mode: mode_t = 0o600)
        -> String
    {
        let path = "\(folder.path)/\(name)"
        writeFile(bytes ?? readFile(Bundled.sales), path, mode: mode)
        return path
    }

    @Test("a staged module is a file 0500 named by its hash, in a folder 0700, byte for byte the source")
    func stages() throws {
        let stored = try store.stage(source: Bundled.sales)
        #expect(stored.path == "\(modules)/\(stored.sha256).so")
        #expect(mode(stored.path) == 0o500)
        #expect(mode(modules) == 0o700)
        #expect(mode(folder.path + "/kernel") == 0o700)
        #expect(readFile(stored.path) == readFile(Bundled.sales))
        #expect(try store.stored(sha256: stored.sha256) == stored)
    }

    @Test("staging again is the same file, and nothing else is left in the folder")
    func again() throws {
        let first = try store.stage(source: Bundled.sales)
        #expect(try store.stage(source: source()) == first)
        let catalog = ModuleCatalog(folder: modules)
        #expect(catalog.available().isEmpty)
        #expect(entries(of: modules) == ["\(first.sha256).so"])
    }

    private func entries(of path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }

    @Test("a source that is no plain file is refused, and nothing is stored")
    func sources() throws {
        let link = folder.path + "/libLinkModule.so"
        symlink(Bundled.sales, link)
        let pipe = folder.path + "/libPipeModule.so"
        mkfifo(pipe, 0o600)
        let cases = [
            (link, "module file \"libLinkModule.so\" is a symbolic link"),
            (pipe, "module file \"libPipeModule.so\" is not a regular file"),
            (folder.path + "/libNoModule.so", "module file \"libNoModule.so\" does not exist"),
            (
                source("libOpenModule.so", mode: 0o666),
                "module file \"libOpenModule.so\" is writable by everyone"
            ),
            (
                source("libTextModule.so", [0x68, 0x69]),
                "module file \"libTextModule.so\" is not a shared library"
            ),
        ]
        for (path, message) in cases {
            let error = #expect(throws: CRMError.self) { try store.stage(source: path) }
            #expect(error?.message == message)
            #expect(error?.hint != nil)
        }
        let directory = #expect(throws: CRMError.self) { try store.stage(source: folder.path) }
        #expect(directory?.message.hasSuffix("is not a regular file") == true)
        #expect(entries(of: modules).isEmpty)
    }

    @Test("a file of 256 MiB is read, one byte more is refused unread")
    func sizeLimit() throws {
        let path = source("libLargeModule.so", [])
        truncate(path, 256 << 20)
        #expect(throws: CRMError.self) { try store.stage(source: path) }.map {
            #expect($0.message == "module file \"libLargeModule.so\" is not a shared library")
        }
        truncate(path, 256 << 20 + 1)
        let error = #expect(throws: CRMError.self) { try store.stage(source: path) }
        #expect(error?.kind == .limitExceeded)
    }

    @Test("a module for another compiler is not stored")
    func foreign() throws {
        let current = ModuleContract.current
        let other = ModuleStore(
            directory: modules, dataFolder: folder.path,
            contract: ModuleContract(
                abiVersion: current.abiVersion, sdkMajor: current.sdkMajor, sdkMinor: current.sdkMinor,
                compiler: "Clang 99"))
        #expect(throws: CRMError.self) { try other.stage(source: Bundled.sales) }
        #expect(entries(of: modules).isEmpty)
    }

    @Test("a stored file that was changed, widened or replaced by a link is refused")
    func tampered() throws {
        let stored = try store.stage(source: Bundled.sales)
        chmod(stored.path, 0o700)
        let wide = #expect(throws: CRMError.self) { try store.stored(sha256: stored.sha256) }
        #expect(wide?.message.contains("another owner or wider rights") == true)

        var bytes = readFile(stored.path)
        bytes[bytes.count - 1] ^= 1
        writeFile(bytes, stored.path, mode: 0o500)
        let changed = #expect(throws: CRMError.self) { try store.stored(sha256: stored.sha256) }
        #expect(changed?.message.hasSuffix("in the kernel's store was changed") == true)

        unlink(stored.path)
        symlink(Bundled.sales, stored.path)
        let link = #expect(throws: CRMError.self) { try store.stored(sha256: stored.sha256) }
        #expect(link?.message.hasSuffix("is a symbolic link") == true)

        #expect(try store.stage(source: Bundled.sales) == stored)
        #expect(try store.stored(sha256: stored.sha256) == stored)
    }

    @Test(
        "a folder on the way that others can write to, or see, is refused",
        arguments: [("", 0o770), ("/kernel", 0o722), ("/kernel/modules", 0o755)] as [(String, mode_t)])
    func folders(_ part: String, _ mode: mode_t) throws {
        let stored = try store.stage(source: Bundled.sales)
        chmod(folder.path + part, mode)
        for attempt in [
            { try store.stage(source: Bundled.sales) }, { try store.stored(sha256: stored.sha256) },
        ] {
            let error = #expect(throws: CRMError.self) { try attempt() }
            #expect(error?.kind == .unavailable)
        }
        chmod(folder.path + part, 0o700)
        #expect(try store.stored(sha256: stored.sha256) == stored)
    }

    @Test(
        "what is no hash names no file",
        arguments: [
            "", "../../etc/passwd", String(repeating: "A", count: 64), String(repeating: "a", count: 63),
        ])
    func hashes(_ text: String) {
        let error = #expect(throws: CRMError.self) { try store.stored(sha256: text) }
        #expect(error?.kind == .invalidParameters)
    }
}

@Suite("Module catalog")
struct CatalogTests {
    @Test("lists every library that looks like a module, with its stamp or what is wrong with it")
    func lists() throws {
        let folder = try TemporaryFolder()
        writeFile(readFile(Bundled.sales), folder.path + "/libSalesModule.so")
        writeFile([1, 2, 3], folder.path + "/libPriceBooksModule.so")
        writeFile([1, 2, 3], folder.path + "/libOther.so")
        let entries = ModuleCatalog(folder: folder.path).available()
        #expect(entries.map(\.name) == ["price_books", "sales"])
        #expect((try? entries[1].stamp.get())?.name == "sales")
        #expect((try? entries[0].stamp.get()) == nil)
        #expect(ModuleCatalog(folder: folder.path + "/none").available().isEmpty)
    }

    @Test("a name means one file of the folder, and never one outside")
    func names() throws {
        let folder = try TemporaryFolder()
        writeFile([1], folder.path + "/libSalesModule.so")
        writeFile([1], folder.path + "/libPriceBooksModule.so")
        let catalog = ModuleCatalog(folder: folder.path)
        #expect(try catalog.path(ofModule: "sales") == folder.path + "/libSalesModule.so")
        #expect(try catalog.path(ofModule: "price_books") == folder.path + "/libPriceBooksModule.so")
        let missing = #expect(throws: CRMError.self) { try catalog.path(ofModule: "price_book") }
        #expect(missing?.kind == .notFound)
        #expect(missing?.candidates == ["price_books", "sales"])
        for name in ["../sales", "Sales", "", "sales/x", "a\u{0}b"] {
            #expect(throws: CRMError.self) { try catalog.path(ofModule: name) }
        }
    }
}
