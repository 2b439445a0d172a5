package import CRMSDK
import Glibc
import Synchronization

/// Where each kernel thread is in module code, kept in a mapped file that outlives a crash.
///
/// A thread claims a slot once. Around every call into a module it notes the call's site and since when; that is two
/// stores into its own cache line, no system call, no lock. After a crash, or when a call has lasted too long, the
/// supervisor reads the file (`CallSiteReader`) and knows whom to blame: the kernel cannot be asked any more.
///
/// Layout, little-endian: "CRMCALLS", version; 64 slots of 64 bytes from offset 4,096: site number (0 is none),
/// milliseconds of the monotonic clock, thread; then 1,024 sites of 128 bytes: `module`, zero, `hook`, zeros.
package final class CallSites: @unchecked Sendable {
    // Each slot is written by the one thread that claimed it, as whole atomic words; site names are written under
    // the mutex before their number is handed out, and never change. So no two threads write the same bytes.

    /// A place in a module's code that calls can stand in. Made when a module is loaded.
    package struct Site: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    /// A thread's own place in the page.
    package struct Slot: Hashable, Sendable {
        fileprivate let index: Int
    }

    /// The site of a module that is being loaded: its constructors, its entry point, its manifest. No hook can have
    /// this name.
    package static let loading = "(loading)"

    private struct Claims {
        var slots = 0
        var free: [Int] = []
        var sites: [String: UInt64] = [:]
    }

    private let page: UnsafeMutableRawPointer
    private let claims = Mutex(Claims())
    /// Each thread's `ThreadSlot`, given back by the key's destructor when the thread ends.
    private let threadKey: pthread_key_t

    /// Makes the file anew and maps it.
    ///
    /// - Parameter path: `DATA/run/calls`.
    package init(path: String) throws(CRMError) {
        unlink(path)
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.unmapped(path) }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(CallPage.size)) == 0,
            let page = mmap(nil, CallPage.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            page != MAP_FAILED
        else { throw Self.unmapped(path) }
        var key = pthread_key_t()
        guard
            pthread_key_create(
                &key,
                { value in
                    if let value { Unmanaged<ThreadSlot>.fromOpaque(value).release() }
                }) == 0
        else {
            munmap(page, CallPage.size)
            throw Self.unmapped(path)
        }
        self.page = page
        threadKey = key
        page.copyMemory(from: CallPage.magic, byteCount: CallPage.magic.count)
    }

    deinit {
        pthread_key_delete(threadKey)
        munmap(page, CallPage.size)
    }

    /// The site of a module's hook, action or job; the same one when it is named again.
    ///
    /// - Throws: `limitExceeded` beyond 1,023 sites.
    package func site(module: String, hook: String) throws(CRMError) -> Site {
        let text = Array("\(module)\u{0}\(hook)".utf8.prefix(CallPage.siteSize - 1))
        let number = claims.withLock { claims -> UInt64? in
            if let known = claims.sites["\(module)\u{0}\(hook)"] { return known }
            let number = claims.sites.count + 1
            guard number < CallPage.siteCount else { return nil }
            let place = page + CallPage.siteOffset(number)
            place.copyMemory(from: text, byteCount: text.count)
            claims.sites["\(module)\u{0}\(hook)"] = UInt64(number)
            return UInt64(number)
        }
        guard let number else {
            throw CRMError(
                .limitExceeded, "there are more than \(CallPage.siteCount - 1) hooks, actions and jobs")
        }
        return Site(number: number)
    }

    /// A slot for the calling thread, for as long as it lives; nil when all 64 are taken.
    package func claimSlot() -> Slot? {
        claims.withLock { claims in
            if let index = claims.free.popLast() { return Slot(index: index) }
            guard claims.slots < CallPage.slotCount else { return nil }
            claims.slots += 1
            return Slot(index: claims.slots - 1)
        }
    }

    /// Gives a slot back when its thread ends.
    package func release(_ slot: Slot) {
        word(slot, 0).pointee.store(0, ordering: .releasing)
        claims.withLock { $0.free.append(slot.index) }
    }

    /// Runs `body` as a call at `site`. Calls nest: when the inner one ends, the outer one stands again, with the
    /// time at which it began.
    @inline(__always)
    package func call<Result>(
        _ site: Site, in slot: Slot, _ body: () throws(CRMError) -> Result
    ) throws(CRMError) -> Result {
        let outerSite = word(slot, 0).pointee.load(ordering: .relaxed)
        let outerSince = word(slot, 1).pointee.load(ordering: .relaxed)
        word(slot, 1).pointee.store(CallPage.monotonicMilliseconds(), ordering: .relaxed)
        word(slot, 0).pointee.store(site.number, ordering: .releasing)
        defer {
            word(slot, 1).pointee.store(outerSince, ordering: .relaxed)
            word(slot, 0).pointee.store(outerSite, ordering: .releasing)
        }
        return try body()
    }

    /// Runs `body` as a call at `site` of the thread that it is on, which gets a slot at its first call and gives it
    /// back when it ends. Where no slot is left the call runs unnoted.
    package func call<Result>(
        _ site: Site, _ body: () throws(CRMError) -> Result
    ) throws(CRMError) -> Result {
        guard let slot = slotOfThisThread() else { return try body() }
        return try call(site, in: slot, body)
    }

    /// Says that the calling thread's module is at work, not silent: it has just asked something of the platform.
    package func refresh() {
        guard let slot = slotOfThisThread(), word(slot, 0).pointee.load(ordering: .relaxed) != 0 else {
            return
        }
        word(slot, 1).pointee.store(CallPage.monotonicMilliseconds(), ordering: .relaxed)
    }

    private func slotOfThisThread() -> Slot? { thisThread()?.slot }

    private func thisThread() -> ThreadSlot? {
        if let known = pthread_getspecific(threadKey) {
            return Unmanaged<ThreadSlot>.fromOpaque(known).takeUnretainedValue()
        }
        guard let slot = claimSlot() else { return nil }
        let thread = ThreadSlot(slot, of: self)
        let owned = Unmanaged.passRetained(thread)
        guard pthread_setspecific(threadKey, owned.toOpaque()) == 0 else {
            owned.release()
            return nil
        }
        return thread
    }

    private func word(_ slot: Slot, _ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (page + CallPage.slotOffset(slot.index) + 8 * index).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    private static func unmapped(_ path: String) -> CRMError {
        CRMError(
            .unavailable, "the page that notes module calls could not be made",
            hint: "Look for free space and rights in the data folder's run.",
            detail: "\(path): \(String(cString: strerror(errno)))")
    }
}

/// A thread's hold on its slot, from its first call to its end.
private final class ThreadSlot {
    let slot: CallSites.Slot
    private let sites: CallSites

    init(_ slot: CallSites.Slot, of sites: CallSites) {
        self.slot = slot
        self.sites = sites
    }

    deinit { sites.release(slot) }
}

/// Reads the page of a kernel that hangs or is gone. What it reads was written by a process that may have trapped
/// anywhere: numbers are checked, text is cleaned, nothing is trusted.
package struct CallSiteReader: Sendable {
    /// One thread that is inside a module.
    package struct Call: Equatable, Sendable {
        package let module: String
        /// The hook's, action's or job's name.
        package let hook: String
        /// On the monotonic clock (`CLOCK_MONOTONIC`), which all processes of the machine share.
        package let sinceMilliseconds: Int64

        /// What the crash of a kernel that stood here is booked as.
        package var phase: Quarantine.Phase { hook == CallSites.loading ? .loading : .running }

        /// How long it has lasted.
        package func duration(at nowMilliseconds: Int64 = CallSiteReader.nowMilliseconds()) -> Duration {
            .milliseconds(max(0, nowMilliseconds - sinceMilliseconds))
        }
    }

    private let path: String

    package init(path: String) { self.path = path }

    package static func nowMilliseconds() -> Int64 { Int64(CallPage.monotonicMilliseconds()) }

    /// The calls that stood when the page was read, longest first; none when there is no page.
    package func calls() throws(CRMError) -> [Call] {
        let page: [UInt8]
        do throws(CRMError) { page = try CheckedFile.read(path) } catch {
            if error.kind == .notFound { return [] }
            throw error
        }
        guard page.count == CallPage.size, page.starts(with: CallPage.magic) else {
            throw CRMError(
                .unavailable, "the page that notes module calls is damaged",
                hint: "It is made anew when the kernel starts.")
        }
        return (0..<CallPage.slotCount).compactMap { call(in: $0, page) }.sorted {
            $0.sinceMilliseconds < $1.sinceMilliseconds
        }
    }

    /// The calls that have lasted longer than `limit`, longest first.
    package func hanging(longerThan limit: Duration = .seconds(10)) throws(CRMError) -> [Call] {
        let now = Self.nowMilliseconds()
        return try calls().filter { $0.duration(at: now) > limit }
    }

    private func call(in slot: Int, _ page: [UInt8]) -> Call? {
        guard let site = page.integer(at: CallPage.slotOffset(slot), as: UInt64.self),
            let number = Int(exactly: site), (1..<CallPage.siteCount).contains(number),
            let since = page.integer(at: CallPage.slotOffset(slot) + 8, as: UInt64.self)
        else { return nil }
        let start = CallPage.siteOffset(number)
        let names = page[start..<start + CallPage.siteSize].split(
            separator: 0, omittingEmptySubsequences: false)
        guard names.count >= 2 else { return nil }
        return Call(
            module: printable(names[0]), hook: printable(names[1]),
            sinceMilliseconds: Int64(clamping: since))
    }

    private func printable(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}

/// The page's layout, for both sides.
private enum CallPage {
    static let magic = Array("CRMCALLS".utf8) + [1, 0, 0, 0, 0, 0, 0, 0]
    static let slotCount = 64
    static let siteCount = 1024
    static let siteSize = 128
    static let size = siteOffset(siteCount)

    static func slotOffset(_ index: Int) -> Int { 4096 + index * 64 }
    static func siteOffset(_ number: Int) -> Int { slotOffset(slotCount) + number * siteSize }

    static func monotonicMilliseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
    }
}
