public import CRMSDK

/// Trading: what is sold and bought (products, services), from whom (vendors), at which price (price books, taxes), and
/// the papers that say so (quotes, orders, invoices, credit notes); what lies in stock.
///
/// This is the table of contents; each line's meaning is in the file of its name. README.md tells it in prose.
public struct InventoryModule: CRMModule {
    public init() {}

    public var manifest: ModuleManifest {
        var manifest = ModuleManifest(
            "inventory", version: "1.0.0", label: "Inventory",
            summary:
                "Products and services, vendors, price books, stock, and the documents of selling and buying."
        )
        manifest.publisher = "CRM"
        manifest.entities =
            [
                Product.definition, Vendor.definition, PriceBook.definition, PriceBookEntry.definition,
                ProductPrice.definition, Tax.definition, Quote.definition, SalesOrder.definition,
                PurchaseOrder.definition,
                Invoice.definition, CreditNote.definition, StockMovement.definition, TradeSettings.definition,
            ] + DocumentKind.all.flatMap(TradeLine.definitions)
        manifest.extensions = [PriceBook.accountFields]
        manifest.relations = Product.relations + Vendor.relations
        manifest.hooks =
            Product.hooks + Vendor.hooks + PriceBook.hooks + PriceBookEntry.hooks + Tax.hooks + Quote.hooks
            + SalesOrder.hooks + PurchaseOrder.hooks + Invoice.hooks + CreditNote.hooks + StockMovement.hooks
            + ProductPrice.hooks + TradeSettings.hooks + DocumentKind.all.flatMap(StockPosting.hooks)
            + Balance.hooks + LeadInterest.hooks
        manifest.linkHooks = Product.linkHooks
        manifest.actions =
            [
                Calculate.action, FindPrice.action, ExplainTotal.action, Purchasing.action,
                PotentialQuote.action, Balance.payment,
            ]
            + Conversion.all.map(\.action)
        manifest.jobs = [RecurringInvoices.job]
        manifest.migrations = Migrations.all
        manifest.fixtures = PrintTemplates.fixtures + Product.fixtures
        return manifest
    }
}
