/// What people read in one language: labels of entities, fields, picklist values and sections.
///
/// A text is named by what it labels: `account`, `account/plural`, `account.industry`, `account.industry/help`,
/// `account.industry=banking`, `account#Address` for a section. What many entities share is named without the entity:
/// `.owner`, `.origin=api`, `#Address`. What a table does not have reads in English.
public struct LabelTable: Hashable, Sendable {
    /// BCP 47 in lower case: `de`, `pt-br`.
    public let language: String
    public let texts: [String: String]

    public init(_ language: String, _ texts: [String: String]) {
        self.language = language
        self.texts = texts
    }
}
