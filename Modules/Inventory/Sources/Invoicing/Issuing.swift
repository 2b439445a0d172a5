import CRMSDK

/// When an invoice or a credit note leaves the house: it gets its number and its date, and keeps both.
///
/// The numbers of each kind run without gaps and in the order of the dates: a draft has none, and a document is not
/// issued with a date before that of the last one issued.
enum Issuing {
    /// The attribute of the states of documents that were issued.
    static let attribute = "issued"

    static func hooks(_ kind: DocumentKind) -> [Hook] {
        guard let date = kind.issueDate else { return [] }
        return [
            Hook("issue_\(kind.entity)", on: kind.entity, [.beforeCreate, .beforeUpdate]) {
                change, context throws(CRMError) in
                try issue(&change, kind, date, context)
            }
        ]
    }

    private static func issue(
        _ change: inout RecordChange, _ kind: DocumentKind, _ date: String, _ context: any ModuleContext
    ) throws(CRMError) {
        let number = "\(kind.entity)_no"
        let definition = try context.definition(of: kind.entity)
        guard change[number].isNull,
            LifeCycle.state(change, kind.status, in: definition)?.attributes[attribute] == "true"
        else { return }
        let day = change[date].date ?? context.today
        if let last = try lastDate(kind, date, context), day < last {
            throw FieldRules.problem(
                change, date, "a \(kind.label) was issued with the date \(last): this one cannot be earlier")
        }
        change[date] = .date(day)
        change[number] = .text(try context.nextNumber(number, of: kind.entity))
    }

    /// The date of the document of this kind that was issued last.
    static func lastDate(
        _ kind: DocumentKind, _ date: String, _ context: any ModuleContext
    ) throws(CRMError) -> CalendarDate? {
        try context.elevated(reason: "order of numbers") { (context) throws(CRMError) in
            var request = ListRequest(
                kind.entity, where: .where("\(kind.entity)_no", .isNotEmpty), sort: ["-\(date)"], limit: 1)
            request.fields = [date]
            return try context.list(request).first?[date].date
        }
    }
}

extension PicklistValue {
    /// A document in this state has left the house.
    func issued() -> Self { attribute(Issuing.attribute, "true") }
}
