/// Writes what happens as structured lines: one line per event, one `write(2)` per line.
///
/// `2026-11-22T15:24:20.123Z warning storage checkpoint is late wal_bytes=73400320`: UTC instant, level, room,
/// message, then fields as `key=value`. Values with spaces, quotes or anything beyond printable ASCII and letters
/// are quoted, and control characters escaped, so no value can begin a line of its own. A line below the level
/// costs one comparison: its message is not even built. Logging never throws and never fails the caller.
///
/// Keeping secrets and record values out of messages and fields is the caller's duty; nothing here can tell
/// them from other text.
package struct Log: Sendable {
    /// Ordered by importance: a log of level `.info` writes errors, warnings and info.
    package enum Level: Int, Sendable, Comparable, CaseIterable {
        case error, warning, info, debug

        /// The level of that name; nil if there is none.
        package init?(name: String) {
            guard let level = Level.allCases.first(where: { $0.name == name }) else { return nil }
            self = level
        }

        package var name: String { String(describing: self) }

        package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    package typealias Fields = KeyValuePairs<StaticString, any CustomStringConvertible & Sendable>

    /// Who speaks: the room, or room and part as `gateway.tls`.
    package let room: String
    /// The least important level that is written.
    package let level: Level
    private let sink: any LogSink
    private let now: @Sendable () -> Int64

    /// - Parameter now: milliseconds since 1970; tests give their own.
    package init(
        room: String, level: Log.Level, sink: any LogSink = DescriptorSink(),
        now: @escaping @Sendable () -> Int64 = { UTCClock.millisecondsSince1970 }
    ) {
        self.room = room
        self.level = level
        self.sink = sink
        self.now = now
    }

    /// The same log under another name.
    package func child(room: String) -> Log {
        Log(room: room, level: level, sink: sink, now: now)
    }

    /// Something that was asked for did not happen, and nobody else will say so.
    package func error(_ message: @autoclosure () -> String, _ fields: Fields = [:]) {
        write(.error, message, fields)
    }

    /// Works still, but somebody should look at it.
    package func warning(_ message: @autoclosure () -> String, _ fields: Fields = [:]) {
        write(.warning, message, fields)
    }

    /// The life of the process: started, stopped, loaded, migrated.
    package func info(_ message: @autoclosure () -> String, _ fields: Fields = [:]) {
        write(.info, message, fields)
    }

    /// For whoever looks for a fault; off by default.
    package func debug(_ message: @autoclosure () -> String, _ fields: Fields = [:]) {
        write(.debug, message, fields)
    }

    private func write(_ level: Level, _ message: () -> String, _ fields: Fields) {
        guard level <= self.level else { return }
        var line = LogLine(now(), level, room: room, message: message())
        for (key, value) in fields { line.add(key, value.description) }
        sink.write(line.finish())
    }
}
