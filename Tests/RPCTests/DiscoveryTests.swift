import CRMSDK
import JSON
import Testing
import Wire

@testable import RPC

@Suite("Discovery: OpenRPC 1.3")
struct DiscoveryTests {
    /// The members that the public meta-schema (open-rpc/meta-schema) allows in each object.
    private static let allowed: [String: Set<String>] = [
        "document": ["openrpc", "info", "servers", "methods", "components", "externalDocs"],
        "method": [
            "name", "description", "summary", "tags", "paramStructure", "params", "result", "errors", "links",
            "examples", "deprecated", "servers", "externalDocs",
        ],
        "descriptor": ["name", "description", "summary", "schema", "required", "deprecated"],
        "error": ["code", "message", "data"], "tag": ["name", "summary", "description", "externalDocs"],
    ]

    private func document(_ kernel: TestKernel, administrator: Bool = true) throws -> JSONNode {
        let client = try administrator ? kernel.admin() : kernel.endpoint()
        return try #require(try client.call("rpc.discover").result)
    }

    private func check(_ node: JSONNode, is kind: String) {
        for (name, _) in node.members {
            #expect(Self.allowed[kind]?.contains(name) == true, "\(kind).\(name)")
        }
    }

    @Test("has the shape that the meta-schema demands")
    func shape() throws {
        let document = try document(TestKernel())
        check(document, is: "document")
        #expect(document["openrpc"]?.string == "1.3.2")
        #expect(document["info"]?["version"]?.string == "1.2.3")
        var names: Set<String> = []
        for method in document["methods"]?.elements ?? JSONNode.Elements.none {
            check(method, is: "method")
            let isNew = names.insert(method["name"]?.string ?? "").inserted
            #expect(isNew)
            #expect(method["paramStructure"]?.string == "by-name")
            var sawOptional = false
            for parameter in method["params"]?.elements ?? JSONNode.Elements.none {
                check(parameter, is: "descriptor")
                #expect(parameter["schema"]?.kind == .object)
                // Required ones first, as the specification demands.
                let isRequired = parameter["required"]?.bool == true
                #expect(!(isRequired && sawOptional))
                if !isRequired { sawOptional = true }
            }
            if let result = method["result"] {
                check(result, is: "descriptor")
            } else {
                Issue.record("no result")
            }
            for error in method["errors"]?.elements ?? JSONNode.Elements.none { check(error, is: "error") }
            for tag in method["tags"]?.elements ?? JSONNode.Elements.none { check(tag, is: "tag") }
        }
        #expect(names.isSuperset(of: MethodTable.kernelMethods.map(\.name)))
        #expect(names.contains("core.echo"))
    }

    @Test("every reference leads to a schema that is there")
    func references() throws {
        let document = try document(TestKernel())
        var found = 0
        func walk(_ node: JSONNode) {
            if let path = node["$ref"]?.string {
                found += 1
                let parts = path.split(separator: "/").map(String.init)
                #expect(parts.count == 4 && document[parts[1]]?[parts[2]]?[parts[3]] != nil, "\(path)")
            }
            for (_, member) in node.members { walk(member) }
            for element in node.elements { walk(element) }
        }
        walk(document)
        #expect(found > 20)
    }

    @Test("somebody unknown is shown no entity's fields")
    func anonymous() throws {
        let kernel = try TestKernel()
        let schemas = try document(kernel, administrator: false)["components"]?["schemas"]
        #expect(schemas?["account_record"] == nil)
        #expect(schemas?["Money"] != nil)
        #expect(
            try document(kernel)["components"]?["schemas"]?["account_values"]?["properties"]?["account_name"]
                != nil)
    }

    @Test("the page has every method, no script, and nothing from elsewhere")
    func page() throws {
        let kernel = try TestKernel()
        let reply = try kernel.endpoint().reply(.docs)
        let page = String(decoding: reply.body, as: UTF8.self)
        #expect(reply.contentKind == .html)
        for method in MethodTable.kernelMethods { #expect(page.contains("id=\"\(method.name)\"")) }
        #expect(page.contains("id=\"core.echo\""))
        #expect(!page.contains("<script") && !page.contains("http://") && !page.contains("src="))
        #expect(page.contains("default-src 'none'"))
    }
}

extension JSONNode.Elements {
    /// No elements.
    static var none: Self { JSONDocument.empty.root.elements }
}

extension JSONDocument {
    fileprivate static let empty: JSONDocument = {
        guard let document = try? JSONDocument(parsing: "[]") else { preconditionFailure("[] is JSON") }
        return document
    }()
}
