package import CRMSDK

/// When a job is due. Pure.
///
/// A job keeps to its own rhythm: the times are first + n × interval, however long a run takes or the kernel is down.
/// Times that were missed are one run, not many: the job itself knows what it has to catch up with.
package enum JobTimes {
    /// The first nominal time after `now`.
    package static func next(after now: Instant, due: Instant, everySeconds: Int) -> Instant {
        let interval = Int64(max(1, everySeconds)) * 1000
        let late = now.millisecondsSince1970 - due.millisecondsSince1970
        guard late >= 0 else { return due }
        return Instant(millisecondsSince1970: due.millisecondsSince1970 + (late / interval + 1) * interval)
    }
}
