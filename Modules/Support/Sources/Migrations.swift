import CRMSDK

/// The steps from older versions' data to this version's. Numbered from 1, append-only, each run once.
///
/// Version 1.0.0 is the first: nothing older is out there to be brought up.
enum Migrations {
    static let all: [Migration] = []
}
