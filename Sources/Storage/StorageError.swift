package import CRMSDK
import SQLite

/// Turns SQLite's refusals into the platform's errors: the one place where they are translated.
///
/// The code, SQLite's words and the statement's text go to `detail`, which stays in the log.
extension CRMError {
    init(_ error: SQLiteError) {
        var translated: CRMError =
            switch error.code {
            case .uniqueConstraint, .primaryKeyConstraint, .rowIDConstraint: .duplicate(error.message)
            default: Self.byClass(error.code.primary)
            }
        let statement = error.sql.map { " in: \($0)" } ?? ""
        translated.detail = "\(error)\(statement)"
        self = translated
    }

    private static func byClass(_ code: SQLiteError.Code) -> CRMError {
        switch code {
        case .full:
            return .diskFull
        case .busy, .locked:
            var error = CRMError(.unavailable, "the database is busy", hint: "Try again.")
            error.retryAfterSeconds = 1
            return error
        case .interrupted:
            return CRMError(
                .limitExceeded, "the statement took too long",
                hint: "Narrow the filter, or ask for fewer records.")
        case .tooBig:
            return CRMError(.limitExceeded, "a value or statement is too big")
        case .inputOutput, .readOnly, .cannotOpen, .permission, .outOfMemory:
            return CRMError(.unavailable, "the database could not be read or written", hint: "Try again.")
        case .corrupt, .notADatabase:
            return CRMError(.unavailable, "the database file is damaged")
        default:
            return CRMError(.internalError, "the statement could not be carried out")
        }
    }

    /// SQLite names what was violated as `e_account.name`, or, for an index over an expression, as
    /// `index 'e_account.unique.name'`.
    private static func duplicate(_ message: String) -> CRMError {
        var name = message
        if let colon = message.firstRange(of: "failed: ") { name = String(message[colon.upperBound...]) }
        if name.hasPrefix("index '") { name = String(name.dropFirst(7).dropLast()) }
        let first = name.split(separator: ",").first.map(String.init) ?? name
        let parts = first.split(separator: ".").map(String.init)
        var error = CRMError(.duplicate, "a record with this value exists already")
        if let table = parts.first, let column = parts.last, parts.count > 1 {
            error = CRMError(.duplicate, "\(table) has a row with this \(column) already")
            error.fields = [
                FieldProblem(field: column, code: "duplicate", message: "another record has this value")
            ]
            error.index = first
        }
        return error
    }

    package static let diskFull = CRMError(
        .unavailable, "the disk with the data is full",
        hint: "Nothing was stored; free some space and try again.")

    static let databaseGone = CRMError(
        .unavailable, "the database could not store this",
        hint: "Nothing was stored; try again, with the same idempotency key if there was one.")
}
