import CRMSDK

/// `inventory.explain_total`: how a document's total came about.
enum ExplainTotal {
    static let action = Action(
        "explain_total", .reads,
        summary: "Every figure of a quote, order, invoice or credit note, with the rule that it came by.",
        description: """
            The figures are computed anew from what the document says, by the arithmetic that stored them. Lines are \
            numbered from 0, as in messages: lines[0] is the first.
            """,
        parameters: [
            Parameter(
                "id", .field(.reference(to: DocumentKind.all.map(\.entity))), "The document.", required: true)
        ],
        result: .object([Parameter("document", .text, "Kind and number.")] + TotalAnswer.members), run)

    @Sendable
    private static func run(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard let id = parameters["id"]?.value.reference else {
            throw CRMError(.invalidParameters, "an explanation needs a document")
        }
        let (kind, record) = try DocumentKind.document(id, context)
        guard let currency = record["currency"].reference else {
            throw CRMError(.forbidden, "the figures of \(kind.label) \(kind.name(record)) are hidden")
        }
        let rates = try DocumentRates(currency: currency, context)
        switch try DocumentSum(rates, { record[$0] }).figures() {
        case .failure(let problems): throw .invalidRecord(kind.entity, problems.list)
        case .success(let figures):
            guard case .object(let members) = TotalAnswer.structure(figures, rates.denomination).content
            else {
                throw CRMError(.internalError, "the figures are no object")
            }
            let name = StructuredValue.value(.text("\(kind.label) \(kind.name(record))"))
            return .object([.init("document", name)] + members)
        }
    }
}

extension DocumentKind {
    /// The document of that id, of whichever kind.
    ///
    /// - Throws: `notFound` where there is none that the caller may view.
    static func document(
        _ id: RecordID, _ context: any ModuleContext
    ) throws(CRMError) -> (DocumentKind, Record) {
        for kind in all {
            do throws(CRMError) {
                return (kind, try context.get(kind.entity, id))
            } catch  where error.kind == .notFound {
                continue
            } catch {
                throw error
            }
        }
        throw .recordNotFound(id, entity: "document")
    }
}
