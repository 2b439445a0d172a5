package import CRMSDK
import Foundation

extension Instant {
    /// The system's clock, UTC.
    package static func current() -> Instant {
        Instant(millisecondsSince1970: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }
}
