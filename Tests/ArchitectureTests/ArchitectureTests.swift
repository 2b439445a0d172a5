import Foundation
import Testing

@Suite("Architecture: the sources agree with the map in Sources/README.md")
struct ArchitectureTests {
    private let table: RoomTable
    private let sources: [Checkout.SwiftFile]

    /// Read once for all tests.
    private static let allSources = Result { try Checkout.sources() }

    init() throws {
        table = RoomTable(markdown: try Checkout.text("Sources/README.md"))
        sources = try Self.allSources.get()
    }

    @Test("the map was read, and names each room once")
    func read() {
        #expect(table.rooms.count > 30)
        #expect(sources.count > 50)
        #expect(table.duplicates.isEmpty)
        #expect(table.rooms["TLS"]?.mayImport == ["COpenSSL", "Crypto"])
    }

    @Test("a room imports only what the map allows it")
    func imports() {
        for file in sources {
            guard let room = file.room.flatMap({ table.rooms[$0] }) else {
                Issue.record("\(file) lies in no room of the map")
                continue
            }
            for name in Self.imports(of: file.text) where !RoomTable.toolchain.contains(name) {
                #expect(room.mayImport.contains(name), "\(file) imports \(name), which \(room.name) may not")
            }
        }
    }

    @Test("what the map names exists, and imports go down only")
    func acyclic() {
        var done: Set<String> = []
        var rest = table.rooms.values.sorted { $0.name < $1.name }
        for room in rest {
            #expect(
                room.mayImport.isSubset(of: table.rooms.keys),
                "\(room.name) may import a room that is not there")
        }
        while true {
            let free = rest.filter { $0.mayImport.isSubset(of: done) }
            if free.isEmpty { break }
            done.formUnion(free.map(\.name))
            rest.removeAll { done.contains($0.name) }
        }
        #expect(rest.isEmpty, "these rooms import each other: \(rest.map(\.name))")
    }

    @Test("every target has its row, and every row its target; a target is given only what its row allows")
    func targets() throws {
        var seen: Set<String> = []
        for path in Checkout.manifests() {
            for target in Manifest(text: try Checkout.text(path)).targets where !target.isTest {
                seen.insert(target.name)
                guard let room = table.rooms[target.name] else {
                    Issue.record("\(target.name) of \(path) has no row in the map")
                    continue
                }
                let modules = target.name == "BundledModules" ? target.dependencies : []
                let beyond = target.dependencies.subtracting(room.mayImport).subtracting(modules)
                #expect(
                    beyond.isEmpty,
                    "\(path) gives \(target.name) \(beyond.sorted()), which its row does not allow")
            }
        }
        #expect(Set(table.rooms.keys).subtracting(seen).isEmpty, "rows without a target")
    }

    @Test("a target is given what its sources import, and nothing else")
    func dependencies() throws {
        let files = sources + (try Checkout.swiftFiles(["Tests"]).filter { $0.room == nil })
        var imported: [String: Set<String>] = [:]
        for file in files {
            guard let target = file.room ?? file.path.split(separator: "/").dropFirst().first.map(String.init)
            else { continue }
            imported[target, default: []].formUnion(Self.imports(of: file.text))
        }
        // What is only built beside: the bundled modules, and a module that the tests load.
        let builtOnly: Set = ["BundledModules", "EndToEndTests"]
        for path in Checkout.manifests() {
            let targets = Manifest(text: try Checkout.text(path)).targets
            for target in targets where !target.isSystem {
                let used = (imported[target.name] ?? []).subtracting(RoomTable.toolchain).subtracting([
                    "Testing"
                ])
                let (lacking, unused) = (
                    used.subtracting(target.dependencies), target.dependencies.subtracting(used)
                )
                #expect(lacking.isEmpty, "\(path) does not give \(target.name) \(lacking.sorted())")
                #expect(
                    unused.isEmpty || builtOnly.contains(target.name),
                    "\(path) gives \(target.name) \(unused.sorted()), which it does not import")
            }
        }
    }

    @Test("C pointers stay in the rooms that may hold them")
    func pointers() {
        for file in sources where file.room.flatMap({ table.rooms[$0] })?.mayHoldPointers == false {
            let found = Self.lines(
                of: file, naming: ["Unsafe", "OpaquePointer"], /\b(?:Unsafe[A-Z]\w*|OpaquePointer)\b/)
            #expect(found.isEmpty, "\(file) names a pointer at \(found)")
        }
    }

    @Test("no package comes from elsewhere, in any Package.swift")
    func packages() throws {
        let manifests = Checkout.manifests()
        #expect(manifests.count > 2)
        for path in manifests {
            let text = try Checkout.text(path)
            for call in text.matches(of: /\.package\(([^)]*)\)/) {
                #expect(
                    call.output.1.hasPrefix("path:"), "\(path) names a package that is not in this checkout")
            }
        }
    }

    @Test("nothing traps on what comes from outside, and nothing is left half done")
    func words() throws {
        let forbidden = [
            ("try!", /\btry!/), ("as!", /\bas!/), ("Ounchecked", /Ounchecked/), ("TODO", /\bTODO\b/),
            ("FIXME", /\bFIXME\b/), ("XXX", /\bXXX\b/),
        ]
        let tests = try Checkout.swiftFiles(["Tests"]).filter { !$0.path.contains("ArchitectureTests") }
        for (name, pattern) in forbidden {
            for file in sources + tests {
                let found = Self.lines(of: file, naming: [name], pattern)
                #expect(found.isEmpty, "\(file) has \(name) at \(found)")
            }
        }
    }

    @Test("a file over 600 lines says why at its top")
    func length() {
        for file in sources where file.lines.count > 600 {
            let hasReason = file.lines.prefix(40).contains { $0.contains("length of this file") }
            #expect(
                hasReason,
                "\(file) has \(file.lines.count) lines and no sentence on the length of this file")
        }
    }

    @Test("a line of a comment has at most 120 characters")
    func width() {
        for file in sources {
            let long = file.lines.enumerated().filter { _, line in
                // Bytes first: they are counted already, and are never fewer.
                line.utf8.count > 120 && line.count > 120 && line.drop { $0 == " " }.hasPrefix("//")
            }
            #expect(
                long.isEmpty,
                "\(file) has comments that go on behind column 120 at \(long.map { $0.offset + 1 })")
        }
    }

    // MARK: Reading a source

    /// The modules that a file imports; of `import struct Foundation.URL` it is Foundation.
    static func imports(of text: String) -> [String] {
        let line =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:typealias|struct|class|enum|protocol|let|var|func)\s+)?(\w+)/
        return text.matches(of: line.anchorsMatchLineEndings()).map { String($0.output.1) }
    }

    /// The numbers of the lines in which code, not a comment, has the pattern; of a mark for later, comments too.
    ///
    /// - Parameter words: one of them stands in every match; looking for them first is much faster.
    static func lines<Output>(
        of file: Checkout.SwiftFile, naming words: [String], _ pattern: some RegexComponent<Output>
    ) -> [Int] {
        guard words.contains(where: { file.text.contains($0) }) else { return [] }
        let countsComments = !Set(["TODO", "FIXME", "XXX"]).isDisjoint(with: words)
        return file.lines.enumerated().filter { line in
            let isComment = line.element.drop { $0 == " " }.hasPrefix("//")
            return (countsComments || !isComment) && line.element.contains(pattern)
        }.map { $0.offset + 1 }
    }
}

@Suite("Architecture: the reader of the sources itself")
struct SourceReadingTests {
    @Test(
        "an import is found in each of its forms, and nothing else is",
        arguments: [
            ("import Foundation", ["Foundation"]), ("package import Log", ["Log"]),
            ("@testable import Supervisor", ["Supervisor"]), ("@preconcurrency public import Wire", ["Wire"]),
            ("import struct Foundation.URL", ["Foundation"]), ("  import CRMSDK", ["CRMSDK"]),
            ("import A\nimport B\n", ["A", "B"]), ("// import A", []), ("let important = 1", []),
            ("/// imports nothing", []), ("let x = \"import A\"", []),
        ])
    func imports(_ text: String, _ names: [String]) { #expect(ArchitectureTests.imports(of: text) == names) }

    @Test("what stands in a literal of several lines is passed over, and keeps its place")
    func literals() {
        let mark = "\"\"\""
        let text =
            "import A\nlet text = \(mark)\n    import B\n    \(mark)\nimport C\nlet x = \(mark) \(mark)\nimport D"
        let code = Checkout.withoutLongLiterals(text)
        #expect(ArchitectureTests.imports(of: code) == ["A", "C", "D"])
        #expect(code.split(separator: "\n", omittingEmptySubsequences: false).count == 7)
    }

    @Test("a manifest's targets are found with what they are given")
    func manifest() {
        let text = """
            let x = [
                .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
                room("JSON"),
                room("Storage", [sdk, "SQLite"]),
                .target(
                    name: "BundledModules",
                    dependencies: [.product(name: "SalesModule", package: "Sales")]),
                tests("JSONTests", ["JSON"]),
            ]
            """
        let targets = Manifest(text: text).targets
        #expect(targets.map(\.name) == ["CSQLite", "JSON", "Storage", "BundledModules", "JSONTests"])
        #expect(targets.map(\.isTest) == [false, false, false, false, true])
        #expect(targets[0].dependencies.isEmpty)
        #expect(targets[1].dependencies.isEmpty)
        #expect(targets[2].dependencies == ["CRMSDK", "SQLite"])
    }

    @Test("a row is read with its imports and its right to pointers")
    func row() {
        let table = RoomTable(
            markdown: """
                | room | what it is | may import | pointers |
                |---|---|---|---|
                | `A` | uses `B` | `B`, `C` | – |
                | `B` | base | – | buffers |
                """)
        #expect(table.rooms.count == 2)
        #expect(table.rooms["A"]?.mayImport == ["B", "C"])
        #expect(table.rooms["A"]?.mayHoldPointers == false)
        #expect(table.rooms["B"]?.mayImport == [])
        #expect(table.rooms["B"]?.mayHoldPointers == true)
    }
}
