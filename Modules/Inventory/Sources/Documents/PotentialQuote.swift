import CRMSDK

/// `inventory.potential_to_quote`: an offer for a deal, where the Sales module is enabled.
enum PotentialQuote {
    static let action = Action(
        "potential_to_quote", .writes,
        summary: "Makes a quote for a potential's account and contact, with a line for each of its products.",
        description: """
            Subject, account, contact, currency and owner are the potential's. Where the deal is with a contact, the \
            quote goes to the contact's account. Without a list of products, the active ones that are linked with \
            the potential are taken.
            """,
        parameters: [
            Parameter("potential", .id(of: "potential"), "The deal.", required: true),
            Parameter(
                "products", .list(of: .id(of: "product")),
                "One line each, quantity 1, at list price; those linked unless given."),
            Parameter("values", .values(of: "quote"), "Fields of the quote, over those copied."),
        ],
        result: Conversion.result, requires: AccessRight(.create, "quote"), run)

    @Sendable
    private static func run(
        _ parameters: StructuredValue, _ context: any ModuleContext
    ) throws(CRMError) -> StructuredValue {
        guard context.hasEntity("potential") else {
            throw CRMError(
                .notFound, "there are no potentials here", hint: "Enable the module \"sales\".")
        }
        guard let id = parameters["potential"]?.value.reference else {
            throw CRMError(.invalidParameters, "an offer needs a potential")
        }
        let potential = try context.get("potential", id)
        var values: [String: Value] = [
            "subject": potential["potential_name"], "potential": .reference(id),
            "contact": potential["contact"], "owner": potential["owner"], "currency": potential["currency"],
        ]
        try party(potential, &values, context)
        if (values["currency"] ?? .null).isNull {
            values["currency"] = try Currency.base(context).map { .reference($0.id) }
        }
        let products: [Value]
        if let named = parameters["products"] {
            products = named.elements.map(\.value)
        } else {
            products = try linked(with: id, context)
        }
        let lines = products.map { product in
            Line(["item": product, "quantity": .decimal(FixedDecimal(units: 10_000, scale: 4))])
        }
        if !lines.isEmpty { values[TradeLine.field] = .lines(lines) }
        values.merge(parameters["values"]?.fields ?? [:]) { $1 }
        return Conversion.answer(
            "quote", [try context.create("quote", values.filter { !$0.value.isNull }).id])
    }

    private static func linked(
        with potential: RecordID, _ context: any ModuleContext
    ) throws(CRMError) -> [Value] {
        let request = RelatedRequest(
            "product_potential", where: .where("active", .equal, true), sort: ["product_name"], limit: 1000)
        return try context.related(potential, request).map { .reference($0.record.id) }
    }

    /// A deal is with an account, or with a contact: then the offer goes to the contact's account.
    private static func party(
        _ potential: Record, _ values: inout [String: Value], _ context: any ModuleContext
    ) throws(CRMError) {
        guard let party = potential["related_to"].reference else { return }
        do throws(CRMError) {
            values["account"] = .reference(try context.get("account", party).id)
        } catch  where error.kind == .notFound {
            let contact = try context.get("contact", party)
            values["contact"] = .reference(contact.id)
            values["account"] = contact["account"]
        } catch {
            throw error
        }
    }
}
