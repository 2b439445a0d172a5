import CRMSDK

/// The steps from older versions' data to this version's. Numbered from 1, append-only, each run once.
enum Migrations {
    static let all = [
        Migration(1, version: "1.0.0", "Make the folder for documents that name none.") {
            context throws(CRMError) in
            try Folder.createDefault(context)
        }
    ]
}
