import CRMSDK
import Installation
import JSON
import Records
import Storage

/// One way of changing the schema: a row that its method, `schema.plan` and `schema.apply` share, so that what is shown
/// is what will be done.
struct SchemaVerb: Sendable {
    /// The method's name.
    let name: String
    let summary: String
    let description: String
    let parameters: [Parameter]
    let example: Method.Example?
    /// Reads the parameters, which were held against the row before.
    let read: @Sendable (Arguments) throws(CRMError) -> SchemaChange

    init(
        _ name: String, _ summary: String, _ description: String = "", _ parameters: [Parameter],
        example: Method.Example? = nil,
        read: @escaping @Sendable (Arguments) throws(CRMError) -> SchemaChange
    ) {
        self.name = name
        self.summary = summary
        self.description = description
        self.parameters = parameters
        self.example = example
        self.read = read
    }

    static let all: [SchemaVerb] = entities + fields + picklists + sections + labels

    /// One unit of work; a dry run is the plan, which only reads.
    var method: Method {
        Method(
            name, needs: .administrator, .writes, summary, description,
            parameters: parameters + [RecordMethods.dryRun], result: SchemaJSON.answer,
            errors: [.duplicate, .limitExceeded], example: example
        ) { scope throws(CRMError) in
            let change = try read(scope.arguments)
            let (call, installation) = (try scope.context(), scope.services.installation)
            guard case .commit = scope.mode else {
                return .scan { reader, writer throws(CRMError) in
                    SchemaJSON.write(try installation.plan(call, [change], on: reader), to: &writer)
                }
            }
            return .write(.commit) { transaction, writer throws(CRMError) in
                SchemaJSON.write(try installation.apply(call, [change], in: transaction), to: &writer)
            }
        }
    }

    // MARK: Parameters that several share

    static let entity = Parameter("entity", .text(maximumLength: 60), "The entity's name.", required: true)
    static let field = Parameter("field", .text(maximumLength: 60), "The field's name.", required: true)
    static let label = Parameter("label", .text(maximumLength: 100), "What people read.")
    static let before = Parameter(
        "before", .text(maximumLength: 100), "In front of which; at the end where not given.")

    static func names(_ name: String, _ summary: String, required: Bool = true) -> Parameter {
        Parameter(name, .list(of: .text(maximumLength: 100)), summary, required: required)
    }
}

extension Arguments {
    /// The field that `entity` and `field` name, or another pair of parameters.
    func fieldName(_ field: String = "field") throws(CRMError) -> FieldName {
        FieldName(try text("entity"), try text(field))
    }
}
