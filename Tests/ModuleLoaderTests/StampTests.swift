import CRMSDK
import ModuleLoader
import TestRandom
import Testing

@Suite("Module stamp: read from the file, before any of its code runs")
struct StampTests {
    @Test("the bundled module's stamp fits this kernel")
    func reads() throws {
        let stamp = try ModuleStamp.read(from: SalesLibrary.bytes)
        #expect(stamp.name == "sales")
        #expect(stamp.compiler.hasPrefix("Clang "))
        try ModuleContract.current.verify(stamp)
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let what: String, message: String
        let bytes: @Sendable () -> [UInt8]
        var testDescription: String { what }

        init(_ what: String, _ message: String, _ bytes: @escaping @Sendable () -> [UInt8]) {
            (self.what, self.message, self.bytes) = (what, message, bytes)
        }
    }

    @Test(
        "what is no module is refused with what it is",
        arguments: [
            Damage("nothing", "module file is not a shared library") { [] },
            Damage("text", "module file is not a shared library") { Array("#!/bin/sh\necho module\n".utf8) },
            Damage("four bytes", "module file is truncated or damaged") { [0x7F, 0x45, 0x4C, 0x46] },
            Damage("half", "module file is truncated or damaged") {
                Array(SalesLibrary.bytes.prefix(SalesLibrary.bytes.count / 2))
            },
            Damage("all but a byte", "module file is truncated or damaged") { SalesLibrary.bytes.dropLast() },
            Damage("32 bits", "module file is not a shared library for this machine") {
                SalesLibrary.replacing(4, with: [1])
            },
            Damage("big-endian", "module file is not a shared library for this machine") {
                SalesLibrary.replacing(5, with: [2])
            },
            Damage("a program", "module file is not a shared library for this machine") {
                SalesLibrary.replacing(16, with: [2, 0])
            },
            Damage("another processor", "module file is not a shared library for this machine") {
                SalesLibrary.replacing(18, with: [8, 0])
            },
            Damage("no headers", "module file is truncated or damaged") {
                SalesLibrary.replacing(60, with: [0, 0])
            },
            Damage("names beyond the headers", "module file is truncated or damaged") {
                SalesLibrary.replacing(62, with: [0xFF, 0xFF])
            },
            Damage("headers beyond the file", "module file is truncated or damaged") {
                SalesLibrary.replacing(40, with: [UInt8](repeating: 0xFF, count: 8))
            },
            Damage("the SDK's own library", "module file is not a module: it has no stamp") {
                readFile(Bundled.folder + "/libCRMSDK.so")
            },
            Damage("another magic", "module file has a stamp of another form") {
                SalesLibrary.patched(0, [0x58])
            },
            Damage("other pointers", "module file was built for another kind of machine") {
                SalesLibrary.patched(20, [4, 0])
            },
            Damage("a name with a slash", "module file has a damaged stamp") {
                SalesLibrary.patched(24, Array("../x".utf8))
            },
            Damage("no name", "module file has a damaged stamp") { SalesLibrary.patched(24, [0]) },
            Damage("something behind the name", "module file has a damaged stamp") {
                SalesLibrary.patched(70, [0x41])
            },
            Damage("a name without end", "module file has a damaged stamp") {
                SalesLibrary.patched(24, [UInt8](repeating: 0x61, count: 48))
            },
            Damage("a compiler of control characters", "module file has a damaged stamp") {
                SalesLibrary.patched(72, [0x1B])
            },
        ])
    func refuses(_ damage: Damage) {
        let error = #expect(throws: CRMError.self) { try ModuleStamp.read(from: damage.bytes()) }
        #expect(error?.message == damage.message)
        #expect(error?.kind == .invalidParameters)
        #expect(error?.hint?.hasSuffix(".") == true)
    }

    struct Demand: Sendable, CustomTestStringConvertible {
        let contract: ModuleContract
        let refusal: String?
        let what: String
        var testDescription: String { what }
    }

    @Test(
        "a kernel takes the same contract, SDK and compiler, and modules of an older minor SDK",
        arguments: [
            Demand(contract: .current, refusal: nil, what: "the same"),
            Demand(contract: .differing(minor: 1), refusal: nil, what: "a newer minor SDK"),
            Demand(
                contract: .differing(minor: -1),
                refusal: "module \"sales\" needs SDK 1.1, this kernel has 1.0",
                what: "an older minor SDK"),
            Demand(
                contract: .differing(major: 1),
                refusal: "module \"sales\" needs SDK 1.1, this kernel has 2.1",
                what: "another major SDK"),
            Demand(
                contract: .differing(abi: 1),
                refusal: "module \"sales\" follows plugin contract 1, this kernel 2", what: "another contract"
            ),
            Demand(
                contract: .differing(compiler: "Clang 99"),
                refusal: "module \"sales\" was built by \"\(ModuleContract.current.compiler)\", "
                    + "this kernel by \"Clang 99\"", what: "another compiler"),
        ])
    func verify(_ demand: Demand) throws {
        let stamp = try ModuleStamp.read(from: SalesLibrary.bytes)
        do {
            try demand.contract.verify(stamp)
            #expect(demand.refusal == nil)
        } catch {
            #expect(error.message == demand.refusal)
        }
    }

    @Test("random damage to headers, names and stamp is read or refused, never trapped on")
    func hostile() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        var bytes = SalesLibrary.bytes
        let headers = Int(Self.integer(in: bytes, at: 40))
        let places = [
            0..<64, headers..<bytes.count, SalesLibrary.stampOffset..<SalesLibrary.stampOffset + 264,
        ]
        var refused = 0
        for _ in 0..<2000 {
            let place = places[Int.random(in: 0..<places.count, using: &random)]
            var undo: [(Int, UInt8)] = []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: place, using: &random)
                undo.append((index, bytes[index]))
                bytes[index] =
                    [0, 0xFF, 0x7F, 0x80, UInt8.random(in: .min ... .max, using: &random)]
                    .randomElement(using: &random) ?? 0
            }
            if (try? ModuleStamp.read(from: bytes)) == nil { refused += 1 }
            for (index, byte) in undo.reversed() { bytes[index] = byte }
        }
        #expect(refused > 0, "seed \(seed)")
        #expect(bytes == SalesLibrary.bytes)
    }

    @Test("every length of the first kilobyte, and every one short of the last 64 bytes, is refused")
    func truncated() {
        let count = SalesLibrary.bytes.count
        for length in Array(0..<1024) + Array(count - 64..<count) {
            #expect(
                (try? ModuleStamp.read(from: Array(SalesLibrary.bytes.prefix(length)))) == nil,
                "\(length) bytes")
        }
    }

    static func integer(in bytes: [UInt8], at offset: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }
}

extension ModuleContract {
    /// This kernel's contract, moved by so much.
    static func differing(
        abi: Int = 0, major: Int = 0, minor: Int = 0, compiler: String? = nil
    ) -> ModuleContract {
        ModuleContract(
            abiVersion: current.abiVersion + abi, sdkMajor: current.sdkMajor + major,
            sdkMinor: current.sdkMinor + minor, compiler: compiler ?? current.compiler)
    }
}
