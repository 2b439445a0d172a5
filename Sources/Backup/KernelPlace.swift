import CRMSDK

/// A folder into which a tree of files is put.
struct KernelPlace {
    let path: String

    init(_ path: String) { self.path = path }

    /// Makes the folders on the way to a file.
    ///
    /// - Returns: them, and the one that they are in.
    func makeFolders(for file: String) throws(CRMError) -> Set<String> {
        var folder = path
        var made: Set = [folder]
        for name in file.split(separator: "/").dropLast() {
            folder += "/\(name)"
            try FileCopy.makeFolder(folder)
            made.insert(folder)
        }
        return made
    }
}
