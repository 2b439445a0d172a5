import Wire

/// A file on its way from a client to the kernel. One at most per connection: the next request stands behind it.
struct FileUpload {
    let callID: UInt64
    /// Bytes that the kernel still takes before it says so again; below zero by what came in one piece too many.
    var credit = 0
    /// Whether the kernel has asked for the file: only then a client that waits is told to go on.
    var isWanted = false
    /// The last byte has gone to the kernel; its reply is awaited.
    var isWhole = false
    /// When the client's present stretch of patience began, and what has come in it.
    var stretchSince: Milliseconds
    var stretchBytes = 0

    var takesMore: Bool { credit > 0 && !isWhole }

    /// Notes what has come; enough of it begins a new stretch.
    mutating func take(_ bytes: Int, now: Milliseconds, _ limits: GatewayLimits) {
        credit -= bytes
        stretchBytes += bytes
        guard stretchBytes >= limits.bodyBytesPerSecond * Int(limits.body.milliseconds / 1_000) else {
            return
        }
        stretchBytes = 0
        stretchSince = now
    }

    /// More may come. The time in which none could is not the client's.
    mutating func give(_ bytes: Int, now: Milliseconds) {
        if credit <= 0 {
            stretchSince = now
            stretchBytes = 0
        }
        credit += bytes
        isWanted = true
    }
}

/// A file on its way from the kernel to a client, whose answer's head is known.
struct FileDownload {
    /// Bytes of the file that have not come from the kernel.
    var left: Int
    /// What the kernel may still send of what it was given.
    var outstanding: Int

    /// What to let the kernel send more, when so many bytes wait for the client; nil while it is little.
    mutating func grant(waiting: Int) -> Int? {
        let room = FileCall.windowBytes - outstanding - waiting
        guard left > outstanding, room >= FileCall.windowBytes / 2 else { return nil }
        outstanding += room
        return room
    }
}
