import CRMSDK
import JSON
import Testing

@testable import RPC

@Suite("Methods: the schema")
struct SchemaMethodTests {
    private static let changes = #"""
        [{"method":"entity.create","params":{"name":"x_site","label":"Site","plural_label":"Sites",
        "number_pattern":"SITE000","sections":["Main","More"]}},
        {"method":"field.create","params":{"entity":"x_site","name":"x_year","type":"text","section":"More"}}]
        """#

    private func made() throws -> TestClient {
        let client = try TestKernel().admin()
        let planned = try client.call("schema.plan", #"{"changes":\#(Self.changes)}"#)
        let plan = try #require(planned.result?["plan"]?.string, "\(planned.message ?? "")")
        let applied = try client.call("schema.apply", #"{"changes":\#(Self.changes),"plan":"\#(plan)"}"#)
        #expect(applied.result?["steps"]?.text == planned.result?["steps"]?.text, "\(applied.message ?? "")")
        return client
    }

    @Test("what was planned is applied, once, and only as it was planned")
    func planned() throws {
        let client = try TestKernel().admin()
        let plan = try #require(
            try client.call("schema.plan", #"{"changes":\#(Self.changes)}"#).result?["plan"]?.string)
        let others = Self.changes.replacing("SITE000", with: "S000")
        #expect(try client.call("schema.apply", #"{"changes":\#(others),"plan":"\#(plan)"}"#).code == -32005)
        #expect(try client.call("record.list", #"{"entity":"x_site"}"#).code == -32602)
        let apply = #"{"changes":\#(Self.changes),"plan":"\#(plan)"}"#
        #expect(try client.call("schema.apply", apply).result != nil)
        #expect(try client.call("schema.apply", apply).code == -32005)
    }

    @Test("a custom entity is there for records, filters, descriptions and the document of methods")
    func entity() throws {
        let client = try made()
        let created = try client.call(
            "record.create", #"{"entity":"x_site","values":{"x_name":"North","x_year":"1998"}}"#)
        #expect(created.result != nil, "\(created.message ?? "")")
        let found = try client.call(
            "record.list",
            #"{"entity":"x_site","filter":["x_name","starts with","no"],"fields":["x_number"]}"#)
        #expect(found.result?["records"]?.elements.first { _ in true }?["x_number"]?.string == "SITE001")
        let described = try #require(try client.call("entity.describe", #"{"name":"x_site"}"#).result)
        #expect(
            described["sections"]?.text
                == #"[{"key":"Main","label":"Main","fields":["x_number","x_name"]},{"key":"More","label":"More","fields":["x_year"]}]"#
        )
        #expect(try client.call("rpc.discover").result?.text.contains("x_site") == true)
    }

    @Test(
        "whoever uses a field's former name is told the new one",
        arguments: [
            ("record.list", #""filter":["x_year","=","1998"]"#), ("record.list", #""fields":["x_year"]"#),
            ("record.list", #""sort":["-x_year"]"#), ("record.aggregate", #""group_by":["x_year"]"#),
            ("record.aggregate", #""measures":[{"op":"max","field":"x_year"}]"#),
            ("field.update", #""name":"x_year","label":"Year""#),
        ])
    func renamed(_ method: String, _ parameters: String) throws {
        let client = try made()
        // Nearer to what is written, but not what was meant.
        try client.call("field.create", #"{"entity":"x_site","name":"x_years","type":"text"}"#)
        try client.call("field.rename", #"{"entity":"x_site","name":"x_year","new_name":"x_built"}"#)
        let refused = try client.call(method, #"{"entity":"x_site",\#(parameters)}"#)
        #expect(refused.data?["hint"]?.string == #"Did you mean "x_built"?"#, "\(refused.message ?? "")")
    }

    @Test(
        "the key of a value is made of its label, letters with marks and without; of other scripts it is asked for"
    )
    func keysOfLabels() throws {
        let client = try made()
        let list =
            #"{"entity":"x_site","name":"x_kind","type":"picklist","values":[{"label":"Łódź – Süd"},{"label":"Straße"}]}"#
        #expect(try client.call("field.create", list).result != nil)
        let described = try client.call("entity.describe", #"{"name":"x_site"}"#).result
        let field = described?["fields"]?.elements.first { $0["name"]?.string == "x_kind" }
        #expect(field?["values"]?.elements.compactMap { $0["key"]?.string } == ["lodz_sud", "strasse"])
        func add(_ value: String) throws -> String? {
            try client.call("picklist.add", #"{"entity":"x_site","field":"x_kind","values":[\#(value)]}"#)
                .message
        }
        #expect(try add(#"{"label":"東京"}"#)?.contains(#"the label "東京" makes no key"#) == true)
        #expect(try add(#"{"label":"東京","key":"tokyo"}"#) == nil)
    }

    @Test("a dry run answers the plan and changes nothing")
    func dryRun() throws {
        let client = try made()
        try client.call("record.create", #"{"entity":"x_site","values":{"x_name":"North","x_year":"old"}}"#)
        let change = #"{"entity":"x_site","name":"x_year","type":"integer","dry_run":true}"#
        let answer = try client.call("field.change_type", change)
        let finding = try #require(answer.result?["findings"]?.elements.first { _ in true })
        #expect(finding["code"]?.string == "does_not_convert")
        #expect(finding["records"]?.elements.first { _ in true }?["value"]?.string == "old")
        #expect(try client.call("schema.tasks").result?["tasks"]?.count == 0)
        let refused = try client.call("field.change_type", change.replacing(#","dry_run":true"#, with: ""))
        #expect(refused.code == -32602)
        #expect(try client.call("schema.tasks").result?["tasks"]?.count == 0)
    }

    @Test("labels are in the language of the caller's user")
    func language() throws {
        let client = try made()
        try client.call("record.update", #"{"id":3,"values":{"language":"de-CH"}}"#)
        try client.call(
            "label.set",
            #"{"entity":"x_site","language":"de","label":"Standort","plural_label":"Standorte"}"#)
        try client.call(
            "label.set", #"{"entity":"x_site","section":"Main","language":"de","label":"Allgemein"}"#)
        let site = try client.call("entity.describe", #"{"name":"x_site"}"#).result
        #expect(site?["label"]?.string == "Standort")
        #expect(site?["sections"]?.elements.first { _ in true }?["label"]?.string == "Allgemein")
        let account = try #require(try client.call("entity.describe", #"{"name":"account"}"#).result)
        #expect(account["plural_label"]?.string == "Firmen")
        let industry = account["fields"]?.elements.first { $0["name"]?.string == "industry" }
        #expect(industry?["label"]?.string == "Branche")
        #expect(
            industry?["values"]?.elements.first { $0["key"]?.string == "banking" }?["label"]?.string
                == "Banken")
    }

    @Test(
        "a change that cannot be read is refused with its place",
        arguments: [
            (#"[{"method":"field.crate","params":{}}]"#, "changes[0]"),
            (#"[{"method":"field.delete","params":{"entity":"account"}}]"#, "changes[0].params"),
            (#"[{"method":"record.delete","params":{"id":1}}]"#, "does not change the schema"),
            ("[]", "1 to 200"),
        ])
    func unreadable(_ changes: String, _ says: String) throws {
        let answer = try TestKernel().admin().call("schema.plan", #"{"changes":\#(changes)}"#)
        #expect(answer.message?.contains(says) == true, "\(answer.message ?? "")")
    }
}
