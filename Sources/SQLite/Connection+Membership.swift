internal import CSQLite

extension Connection {
    /// Defines `name(number, set)`: 1 where the number is in the set, else 0; null is in no set.
    ///
    /// The set is a blob of ascending 64-bit numbers, least significant byte first. A look is a binary search in the
    /// bytes that are bound, so that a statement that looks at fifty rows pays nothing for a set of thousands.
    package func defineMembership(_ name: String) throws(SQLiteError) {
        let result = sqlite3_create_function_v2(
            handle, name, 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil,
            { context, _, arguments in
                guard let context, let number = arguments?[0], let set = arguments?[1] else { return }
                sqlite3_result_int(context, Membership.contains(number, in: set) ? 1 : 0)
            }, nil, nil, nil)
        guard result == SQLITE_OK else { throw SQLiteError(of: handle, result: result) }
    }
}

private enum Membership {
    static func contains(_ number: OpaquePointer, in set: OpaquePointer) -> Bool {
        guard sqlite3_value_type(number) == SQLITE_INTEGER, sqlite3_value_type(set) == SQLITE_BLOB,
            let start = sqlite3_value_blob(set)
        else { return false }
        let wanted = sqlite3_value_int64(number)
        let width = MemoryLayout<Int64>.size
        var low = 0
        var high = Int(sqlite3_value_bytes(set)) / width
        while low < high {
            let middle = (low + high) / 2
            let found = Int64(
                littleEndian: start.loadUnaligned(fromByteOffset: middle * width, as: Int64.self))
            if found == wanted { return true }
            if found < wanted { low = middle + 1 } else { high = middle }
        }
        return false
    }
}
