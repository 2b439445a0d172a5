package import CRMSDK

/// One row of the table of methods: what dispatch, checks, `rpc.discover` and the documentation read.
package struct Method: Sendable {
    /// Who may call it at all; what they may then do with which record is decided deeper.
    package enum Need: Sendable {
        case nothing
        /// Somebody who is known.
        case session
        case administrator
        /// The administrators' socket, or an administrator: about the machine rather than the company.
        case machine
    }

    package enum Effect: Sendable {
        case none, reads, writes
    }

    /// Runs on the thread that read the request. What takes longer is given back as `Work`.
    package typealias Handler = @Sendable (inout CallScope) throws(CRMError) -> Work

    package let name: String
    package let need: Need
    package let effect: Effect
    package let parameters: [Parameter]
    package let result: ParameterType
    /// What a client must expect beside what any call may answer.
    package let errors: [CRMError.Kind]
    /// One line.
    package let summary: String
    /// Whole sentences; empty where the summary says it all.
    package let description: String
    /// Parameters and result of one call, as JSON, for the documentation; nil where the names say it.
    package let example: Example?
    package let handler: Handler

    package struct Example: Sendable {
        package let parameters: String
        package let result: String
    }

    package init(
        _ name: String, needs need: Need, _ effect: Effect, _ summary: String, _ description: String = "",
        parameters: [Parameter] = [], result: ParameterType = .object([]), errors: [CRMError.Kind] = [],
        example: Example? = nil, _ handler: @escaping Handler
    ) {
        self.name = name
        self.need = need
        self.effect = effect
        // What can be tried without effect can be repeated without effect.
        let isRepeatable = parameters.contains { $0.name == "dry_run" }
        self.parameters = isRepeatable ? parameters + [IdempotentCall.parameter] : parameters
        self.result = result
        self.errors = errors
        self.summary = summary
        self.description = description
        self.example = example
        self.handler = handler
    }
}
