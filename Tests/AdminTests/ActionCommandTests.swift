import Admin
import JSON
import Testing

@Suite("Actions of modules as commands")
struct ActionCommandTests {
    private static let document = """
        {"methods": [
        {"name": "record.get", "params": [{"name": "id", "required": true, "schema": {"type": "integer"}}]},
        {"name": "sales.convert_lead", "params": [{"name": "lead", "required": true, "schema": {"type": "integer"}},
          {"name": "dry_run", "schema": {"type": "boolean"}}]},
        {"name": "inventory.quote_to_order", "summary": "Makes an order.", "description": "Takes what remains.",
          "params": [{"name": "quote", "required": true, "schema": {"type": "integer"}},
          {"name": "lines", "summary": "Some lines only.", "schema": {"type": "array"}}, {"name": "force", "schema": {"type": "boolean"}},
          {"name": "dry_run", "schema": {"type": "boolean"}}]},
        {"name": "inventory.order_to_invoice", "params": [
          {"name": "sales_order", "required": true, "schema": {"type": "integer"}}]},
        {"name": "inventory.record_payment", "params": [
          {"name": "invoice", "required": true, "schema": {"type": "integer"}},
          {"name": "amount", "schema": {"type": "string"}}]},
        {"name": "inventory.find_price", "params": [
          {"name": "item", "required": true, "schema": {"type": "integer", "title": "id of product"}},
          {"name": "currency", "required": true, "schema": {"type": "integer", "title": "id of currency"}}]},
        {"name": "sales.win_rate", "params": [{"name": "by", "schema": {"type": "string"}}]},
        {"name": "inventory.explain_total", "params": [{"name": "id", "required": true, "schema": {"type": "integer"}}]}
        ]}
        """

    private func driver() -> ConsoleDriver {
        let driver = ConsoleDriver()
        driver.kernel.answers["rpc.discover"] = [Self.document]
        for method in [
            "sales.convert_lead", "inventory.quote_to_order", "inventory.order_to_invoice",
            "inventory.record_payment", "inventory.explain_total", "sales.win_rate", "inventory.find_price",
        ] {
            driver.kernel.answers[method] = ["{\"ids\": [18]}"]
        }
        return driver
    }

    @Test(
        "noun, verb and id become the call",
        arguments: [
            ("quote to-order 17", "inventory.quote_to_order", "{\"quote\":17}"),
            ("quote to-order 17 --dry-run", "inventory.quote_to_order", "{\"dry_run\":true,\"quote\":17}"),
            ("quote to-order 17 force=true", "inventory.quote_to_order", "{\"quote\":17,\"force\":true}"),
            ("sales-order to-invoice 5", "inventory.order_to_invoice", "{\"sales_order\":5}"),
            ("sales_order to-invoice 5", "inventory.order_to_invoice", "{\"sales_order\":5}"),
            ("lead convert 3", "sales.convert_lead", "{\"lead\":3}"),
            (
                "invoice record-payment 9 amount=40.00", "inventory.record_payment",
                "{\"invoice\":9,\"amount\":\"40.00\"}"
            ),
            ("invoice explain-total 9", "inventory.explain_total", "{\"id\":9}"),
            ("product find-price 7 currency=2", "inventory.find_price", "{\"item\":7,\"currency\":2}"),
            ("sales win-rate", "sales.win_rate", "{}"),
            ("sales win-rate by=team", "sales.win_rate", "{\"by\":\"team\"}"),
        ])
    func calls(_ line: String, _ method: String, _ params: String) {
        let driver = driver()
        #expect(driver.run(line.split(separator: " ").map(String.init)) == .done)
        #expect(driver.kernel.calls.last == .init(method: method, params: params))
    }

    @Test(
        "what cannot be called is refused and nothing is called",
        arguments: [
            ("quote to-ordre 17", "there is no command \"quote to-ordre\""),
            ("quote get 17", "there is no command \"quote get\""),
            ("quote to-order", "quote to-order lacks ID"),
            ("quote to-order seventeen", "\"seventeen\" does not say which quote it is"),
            ("quote to-order 17 forse=true", "has no parameter \"forse\""),
            ("quote to-order 17 force=perhaps", "must be boolean"),
            ("invoice explain-total 9 --dry-run", "has no dry run"),
            ("dragon", "there is no command \"dragon\""),
            ("dragon --help", "there is no command \"dragon\""),
            ("quote to-ordre --help", "there is no command \"quote to-ordre\""),
        ])
    func refusals(_ line: String, _ message: String) {
        let driver = driver()
        #expect(driver.run(line.split(separator: " ").map(String.init)) == .usage)
        #expect(driver.streams.errors.contains(message), "\(driver.streams.errors)")
        #expect(driver.kernel.calls.allSatisfy { $0.method == "rpc.discover" })
    }

    @Test("a dry run of a change of the schema that would be refused ends as the run would")
    func refusedChange() {
        let driver = ConsoleDriver()
        driver.kernel.answers["field.change_type"] = [
            #"{"steps":[],"findings":[{"weight":"refusal","code":"unfit","message":"1 value does not fit","records":[]}],"notes":[],"tasks":[]}"#
        ]
        let words = ["field", "change-type", "account", "x_year", "integer", "--dry-run"]
        #expect(driver.run(words) == .failed)
        #expect(driver.streams.output.contains("1 value does not fit"), "\(driver.streams.output)")
        #expect(driver.streams.errors.contains("x_year integer cannot be done"))
        #expect(!driver.streams.errors.contains("done\n"))
    }

    @Test(
        "a noun alone, or with --help, lists its commands; a command with --help is explained",
        arguments: [
            ("quote", ["  quote to-order       Makes an order.", "  quote explain-total"]),
            ("quote --help", ["quote to-order"]), ("sales --help", ["sales win-rate", "lead convert"]),
            ("inventory", ["quote to-order", "sales-order to-invoice", "product find-price"]),
            (
                "quote to-order --help",
                [
                    "quote to-order: Makes an order.",
                    "usage: crm-admin quote to-order ID|FIELD:VALUE [NAME=VALUE …] [--dry-run]",
                    "Takes what remains.", "  lines:=JSON  Some lines only.", "  force=VALUE",
                ]
            ),
        ])
    func help(_ line: String, _ expected: [String]) {
        let driver = driver()
        #expect(driver.run(line.split(separator: " ").map(String.init)) == .done)
        for text in expected { #expect(driver.streams.output.contains(text), "\(driver.streams.output)") }
        #expect(driver.kernel.calls.map(\.method) == ["rpc.discover"])
    }
}
