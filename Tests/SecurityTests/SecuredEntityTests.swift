import CRMSDK
import Security
import Testing

@Suite("Entities as Security sees them")
struct SecuredEntityTests {
    @Test("a quote gets its parents, its sharing and what nobody writes from its definition")
    func quote() {
        let entity = SecuredEntity(
            EntityDefinition(
                "quote", label: "Quote", plural: "Quotes",
                fields: [
                    .autonumber("quote_no", "Number", "QUO00000"),
                    .text("subject", "Subject").mandatory(),
                    .text("stage", "Stage").mandatory().defaulting(to: "created"),
                    .reference("account", "Account", to: "account"),
                    .reference("potential", "Potential", to: "potential"),
                ]
            ).sharing(.private))
        #expect(entity.parentFields == ["account": "account", "potential": "potential"])
        #expect(entity.sharing == .private && entity.isShareable && !entity.isAdministrative)
        #expect(entity.readOnlyFields == ["quote_no"])
        #expect(entity.mandatoryFields == ["subject"])
        #expect(entity.sharingFollows == nil && entity.belongsTo.isEmpty)
    }

    @Test("a ticket takes rights from an account, never from a contact")
    func ticket() {
        let fields: [FieldDefinition] = [.reference("related_to", "Related to", to: "account", "contact")]
        let entity = SecuredEntity(
            EntityDefinition("ticket", label: "Ticket", plural: "Tickets", fields: fields))
        #expect(entity.parentFields == ["account": "related_to"])
    }

    @Test("contact follows account; a way without its field is none")
    func contact() {
        let contact = SecuredEntity(
            EntityDefinition("contact", label: "Contact", plural: "Contacts", fields: []))
        #expect(contact.sharingFollows == "account")
        let invoice = SecuredEntity(
            EntityDefinition(
                "invoice", label: "Invoice", plural: "Invoices",
                fields: [.reference("account", "Account", to: "vendor"), .text("sales_order", "Order")]))
        #expect(invoice.parentFields.isEmpty)
    }

    @Test("a task is seen with what it belongs to")
    func task() {
        let fields: [FieldDefinition] = [
            .reference("related_to", "Related to", to: "account", "lead"),
            .reference("contact", "Contact", to: "contact"),
        ]
        let entity = SecuredEntity(EntityDefinition("task", label: "Task", plural: "Tasks", fields: fields))
        #expect(entity.belongsTo == ["account": "related_to", "lead": "related_to"])
    }
}
