package import CRMSDK

/// What of an entity a principal that is narrowed to a contact reaches: the records that refer to that contact or to
/// their account, and those that belong to such a record. Nothing by default.
package struct CustomerReach: Hashable, Sendable {
    /// Fields that name a contact; `id` for the contact itself.
    package var contactFields: [String] = []
    /// Fields that name an account; `id` for the account itself.
    package var accountFields: [String] = []
    /// Whether all records are for all customers: what is for sale, and answers.
    package var isOpen = false
    /// What a record must say besides.
    package var conditions: [Condition] = []

    package struct Condition: Hashable, Sendable {
        package let field: String
        /// A text is what the field must hold; false is what a switch must not be.
        package let value: Value

        package init(_ field: String, _ value: Value) {
            self.field = field
            self.value = value
        }
    }

    package init() {}

    package init(_ definition: EntityDefinition) {
        isOpen = Self.open.contains(definition.name)
        conditions = Self.shippedConditions[definition.name] ?? []
        switch definition.name {
        case "contact": (contactFields, accountFields) = (["id"], ["account"])
        case "account": accountFields = ["id"]
        default:
            for field in definition.fields where field.type.name == "reference" {
                if field.type.targets.contains("contact") { contactFields.append(field.name) }
                if field.type.targets.contains("account") { accountFields.append(field.name) }
            }
        }
    }

    private static let open: Set = ["product", "service", "faq", "currency"]

    private static let shippedConditions = [
        "faq": [Condition("status", "published"), Condition("audience", "portal")],
        "comment": [Condition("internal", false)],
    ]
}

extension SecuritySnapshot {
    /// The records of an entity that are a customer's, whatever rights there are to them.
    func records(
        of customer: RecordID, _ entity: String, followedFrom path: [String] = []
    ) -> AccessPredicate {
        guard let secured = plans[entity]?.entity else { return .nothing }
        let reach = secured.customers
        var branches: [AccessPredicate] = []
        if reach.isOpen {
            branches.append(.everything)
        } else if !(reach.contactFields + reach.accountFields).isEmpty {
            branches.append(.ofCustomer(customer, entity: entity, reach))
        }
        for (target, field) in secured.belongsTo.sorted(by: { $0.key < $1.key }) {
            // What is said about a product is not said to all of its buyers.
            guard !path.contains(target), target != entity, plans[target]?.entity.customers.isOpen == false
            else {
                continue
            }
            let inner = records(of: customer, target, followedFrom: path + [entity])
            branches.append(.belonging(entity: target, field: field, inner))
        }
        return .allOf([.anyOf(branches)] + reach.conditions.map { .having($0) })
    }
}
