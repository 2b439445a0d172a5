internal import CSQLite

/// Functions of ours inside SQL. All are deterministic; null gives null.
extension Connection {
    package func define(_ name: String, _ body: @escaping (String) -> String) throws(SQLiteError) {
        try define(TextFunction(name) { .text(body($0)) })
    }

    package func define(_ name: String, _ body: @escaping (String) -> [UInt8]) throws(SQLiteError) {
        try define(TextFunction(name) { .blob(body($0)) })
    }

    /// A function of an integer and a text. Null, or anything that is not those, gives null.
    package func define(_ name: String, _ body: @escaping (Int64, String) -> Int64) throws(SQLiteError) {
        let function = IntegerFunction(body)
        let result = sqlite3_create_function_v2(
            handle, name, 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
            Unmanaged.passRetained(function).toOpaque(),
            { context, _, arguments in
                guard let box = sqlite3_user_data(context), let number = arguments?[0],
                    let text = arguments?[1]
                else { return }
                Unmanaged<IntegerFunction>.fromOpaque(box).takeUnretainedValue().answer(context, number, text)
            }, nil, nil,
            { box in if let box { Unmanaged<IntegerFunction>.fromOpaque(box).release() } })
        guard result == SQLITE_OK else { throw SQLiteError(of: handle, result: result) }
    }

    private func define(_ function: TextFunction) throws(SQLiteError) {
        // SQLite owns the box from here on, even when this call fails, and lets it go through the last callback.
        let result = sqlite3_create_function_v2(
            handle, function.name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
            Unmanaged.passRetained(function).toOpaque(),
            { context, _, arguments in
                guard let box = sqlite3_user_data(context), let argument = arguments?[0] else { return }
                Unmanaged<TextFunction>.fromOpaque(box).takeUnretainedValue().answer(context, argument)
            }, nil, nil,
            { box in if let box { Unmanaged<TextFunction>.fromOpaque(box).release() } })
        guard result == SQLITE_OK else { throw SQLiteError(of: handle, result: result) }
    }
}

/// A function of an integer and a text.
private final class IntegerFunction {
    private let body: (Int64, String) -> Int64

    init(_ body: @escaping (Int64, String) -> Int64) { self.body = body }

    func answer(_ context: OpaquePointer?, _ number: OpaquePointer, _ text: OpaquePointer) {
        guard sqlite3_value_type(number) == SQLITE_INTEGER, let start = sqlite3_value_text(text) else {
            return sqlite3_result_null(context)
        }
        sqlite3_result_int64(context, body(sqlite3_value_int64(number), String(cString: start)))
    }
}

/// A function of one text.
private final class TextFunction {
    enum Answer {
        case text(String)
        case blob([UInt8])
    }

    let name: String
    private let body: (String) -> Answer

    init(_ name: String, _ body: @escaping (String) -> Answer) {
        self.name = name
        self.body = body
    }

    func answer(_ context: OpaquePointer?, _ argument: OpaquePointer) {
        guard sqlite3_value_type(argument) != SQLITE_NULL, let start = sqlite3_value_text(argument) else {
            return sqlite3_result_null(context)
        }
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_value_bytes(argument)))
        switch body(String(decoding: bytes, as: UTF8.self)) {
        case .text(var text):
            text.withUTF8 { utf8 in
                utf8.withMemoryRebound(to: CChar.self) { chars in
                    guard let start = chars.baseAddress else {
                        return csqlite_result_text_copy(context, "", 0)
                    }
                    csqlite_result_text_copy(context, start, UInt64(chars.count))
                }
            }
        case .blob(let blob):
            guard !blob.isEmpty else { return sqlite3_result_zeroblob(context, 0) }
            blob.withUnsafeBytes { csqlite_result_blob_copy(context, $0.baseAddress, UInt64($0.count)) }
        }
    }
}
