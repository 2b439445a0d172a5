package import CRMSDK
package import JSON

/// The `error` member of a response: the wire form of a refusal.
///
/// `data` is `{kind, fields?, rule?, hint?, candidates?, duplicates?, conflict?, index?, retry_after?, operation?,
/// request_id}`. An internal error says nothing of its cause; the log has it under the same request id.
package struct ErrorObject: Sendable {
    package let code: Int
    package let kind: String
    package let message: String
    private let cause: CRMError?

    package var retryAfterSeconds: Int? { cause?.retryAfterSeconds }

    package init(_ error: CRMError) {
        code = error.kind.rpcCode
        kind = error.kind.name
        message = error.kind == .internalError ? "internal error" : error.message
        cause = error
    }

    package init(_ refusal: RequestRefusal) {
        switch refusal {
        case .notJSON(let reason):
            self.init(code: -32700, kind: "parse_error", "the request is not JSON: \(reason)")
        case .emptyBatch:
            self.init(invalidRequest: "a batch must have at least one call")
        case .batchTooLong(let count):
            var error = CRMError(
                .limitExceeded, "a batch of \(count) calls is over the limit of \(RequestEnvelope.batchLimit)"
            )
            error.hint = "Send several batches."
            self.init(error)
        }
    }

    package init(invalidRequest reason: String) {
        self.init(code: CRMError.Kind.invalidRequest.rpcCode, kind: CRMError.Kind.invalidRequest.name, reason)
    }

    private init(code: Int, kind: String, _ message: String) {
        self.code = code
        self.kind = kind
        self.message = message
        cause = nil
    }

    /// Writes the object as the next value.
    package func write(to writer: inout JSONWriter, requestID: String) {
        writer.beginObject()
        writer.key("code")
        writer.int(code)
        writer.key("message")
        writer.string(message)
        writer.key("data")
        writer.beginObject()
        writer.key("kind")
        writer.string(kind)
        if let cause, cause.kind != .internalError { Self.write(cause, to: &writer) }
        writer.key("request_id")
        writer.string(requestID)
        writer.endObject()
        writer.endObject()
    }

    private static func write(_ error: CRMError, to writer: inout JSONWriter) {
        if !error.fields.isEmpty {
            writer.key("fields")
            write(error.fields, to: &writer)
        }
        if let rule = error.rule {
            writer.key("rule")
            writer.string(rule)
        }
        if let hint = error.hint {
            writer.key("hint")
            writer.string(hint)
        }
        if !error.candidates.isEmpty {
            writer.key("candidates")
            writer.strings(error.candidates)
        }
        if let duplicates = error.duplicates {
            writer.key("duplicates")
            write(duplicates, to: &writer)
        }
        if let conflict = error.conflict {
            writer.key("conflict")
            write(conflict, to: &writer)
        }
        if let index = error.index {
            writer.key("index")
            writer.string(index)
        }
        if let seconds = error.retryAfterSeconds {
            writer.key("retry_after")
            writer.int(seconds)
        }
        if let operation = error.operation {
            writer.key("operation")
            writer.int(operation)
        }
    }

    static func write(_ problems: [FieldProblem], to writer: inout JSONWriter) {
        writer.beginArray()
        for problem in problems {
            writer.beginObject()
            writer.key("field")
            writer.string(problem.field)
            writer.key("code")
            writer.string(problem.code)
            writer.key("message")
            writer.string(problem.message)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func write(_ duplicates: DuplicateRecords, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("action")
        writer.string(duplicates.action)
        writer.key("records")
        writer.beginArray()
        for record in duplicates.records {
            writer.beginObject()
            writer.key("id")
            writer.int(record.id.rawValue)
            writer.key("entity")
            writer.string(record.entity)
            writer.key("label")
            if let label = record.label { writer.string(label) } else { writer.null() }
            writer.key("rules")
            writer.strings(record.rules)
            writer.endObject()
        }
        writer.endArray()
        writer.key("hidden")
        writer.int(duplicates.hidden)
        writer.endObject()
    }

    private static func write(_ conflict: VersionConflict, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("version")
        writer.int(conflict.version)
        writer.key("fields")
        writer.strings(conflict.fields)
        writer.key("by")
        writer.string(conflict.by)
        writer.key("at")
        writer.instantString(millisecondsSince1970: conflict.at.millisecondsSince1970)
        writer.endObject()
    }
}

extension JSONWriter {
    mutating func strings(_ texts: [String]) {
        beginArray()
        for text in texts { string(text) }
        endArray()
    }
}
