internal import CSQLite

extension Connection {
    /// Defines an aggregate that adds 64-bit integers in 128 bits, where SQLite's `sum` ends in an overflow error.
    ///
    /// Answers an integer while the sum fits 64 bits, its decimal text beyond; null when there was no value at all.
    /// A text is read as such a decimal, so that sums can be summed; anything else is an error.
    package func defineExactSum(_ name: String) throws(SQLiteError) {
        let result = sqlite3_create_function_v2(
            handle, name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil, nil,
            { context, _, arguments in
                guard let context, let argument = arguments?[0] else { return }
                ExactSum.add(argument, context)
            },
            { context in
                guard let context else { return }
                ExactSum.answer(context)
            }, nil)
        guard result == SQLITE_OK else { throw SQLiteError(of: handle, result: result) }
    }
}

/// The running sum, as it lies in the memory that SQLite keeps per group: all zero bytes at first.
private struct ExactSum {
    // Two words, because SQLite's memory is aligned to 8 bytes and Int128 wants 16.
    private var high: Int64
    private var low: UInt64
    private var count: Int64

    private var sum: Int128 {
        get { Int128(high) << 64 | Int128(low) }
        set {
            high = Int64(truncatingIfNeeded: newValue >> 64)
            low = UInt64(truncatingIfNeeded: newValue)
        }
    }

    private static func state(_ context: OpaquePointer, byteCount: Int) -> UnsafeMutablePointer<ExactSum>? {
        sqlite3_aggregate_context(context, Int32(byteCount))?.assumingMemoryBound(to: ExactSum.self)
    }

    static func add(_ argument: OpaquePointer, _ context: OpaquePointer) {
        let value: Int128
        switch sqlite3_value_type(argument) {
        case SQLITE_NULL: return
        case SQLITE_INTEGER: value = Int128(sqlite3_value_int64(argument))
        default:
            guard sqlite3_value_type(argument) == SQLITE_TEXT, let text = sqlite3_value_text(argument),
                let number = Int128(String(cString: text))
            else { return sqlite3_result_error(context, "only integers can be added exactly", -1) }
            value = number
        }
        guard let state = state(context, byteCount: MemoryLayout<ExactSum>.size) else {
            return sqlite3_result_error_nomem(context)
        }
        let (sum, overflow) = state.pointee.sum.addingReportingOverflow(value)
        guard !overflow else { return sqlite3_result_error(context, "the sum leaves 128 bits", -1) }
        state.pointee.sum = sum
        state.pointee.count += 1
    }

    static func answer(_ context: OpaquePointer) {
        guard let state = state(context, byteCount: 0), state.pointee.count > 0 else {
            return sqlite3_result_null(context)
        }
        guard let small = Int64(exactly: state.pointee.sum) else {
            let text = String(state.pointee.sum)
            return csqlite_result_text_copy(context, text, UInt64(text.utf8.count))
        }
        sqlite3_result_int64(context, small)
    }
}
