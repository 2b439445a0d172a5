import CRMSDK
import Identity
import JSON
import Records
import Registry
import Storage
import Text
import Wire

/// Several operations as one unit of work.
enum BatchMethods {
    static let operationLimit = 1000

    static let all: [Method] = [
        Method(
            "batch.execute", needs: .session, .writes,
            "Carries out several operations: all of them, or none.",
            "Operations are calls of record.* and of modules' actions, in order; each sees what those before it have "
                + "written; as_of is not for them. {\"$ref\": \"0.id\"} within parameters stands for the member id of operation 0's result. "
                + "The first refusal undoes everything and names its operation.",
            parameters: [
                Parameter(
                    "operations",
                    .list(
                        of: .object([
                            Parameter(
                                "method", .text(maximumLength: 120), "The method's name.", required: true),
                            Parameter("params", .any, "Its parameters."),
                        ])), "At most 1,000.", required: true),
                RecordMethods.dryRun,
            ],
            result: .object([
                Parameter("results", .list(of: .any), "In the order of the operations.", required: true)
            ]), errors: [.notFound, .invalidRecord, .duplicate, .versionConflict, .limitExceeded],
            // Not one with $ref: readers of the document would take it for a reference of its own.
            example: .init(
                parameters:
                    #"{"operations": [{"method": "record.update", "params": {"id": 17, "values": {"rating": "active"}, "fields": ["id"]}}, {"method": "record.link", "params": {"id": 41, "relation": "campaign_account", "to": 17}}]}"#,
                result:
                    #"{"results": [{"id": 17}, {"id": 41, "relation": "campaign_account", "to": 17, "outcome": "linked"}]}"#
            )
        ) { scope throws(CRMError) in
            let operations = try BatchOperation.read(try scope.arguments.node("operations"), scope)
            let batch = BatchRun(scope, operations)
            return .write(scope.mode) { transaction, writer throws(CRMError) in
                try batch.run(transaction, &writer)
            }
        }
    ]
}

/// One call within a batch, as far as it can be judged before those in front of it have run.
struct BatchOperation: Sendable {
    let method: Method
    let parameters: JSONNode?

    static func read(_ node: JSONNode, _ scope: CallScope) throws(CRMError) -> [BatchOperation] {
        guard (1...BatchMethods.operationLimit).contains(node.count) else {
            throw CRMError(
                .limitExceeded,
                "a batch has 1 to \(BatchMethods.operationLimit) operations, not \(node.count)",
                hint: node.count == 0 ? nil : "Send several batches.")
        }
        let table = scope.services.table(for: scope.snapshot)
        var operations: [BatchOperation] = []
        operations.reserveCapacity(node.count)
        for (index, element) in node.elements.enumerated() {
            let members = Arguments(element)
            let name = try members.text("method")
            do throws(CRMError) {
                operations.append(
                    try BatchOperation(table.entry(named: name).method, members["params"], scope))
            } catch {
                throw error.of(operation: index, name)
            }
        }
        return operations
    }

    private init(_ method: Method, _ parameters: JSONNode?, _ scope: CallScope) throws(CRMError) {
        let isAction = scope.snapshot.registry.actions[method.name] != nil
        guard method.name.hasPrefix("record.") || isAction && method.need != .nothing else {
            throw CRMError(
                .invalidParameters, "\(method.name) cannot be part of a batch",
                hint: "A batch takes record.* and the actions of modules.")
        }
        let session = try scope.session()
        try session.checkMayCall(method.name)
        if method.need != .session, !scope.snapshot.isAdministrator(session.principal) {
            var error = CRMError(.forbidden, "\(method.name) is for administrators")
            error.rule = "administrator"
            throw error
        }
        for name in ["dry_run", "idempotency_key"] where parameters?[name] != nil {
            throw CRMError(
                .invalidParameters, "\"\(name)\" is given for a batch as a whole, not for one operation")
        }
        // What a batch has written is not committed, so its past is no state that was ever there.
        if !isAction, parameters?["as_of"] != nil {
            throw CRMError(
                .invalidParameters, "\"as_of\" cannot be part of a batch",
                hint: "Read the past in a call of its own.")
        }
        self.method = method
        self.parameters = parameters
    }
}

/// Runs the operations of a batch on the writer's thread, within one unit of work.
///
/// May run again from the start: it keeps nothing between runs.
struct BatchRun: Sendable {
    private let operations: [BatchOperation]
    private let services: KernelServices
    private let request: RequestFacts
    private let caller: Session?

    init(_ scope: CallScope, _ operations: [BatchOperation]) {
        self.operations = operations
        services = scope.services
        request = scope.request
        caller = scope.caller
    }

    func run(_ transaction: WriteTransaction, _ writer: inout JSONWriter) throws(CRMError) {
        let services = services.withinUnit()
        var results: [JSONNode] = []
        results.reserveCapacity(operations.count)
        var bytes = 0
        for (index, operation) in operations.enumerated() {
            do throws(CRMError) {
                let result = try result(of: operation, results, services, transaction)
                bytes += result.rawBytes.count + 1
                // Before COMMIT: an answer that cannot be sent must not stand for something done.
                guard bytes <= ReplyFrame.maximumBodyBytes - 4096 else {
                    throw CRMError(
                        .limitExceeded,
                        "the answer is over the limit of \(ReplyFrame.maximumBodyBytes) bytes",
                        hint: "Ask for fewer records or fields.")
                }
                results.append(result)
            } catch {
                throw error.of(operation: index, operation.method.name)
            }
        }
        writer.beginObject()
        writer.key("results")
        writer.beginArray()
        for result in results { writer.raw(result) }
        writer.endArray()
        writer.endObject()
    }

    private func result(
        of operation: BatchOperation, _ results: [JSONNode], _ services: KernelServices,
        _ transaction: WriteTransaction
    ) throws(CRMError) -> JSONNode {
        let method = operation.method
        let parameters = try operation.parameters.map { node throws(CRMError) in
            try BatchReferences(results).resolved(node)
        }
        try ParameterReading.check(parameters, against: method.parameters)
        let reader = transaction.reader
        var scope = CallScope(
            services: services, method: method, snapshot: services.snapshots.current, reader: reader,
            request: request, arguments: Arguments(parameters), parameters: parameters, caller: caller,
            progress: nil, writer: JSONWriter())
        let work = try method.handler(&scope)
        var writer = JSONWriter()
        switch work {
        case .done: swap(&writer, &scope.writer)
        case .scan(let read): try read(reader, &writer)
        case .write(_, _, let unit): try unit(transaction, &writer)
        case .elsewhere:
            throw CRMError(.invalidParameters, "\(method.name) cannot be part of a batch")
        }
        do throws(JSONError) {
            return try JSONDocument(parsing: writer.finish()).root
        } catch {
            throw CRMError(.internalError, "a result is not JSON", detail: error.description)
        }
    }
}

/// Puts results of earlier operations in the place of `{"$ref": "0.id"}`.
struct BatchReferences {
    private static let word = "$ref"
    /// Of one operation's parameters, references replaced.
    private static let parameterLimitBytes = 1 << 20

    private let results: [JSONNode]

    init(_ results: [JSONNode]) { self.results = results }

    /// - Throws: `invalidParameters` for a reference to what is not there; `limitExceeded` where the parameters grow
    ///   beyond 1 MiB by it.
    func resolved(_ node: JSONNode) throws(CRMError) -> JSONNode {
        guard try hasReference(node) else { return node }
        var writer = JSONWriter()
        try write(node, to: &writer)
        do throws(JSONError) {
            return try JSONDocument(parsing: writer.finish()).root
        } catch {
            throw CRMError(
                .limitExceeded, "the parameters with their references are no JSON that can be read",
                detail: error.description)
        }
    }

    private func hasReference(_ node: JSONNode) throws(CRMError) -> Bool {
        switch node.kind {
        case .object:
            if node[Self.word] != nil { return true }
            for (_, value) in node.members where try hasReference(value) { return true }
        case .array:
            for element in node.elements where try hasReference(element) { return true }
        default: break
        }
        return false
    }

    private func write(_ node: JSONNode, to writer: inout JSONWriter) throws(CRMError) {
        guard writer.bytes.count <= Self.parameterLimitBytes else {
            throw CRMError(.limitExceeded, "the parameters with their references are over the limit of 1 MiB")
        }
        switch node.kind {
        case .object:
            if let reference = node[Self.word] { return writer.raw(try value(of: reference, in: node)) }
            writer.beginObject()
            for (name, value) in node.members {
                writer.key(name)
                try write(value, to: &writer)
            }
            writer.endObject()
        case .array:
            writer.beginArray()
            for element in node.elements { try write(element, to: &writer) }
            writer.endArray()
        default: writer.raw(node)
        }
    }

    private func value(of reference: JSONNode, in object: JSONNode) throws(CRMError) -> JSONNode {
        guard let path = reference.string, object.count == 1 else {
            throw CRMError(
                .invalidParameters, "a reference is {\"$ref\": \"0.id\"}, and nothing beside it")
        }
        let steps = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let index = Int(steps[0]), index >= 0 else {
            throw CRMError(
                .invalidParameters,
                "the reference \"\(path.prefix(80))\" does not begin with an operation's number")
        }
        guard results.indices.contains(index) else {
            throw CRMError(
                .invalidParameters,
                "the reference \"\(path.prefix(80))\" means operation \(index), which has not run before this one"
            )
        }
        var node = results[index]
        for step in steps.dropFirst() {
            let next = node.kind == .array ? Int(step).flatMap { Self.element($0, of: node) } : node[step]
            guard let next else {
                throw CRMError(
                    .invalidParameters,
                    "the reference \"\(path.prefix(80))\" finds no \"\(step.prefix(40))\" in the result of operation \(index)"
                )
            }
            node = next
        }
        return node
    }

    private static func element(_ index: Int, of array: JSONNode) -> JSONNode? {
        guard (0..<array.count).contains(index) else { return nil }
        return array.elements.dropFirst(index).first { _ in true }
    }
}

extension CRMError {
    /// The same refusal, told of one operation of a batch.
    func of(operation index: Int, _ method: String) -> CRMError {
        var error = CRMError(
            kind, "operation \(index) (\(method.prefix(80))): \(message)", hint: hint, detail: detail)
        error.fields = fields
        error.rule = rule
        error.candidates = candidates
        error.duplicates = duplicates
        error.conflict = conflict
        error.index = self.index
        error.retryAfterSeconds = retryAfterSeconds
        error.operation = index
        return error
    }
}
