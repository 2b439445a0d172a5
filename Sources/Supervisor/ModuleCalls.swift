import Glibc

/// Which module code the kernel's threads are in, read from `run/calls`, the page that the kernel maps and that
/// outlives it. The kernel cannot be asked when it hangs or is gone; this can.
///
/// What is read was written by a process that may have trapped anywhere: numbers are checked, text is cleaned. The
/// layout is the writer's, `CallSites` in the room ModuleLoader; a test holds the two together.
struct ModuleCalls {
    /// One thread inside a module.
    struct Call: Equatable, Sendable, CustomStringConvertible {
        let module: String
        /// The hook's, action's or job's name.
        let hook: String
        /// On the monotonic clock, which all processes of a machine share.
        let sinceMilliseconds: UInt64

        var description: String { "\(hook) of module \(module)" }
    }

    /// A call that lasts longer is taken for one that never returns.
    static let silenceLimit = Duration.seconds(10)
    /// How often somebody should look.
    static let interval = Duration.seconds(1)

    let path: String

    private static let magic: [UInt8] = Array("CRMCALLS".utf8) + [1, 0, 0, 0, 0, 0, 0, 0]
    private static let slotOffset = 4096
    private static let slotSize = 64
    private static let slotCount = 64
    private static let siteSize = 128
    private static let siteCount = 1024
    private static let siteOffset = slotOffset + slotCount * slotSize

    /// The calls that stand now, or stood when the kernel went; the longest first. None where there is no page.
    func standing() -> [Call] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        guard Self.read(descriptor, at: 0, count: Self.magic.count) == Self.magic,
            let slots = Self.read(descriptor, at: Self.slotOffset, count: Self.slotCount * Self.slotSize)
        else { return [] }
        return (0..<Self.slotCount).compactMap { index in
            let site = Self.number(in: slots, at: index * Self.slotSize)
            guard let number = Int(exactly: site), (1..<Self.siteCount).contains(number) else { return nil }
            let since = Self.number(in: slots, at: index * Self.slotSize + 8)
            return Self.call(descriptor, site: number, since: since)
        }.sorted { $0.sinceMilliseconds < $1.sinceMilliseconds }
    }

    /// The longest call, if it has lasted too long.
    func silent(at nowMilliseconds: UInt64 = Self.nowMilliseconds()) -> Call? {
        guard let longest = standing().first, longest.sinceMilliseconds < nowMilliseconds,
            Duration.milliseconds(Int64(clamping: nowMilliseconds - longest.sinceMilliseconds))
                >= Self.silenceLimit
        else { return nil }
        return longest
    }

    /// Removes the page; the kernel makes a new one.
    func discard() { unlink(path) }

    static func nowMilliseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
    }

    private static func call(_ descriptor: Int32, site: Int, since: UInt64) -> Call? {
        guard let bytes = read(descriptor, at: siteOffset + site * siteSize, count: siteSize) else {
            return nil
        }
        let names = bytes.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
        guard names.count == 3, !names[0].isEmpty else { return nil }
        return Call(module: printable(names[0]), hook: printable(names[1]), sinceMilliseconds: since)
    }

    private static func read(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = bytes.withUnsafeMutableBytes {
            pread(descriptor, $0.baseAddress, count, off_t(offset))
        }
        return received == count ? bytes : nil
    }

    private static func number(in bytes: [UInt8], at offset: Int) -> UInt64 {
        bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func printable(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
