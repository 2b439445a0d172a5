import Glibc

/// The libraries that the build has laid beside the test program.
enum Bundled {
    static let folder: String = {
        let path = realpath("/proc/self/exe", nil)
        defer { free(path) }
        let executable = path.map { String(cString: $0) } ?? ""
        return String(executable[..<(executable.lastIndex(of: "/") ?? executable.startIndex)])
    }()

    static let sales = folder + "/libSalesModule.so"
}

func readFile(_ path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else { return bytes }
        bytes += chunk.prefix(count)
    }
}

func writeFile(_ bytes: [UInt8], _ path: String, mode: mode_t = 0o600) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
    defer { close(descriptor) }
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    fchmod(descriptor, mode)
}

/// The bytes of the built Sales module, to be damaged.
enum SalesLibrary {
    static let bytes = readFile(Bundled.sales)

    /// Where the stamp lies in the file.
    static let stampOffset: Int = {
        let magic = Array("CRMMODUL".utf8)
        return bytes.indices.first { bytes[$0] == magic[0] && bytes[$0...].starts(with: magic) } ?? 0
    }()

    static func replacing(_ offset: Int, with patch: [UInt8]) -> [UInt8] {
        var copy = bytes
        copy.replaceSubrange(offset..<offset + patch.count, with: patch)
        return copy
    }

    /// The library with `patch` laid over its bytes, `offset` bytes into the stamp.
    static func patched(_ offset: Int, _ patch: [UInt8]) -> [UInt8] {
        replacing(stampOffset + offset, with: patch)
    }
}
