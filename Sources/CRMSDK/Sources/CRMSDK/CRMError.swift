/// The one error that modules and clients see.
///
/// A program branches on `kind`; a person reads `message` and `hint`; `detail` goes to the log only.
public struct CRMError: Error, Sendable {
    public let kind: Kind
    /// One line, lower case, no full stop; names the kind of thing and quotes its value:
    /// `account "A-17" does not exist`.
    public let message: String
    /// One sentence of advice, with a full stop; nil when there is nothing to advise.
    public var hint: String?
    /// For the log only: result code, system call, SQL without its values.
    public var detail: String?
    /// What is wrong with single fields, in the order of the entity's fields.
    public var fields: [FieldProblem] = []
    /// The rule that decided, for a refusal.
    public var rule: String?
    /// Names or ids that were meant perhaps, for something unknown or ambiguous.
    public var candidates: [String] = []
    /// The records that a record is like, where a rule for duplicates refuses it.
    public var duplicates: DuplicateRecords?
    /// The other writer's change, for a version conflict.
    public var conflict: VersionConflict?
    /// The index to add, for a list that is too dear without one.
    public var index: String?
    /// Seconds until it is worth trying again.
    public var retryAfterSeconds: Int?
    /// Which of several operations was refused, from 0.
    public var operation: Int?

    public init(_ kind: Kind, _ message: String, hint: String? = nil, detail: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.detail = detail
    }

    /// What a program branches on, with its JSON-RPC number. A struct, so that the list can grow.
    public struct Kind: Hashable, Sendable {
        /// Snake case; `error.data.kind` on the wire.
        public let name: String
        public let rpcCode: Int

        init(_ name: String, rpcCode: Int) {
            self.name = name
            self.rpcCode = rpcCode
        }
    }
}

extension CRMError.Kind {
    public static let invalidRequest = Self("invalid_request", rpcCode: -32600)
    public static let methodNotFound = Self("method_not_found", rpcCode: -32601)
    public static let invalidParameters = Self("invalid_params", rpcCode: -32602)
    /// A broken invariant of ours; the detail is in the log.
    public static let internalError = Self("internal_error", rpcCode: -32603)
    public static let unauthenticated = Self("unauthenticated", rpcCode: -32001)
    public static let forbidden = Self("forbidden", rpcCode: -32002)
    public static let notFound = Self("not_found", rpcCode: -32003)
    public static let invalidRecord = Self("invalid_record", rpcCode: -32004)
    public static let versionConflict = Self("version_conflict", rpcCode: -32005)
    public static let duplicate = Self("duplicate", rpcCode: -32006)
    public static let tooManyRequests = Self("too_many_requests", rpcCode: -32007)
    public static let limitExceeded = Self("limit_exceeded", rpcCode: -32008)
    public static let unavailable = Self("unavailable", rpcCode: -32009)

    /// Every kind, as the wire contract lists them.
    public static let all: [Self] = [
        .invalidRequest, .methodNotFound, .invalidParameters, .internalError, .unauthenticated, .forbidden,
        .notFound,
        .invalidRecord, .versionConflict, .duplicate, .tooManyRequests, .limitExceeded, .unavailable,
    ]
}

/// What is wrong with one field.
public struct FieldProblem: Hashable, Sendable {
    /// The field's name, or a path such as `lines[3].quantity`.
    public let field: String
    /// What a program branches on: `required`, `type`, `range`, `length`, `format`, `unknown_value`, `read_only`,
    /// `unknown_field`, `not_found`, `duplicate`, `rule`.
    public let code: String
    /// One line, as in `CRMError.message`.
    public let message: String

    public init(field: String, code: String, message: String) {
        self.field = field
        self.code = code
        self.message = message
    }
}

/// Who changed a record since the version that a writer had read.
public struct VersionConflict: Hashable, Sendable {
    /// The version that the record has now.
    public let version: Int64
    /// The fields changed since the writer's version, as far as the writer may see them.
    public let fields: [String]
    public let by: String
    public let at: Instant

    public init(version: Int64, fields: [String], by: String, at: Instant) {
        self.version = version
        self.fields = fields
        self.by = by
        self.at = at
    }
}

/// The records that a record is like by rules for duplicates, as far as the caller may view them.
public struct DuplicateRecords: Hashable, Sendable {
    public struct Found: Hashable, Sendable {
        public let id: RecordID
        public let entity: String
        /// Nil where the caller may not see what the label is made of.
        public let label: String?
        /// The names of the rules.
        public let rules: [String]

        public init(id: RecordID, entity: String, label: String?, rules: [String]) {
            self.id = id
            self.entity = entity
            self.label = label
            self.rules = rules
        }
    }

    /// What the rule does: `warn`, and the call may be repeated with `allow_duplicate`; or `block`.
    public let action: String
    /// From the lowest id.
    public let records: [Found]
    /// How many more there are that the caller may not view.
    public let hidden: Int

    public init(action: String, records: [Found], hidden: Int) {
        self.action = action
        self.records = records
        self.hidden = hidden
    }
}

extension CRMError {
    /// A record that breaks rules of its fields.
    public static func invalidRecord(_ entity: String, _ problems: [FieldProblem], hint: String? = nil)
        -> CRMError
    {
        let names = problems.map(\.field).joined(separator: ", ")
        var error = CRMError(.invalidRecord, "\(entity) is not valid: \(names)", hint: hint)
        if problems.count == 1 { error = CRMError(.invalidRecord, problems[0].message, hint: hint) }
        error.fields = problems
        return error
    }

    /// A record that does not exist, or that the caller may not see: the same answer for both.
    public static func recordNotFound(_ id: RecordID, entity: String? = nil) -> CRMError {
        CRMError(.notFound, "\(entity ?? "record") \(id) does not exist")
    }
}
